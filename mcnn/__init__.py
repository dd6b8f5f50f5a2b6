"""The ground floor: waveform to log-mel spectrogram and back. It knows nothing of notes, models or screens."""
