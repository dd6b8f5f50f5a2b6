"""The ground floor: waveform to log-mel spectrogram and back. Knows nothing of notes, models or screens."""
