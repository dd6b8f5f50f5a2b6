"""The same transform as `Spectrogram`, for one waveform again and again: its arrays are made once."""

import torch
from torch import Tensor

from mcnn.spectral.config import SpectrogramConfig


class OverlapAdd:
    """Short-time Fourier transform and its least-squares inverse at a fixed length, without new memory.

    Spectra are frame-major, `(frames, bins)`, scaled as `Spectrogram` scales them.
    `synthesise(analyse(waveform))` is the waveform.

    Args:
        config: The front end's settings.
        n_frames: Number of frames; waveforms are `n_frames * hop_length` samples.
    """

    def __init__(self, config: SpectrogramConfig, n_frames: int) -> None:
        hop_length, n_fft = config.hop_length, config.n_fft
        window = torch.hann_window(n_fft)
        self.n_frames = n_frames
        self.overlap = n_fft // hop_length
        self.spectrum = torch.empty(n_frames, config.n_bins, dtype=torch.complex64)
        self._frames = torch.empty(n_frames, n_fft)
        self._slots = torch.zeros(n_frames - 1 + self.overlap, hop_length)
        self._padded = self._slots.view(-1)
        self._inside = slice(n_fft // 2, n_fft // 2 + n_frames * hop_length)
        self._views = self._padded.unfold(0, n_fft, hop_length)
        scale = 4.0 / n_fft
        self._analysis = window * scale
        self._frames[:] = window.square()
        self._add_up()
        self._gain = 1.0 / (scale * self._padded[self._inside])
        self._synthesis = window

    def analyse(self, waveform: Tensor) -> Tensor:
        """Spectrum `(frames, bins)` of `(samples,)`; the next call overwrites it."""
        self._padded.zero_()
        self._padded[self._inside] = waveform
        torch.mul(self._views, self._analysis, out=self._frames)
        torch.fft.rfft(self._frames, out=self.spectrum)
        return self.spectrum

    def synthesise(self, spectrum: Tensor) -> Tensor:
        """Waveform `(samples,)` whose spectrum is nearest to `spectrum`, `(frames, bins)`."""
        torch.fft.irfft(spectrum, n=self._frames.shape[1], out=self._frames)
        self._frames *= self._synthesis
        self._add_up()
        return self._padded[self._inside] * self._gain

    def _add_up(self) -> None:
        self._padded.zero_()
        parts = self._frames.view(self.n_frames, self.overlap, -1)
        for k in range(self.overlap):
            self._slots[k : k + self.n_frames] += parts[:, k]
