"""The grain of noise: how it fluctuates in a log-mel whose decoder puts out its mean."""

import torch
from torch import Tensor, nn

from mcnn.spectrogram import Spectrogram

GRAIN_FRAMES = 2048
"""Frames of recorded noise; each note takes a stretch of them."""


class NoiseGrain(nn.Module):
    """Gives the noisy share of log-mels the grain that noise has.

    Args:
        spectrogram: The front end.
    """

    fluctuation: Tensor

    def __init__(self, spectrogram: Spectrogram) -> None:
        super().__init__()
        self.spectrogram = spectrogram
        n_samples = GRAIN_FRAMES * spectrogram.config.hop_length
        white = torch.randn(1, n_samples, generator=torch.Generator().manual_seed(0))
        mel = spectrogram.mel(spectrogram.magnitude(white))[0]
        # of geometric mean 1, (mels, GRAIN_FRAMES)
        self.register_buffer("fluctuation", mel / mel.log().mean(1, keepdim=True).exp(), persistent=False)

    def forward(self, log_mel: Tensor, noise: Tensor, starts: Tensor) -> Tensor:
        """Log-mels with grain; gradients flow through the levels.

        Args:
            log_mel: `(batch, mels, frames)`.
            noise: As `log_mel`, the share of the magnitude that is noise.
            starts: `(batch,)`, which stretch of the recorded noise each takes: up to `n_starts` of them.
        """
        frames = torch.arange(log_mel.shape[2], device=log_mel.device)
        grain = self.fluctuation[:, starts[:, None] + frames].transpose(0, 1)
        return self.spectrogram.compress(self.spectrogram.expand(log_mel) * (1 + noise * (grain - 1)))

    def n_starts(self, frames: int) -> int:
        """How many stretches of so many frames there are."""
        return GRAIN_FRAMES - frames + 1
