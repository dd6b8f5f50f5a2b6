"""Instruments for samplers: a neutral description of an instrument, and a writer for each format."""
