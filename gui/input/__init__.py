"""Input of notes and controls: MIDI, OSC, computer keys."""
