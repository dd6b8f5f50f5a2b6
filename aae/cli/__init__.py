"""The command line: one file a command; the entry point is `aae.cli.app:main`."""
