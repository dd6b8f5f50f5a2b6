"""Voices that an inverter plays frame by frame."""
