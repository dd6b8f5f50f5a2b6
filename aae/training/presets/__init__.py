"""The shipped training presets, one TOML file each."""
