"""The front end: waveform to log-mel spectrogram and back to magnitudes."""
