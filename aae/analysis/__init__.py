"""What can be measured of a recorded note: pitch, bounds, onset, attack, modulation, loudness, defects."""
