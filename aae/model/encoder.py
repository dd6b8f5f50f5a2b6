"""The encoder, E(x) → z: unconditioned, so that the latent space is the same for every label.

Axes: log-mels are `(batch, mels, frames)`, latents `(batch, latent)`, masks `(batch, frames)`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aae.model.config import ModelConfig
from mcnn.spectral.config import SpectrogramConfig

LOG_VARIANCE_RANGE = (-10.0, 3.0)
"""Lowest and highest log variance of a take."""
INITIAL_LOG_VARIANCE = -4.0
"""Log variance of takes before training: low, or the decoder would learn to ignore the take as noise."""


@dataclass  # not frozen: Lightning Fabric converts the tensors of what passes through a model
class Encoding:
    """The latents of a batch of notes, and the takes of models that have them."""

    latent: Tensor
    """`(batch, latent)`."""
    take: Tensor | None = None
    """`(batch, take)`, means of the takes; None where the model has none."""
    take_log_variance: Tensor | None = None
    """`(batch, take)`, log variance of the takes."""


class Encoder(nn.Module):
    """Log-mel to latent; unconditioned, blind to frames beyond the note's end and to the rest of the batch.

    The paper's encoder has batch normalisation. Here batches hold notes of like length, so their statistics
    describe the batch rather than the library, and latents in use differed from those in training
    (`aae/README.md`). So each frame is normalised by itself.

    Args:
        config: Width and latent size.
        spectrogram: The front end.
    """

    def __init__(self, config: ModelConfig, spectrogram: SpectrogramConfig) -> None:
        super().__init__()
        width = config.encoder_width
        self.entry = nn.Conv1d(spectrogram.n_mels, width, 5, 2, 2)
        self.entry_norm = FrameNorm(width)
        self.stages = nn.ModuleList(_EncoderStage(width, stride) for stride in (1, 2, 2))
        self.exit = nn.Sequential(
            nn.Linear(3 * width, 2 * width),
            nn.LayerNorm(2 * width),
            nn.GELU(),
            nn.Linear(2 * width, config.latent_size),
        )
        self.take_exit = nn.Linear(2 * width, 2 * config.take_size) if config.take_size else None
        if self.take_exit is not None:
            nn.init.constant_(self.take_exit.bias[config.take_size :], INITIAL_LOG_VARIANCE)

    def forward(self, log_mel: Tensor, mask: Tensor) -> Tensor:
        """Latents `(batch, latent)` alone; see `encode`."""
        return self.encode(log_mel, mask).latent

    def encode(self, log_mel: Tensor, mask: Tensor) -> Encoding:
        """Latents and takes.

        Args:
            log_mel: `(batch, mels, frames)`.
            mask: `(batch, frames)`, 1 within the note.
        """
        h = nn.functional.gelu(self.entry_norm(self.entry((log_mel + 2.0) * mask[:, None])))
        mask = mask[:, None, ::2]
        h = h * mask
        for stage in self.stages:
            h, mask = stage(h, mask)
        mean = h.sum(2) / mask.sum(2).clamp_min(1)
        peak = (h + (mask - 1) * 1e4).amax(2)
        h = self.exit[:-1](torch.cat([mean, peak, h[:, :, 0]], 1))
        latent = self.exit[-1](h).float()
        if self.take_exit is None:
            return Encoding(latent)
        take, log_variance = self.take_exit(h).float().chunk(2, 1)
        return Encoding(latent, take, log_variance.clamp(*LOG_VARIANCE_RANGE))


class FrameNorm(nn.Module):
    """Normalises every frame over its channels.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, h: Tensor) -> Tensor:
        """`(batch, channels, frames)` to the same shape."""
        y: Tensor = self.norm(h.transpose(1, 2)).transpose(1, 2)
        return y


class _EncoderStage(nn.Module):
    """A strided depthwise convolution over time and a residual channel mixer."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.across_time = nn.Conv1d(width, width, 7, stride, 3, groups=width)
        self.norm = FrameNorm(width)
        self.mix = nn.Sequential(nn.Conv1d(width, 2 * width, 1), nn.GELU(), nn.Conv1d(2 * width, width, 1))

    def forward(self, h: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        mask = mask[:, :, :: self.stride]
        y = h[:, :, :: self.stride] + self.mix(self.norm(self.across_time(h)))
        return y * mask, mask
