"""The only short-time Fourier front end: waveform to log-mel, the same for every caller.

Conventions: `(batch, samples)` in, `(batch, bins, frames)` or `(batch, mels, frames)` out. Magnitudes are
scaled so that a sinusoid of amplitude 1 has magnitude 1 at its peak. Frame `t` is centred on sample `t *
hop_length`; `n` samples give `ceil(n / hop_length)` frames, with silence assumed on both sides.
"""

import math

import librosa
import torch
from torch import Tensor, nn

from mcnn.spectral.config import SpectrogramConfig

SILENT_MEL = 1e-3
"""Mel magnitudes below this part of the log floor are rounding errors of silence."""


class Spectrogram(nn.Module):
    """Waveform to complex, magnitude, mel and log-mel spectrogram. Batched and differentiable.

    Args:
        config: The front end's settings.
    """

    window: Tensor
    mel_filters: Tensor

    def __init__(self, config: SpectrogramConfig) -> None:
        super().__init__()
        self.config = config
        filters = librosa.filters.mel(
            sr=config.sample_rate, n_fft=config.n_fft, n_mels=config.n_mels, htk=False, norm=None
        )
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)
        self.register_buffer("mel_filters", torch.from_numpy(filters), persistent=False)

    @property
    def scale(self) -> float:
        """Factor that brings a unit sinusoid's peak to magnitude 1."""
        return 4.0 / self.config.n_fft

    def n_frames(self, n_samples: int) -> int:
        """Frames that `n_samples` samples make."""
        return -(-n_samples // self.config.hop_length)

    def stft(self, waveform: Tensor) -> Tensor:
        """Complex spectrogram.

        Args:
            waveform: `(batch, samples)`.

        Returns:
            `(batch, bins, frames)`, complex.
        """
        n_frames = self.n_frames(waveform.shape[-1])
        padding = n_frames * self.config.hop_length - waveform.shape[-1]
        transformed = torch.stft(
            nn.functional.pad(waveform, (0, padding)),
            self.config.n_fft,
            self.config.hop_length,
            window=self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        return transformed[..., :n_frames] * self.scale

    def istft(self, spectrum: Tensor, n_samples: int | None = None) -> Tensor:
        """Waveform whose complex spectrogram is nearest to `spectrum` in the least-squares sense.

        Args:
            spectrum: `(batch, bins, frames)`, complex.
            n_samples: Length to return; `frames * hop_length` if not given.

        Returns:
            `(batch, samples)`.
        """
        length = spectrum.shape[-1] * self.config.hop_length
        waveform = torch.istft(
            spectrum / self.scale,
            self.config.n_fft,
            self.config.hop_length,
            window=self.window,
            center=True,
            length=length,
        )
        return waveform if n_samples is None else waveform[..., :n_samples]

    def magnitude(self, waveform: Tensor) -> Tensor:
        """Linear magnitudes `(batch, bins, frames)` of `(batch, samples)`."""
        return self.stft(waveform).abs()

    def mel(self, magnitude: Tensor) -> Tensor:
        """Mel magnitudes `(batch, mels, frames)` of linear magnitudes `(batch, bins, frames)`."""
        return torch.matmul(self.mel_filters, magnitude)

    def compress(self, mel: Tensor) -> Tensor:
        """Log-mel of mel magnitudes: `log10(mel + log_floor)`."""
        return torch.log10(mel + self.config.log_floor)

    def expand(self, log_mel: Tensor) -> Tensor:
        """Mel magnitudes of a log-mel; the inverse of `compress`, never negative."""
        return (torch.exp(math.log(10.0) * log_mel) - self.config.log_floor).clamp_min(0.0)

    def audible_mel(self, log_mel: Tensor) -> Tensor:
        """Mel magnitudes of log-mels for inverters: on the CPU, without gradients, exactly 0 where silent."""
        mel = self.expand(log_mel.detach().float().cpu())
        return torch.where(mel < SILENT_MEL * self.config.log_floor, 0.0, mel)

    def forward(self, waveform: Tensor) -> Tensor:
        """Log-mel spectrogram `(batch, mels, frames)` of `(batch, samples)`."""
        return self.compress(self.mel(self.magnitude(waveform)))
