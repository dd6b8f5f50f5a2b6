"""The Fader's latent discriminator: it predicts attributes from z, and the encoder learns to keep them out.

Source: Lample et al., "Fader Networks", NeurIPS 2017 (arXiv 1706.00409); arXiv 1904.06215, section 3.3.
"""

from torch import Tensor, nn


class LatentDiscriminator(nn.Module):
    """One shared network over z with a classifying head for each attribute.

    Args:
        latent_size: Dimensions of z.
        sizes: Labels per attribute.
        width: Hidden units.
    """

    def __init__(self, latent_size: int, sizes: dict[str, int], width: int = 256) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(latent_size, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)
        )
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in sizes.items()})

    def forward(self, latent: Tensor) -> dict[str, Tensor]:
        """Logits `(batch, labels)` of every attribute from latents `(batch, latent)`."""
        h = self.trunk(latent)
        return {name: head(h) for name, head in self.heads.items()}
