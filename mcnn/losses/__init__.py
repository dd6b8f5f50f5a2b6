"""Distances and discriminators of waveforms."""
