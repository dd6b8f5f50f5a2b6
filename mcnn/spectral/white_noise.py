"""The white noise that noise is held against wherever its mel magnitudes must be known."""

import torch
from torch import Tensor

from mcnn.spectral.spectrogram import Spectrogram


def white_noise(spectrogram: Spectrogram, n_frames: int) -> tuple[Tensor, Tensor]:
    """White noise of deviation 1, the same every time, and its mel magnitudes.

    Args:
        spectrogram: The front end.
        n_frames: Its length.

    Returns:
        `(1, samples)` and `(mels, frames)`.
    """
    generator = torch.Generator().manual_seed(0)
    white = torch.randn(1, n_frames * spectrogram.config.hop_length, generator=generator)
    return white, spectrogram.mel(spectrogram.magnitude(white))[0]
