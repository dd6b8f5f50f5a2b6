"""The grain of noise: how it fluctuates in a log-mel whose decoder puts out its mean."""

import torch
from torch import Tensor

from mcnn.spectrogram import Spectrogram

GRAIN_FRAMES = 2048
"""Frames of recorded noise; each note takes a stretch of them."""


class NoiseGrain:
    """Gives the noisy share of log-mels the grain that noise has.

    Args:
        spectrogram: The front end.
    """

    def __init__(self, spectrogram: Spectrogram) -> None:
        self._spectrogram = spectrogram
        n_samples = GRAIN_FRAMES * spectrogram.config.hop_length
        white = torch.randn(1, n_samples, generator=torch.Generator().manual_seed(0))
        mel = spectrogram.mel(spectrogram.magnitude(white))[0]
        self.fluctuation = mel / mel.log().mean(1, keepdim=True).exp()
        """`(mels, GRAIN_FRAMES)`, of geometric mean 1."""

    def add(self, log_mel: Tensor, noise: Tensor, start: int) -> Tensor:
        """A log-mel with grain, `(mels, frames)`.

        Args:
            log_mel: `(mels, frames)`.
            noise: As `log_mel`, the share of the magnitude that is noise.
            start: Which stretch of the recorded noise it takes: one of `n_starts`.
        """
        grain = self.fluctuation[:, start : start + log_mel.shape[1]]
        return self._spectrogram.compress(self._spectrogram.expand(log_mel) * (1 + noise * (grain - 1)))

    def n_starts(self, frames: int) -> int:
        """How many stretches of so many frames there are."""
        return GRAIN_FRAMES - frames + 1
