"""State of the desktop: session, sound, pad, path, presets, recordings; knows no Qt."""
