"""Linear magnitudes from mel magnitudes."""

import torch
from torch import Tensor, nn

from mcnn.spectrogram import Spectrogram


class MelInversion(nn.Module):
    """Mel magnitudes to non-negative linear magnitudes.

    Args:
        spectrogram: The front end whose mel filters are undone.
        iterations: Multiplicative updates.
    """

    inverse: Tensor

    def __init__(self, spectrogram: Spectrogram, iterations: int = 8) -> None:
        super().__init__()
        self.iterations = iterations
        self.register_buffer("filters", spectrogram.mel_filters, persistent=False)
        self.register_buffer("inverse", torch.linalg.pinv(spectrogram.mel_filters), persistent=False)

    def forward(self, mel: Tensor) -> Tensor:
        """Linear magnitudes `(batch, bins, frames)` of mel magnitudes `(batch, mels, frames)`."""
        filters = self.get_buffer("filters")
        smallest = 1e-12
        magnitude = torch.matmul(self.inverse, mel).clamp_min(0.0) + 1e-2 * torch.matmul(filters.T, mel)
        for _ in range(self.iterations):
            ratio = mel / (torch.matmul(filters, magnitude) + smallest)
            magnitude = (
                magnitude * torch.matmul(filters.T, ratio) / filters.sum(0)[:, None].clamp_min(smallest)
            )
        return magnitude
