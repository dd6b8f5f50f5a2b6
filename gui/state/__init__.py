"""What the desktop holds: session, sound, pad, path, presets, recordings; knows no Qt."""
