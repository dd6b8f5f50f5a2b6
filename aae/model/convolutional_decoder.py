"""The paper's convolutional decoder: a seed image, upsampled by convolutions that the style modulates.

Source: arXiv 1904.06215, section 3.2. As there, FiLM and adaptive instance normalisation (Huang and Belongie,
ICCV 2017, arXiv 1703.06868) carry the condition. Each upsampling is followed by a convolution instead of
being a transposed one, which avoids checkerboards.
"""

import torch
from torch import Tensor, nn

from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from aae.model.decoder import Decoded, Decoder, StyleMapping
from aae.model.performance import Performance
from aae.model.traits import trait_head
from mcnn.spectral.config import SpectrogramConfig

SHUFFLE = 4


class AdaptiveInstanceNorm(nn.Module):
    """Normalises each channel of each image, then scales and shifts it by the style.

    Args:
        channels: Channels of the image.
        style_width: Size of the style vector.
    """

    def __init__(self, channels: int, style_width: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.film = nn.Linear(style_width, 2 * channels)

    def forward(self, h: Tensor, style: Tensor) -> Tensor:
        """`(batch, channels, height, width)` to the same shape."""
        scale, shift = self.film(style)[:, :, None, None].chunk(2, 1)
        y: Tensor = self.norm(h) * (1 + scale) + shift
        return y


class ConvolutionalDecoder(Decoder):
    """Style to log-mel by 2-D convolutions; always all frames of the front end, silence included.

    Args:
        config: Widths and what is conditioned on.
        spectrogram: The front end.
        sizes: Labels per attribute.
    """

    whole_length = True

    def __init__(self, config: ModelConfig, spectrogram: SpectrogramConfig, sizes: dict[str, int]) -> None:
        super().__init__()
        style = config.style_width
        self.spectrogram = spectrogram
        self.mapping = StyleMapping(config, sizes)
        self.trait_head = trait_head(config)
        channels = (config.decoder_width, config.decoder_width // 2, config.decoder_width // 4)
        reduction = 4 * SHUFFLE
        self.seed_shape = (
            channels[0],
            spectrogram.n_mels // reduction,
            -(-spectrogram.max_frames // reduction),
        )
        self.seed = nn.Parameter(torch.randn(1, *self.seed_shape) * 0.1)
        self.seed_style = nn.Linear(style, self.seed_shape[0] * self.seed_shape[1])
        self.norms = nn.ModuleList(AdaptiveInstanceNorm(c, style) for c in channels)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 5, padding=2)
            for a, b in zip(channels, (*channels[1:], channels[-1]), strict=True)
        )
        self.exit = nn.Conv2d(channels[-1], SHUFFLE * SHUFFLE, 3, padding=1)
        nn.init.constant_(self.exit.bias, -3.0)  # type: ignore[arg-type]

    def decode_frames(
        self,
        style: Tensor,
        condition: Condition,
        performance: Performance,
        start: int = 0,
        stop: int | None = None,
    ) -> Decoded:
        """See `Decoder.decode_frames`; the norms need the whole image, which is then cut."""
        rows = self.seed_style(style).view(-1, self.seed_shape[0], self.seed_shape[1], 1)
        h = (self.seed + rows).contiguous(memory_format=torch.channels_last)
        for index, (norm, convolution) in enumerate(zip(self.norms, self.convolutions, strict=True)):
            h = nn.functional.gelu(convolution(norm(h, style)))
            if index < len(self.norms) - 1:
                h = nn.functional.interpolate(h, scale_factor=2, mode="nearest")
        image = nn.functional.pixel_shuffle(self.exit(h), SHUFFLE)[:, 0].float()
        frames = slice(start, performance.modulation_phase.shape[1] if stop is None else stop)
        return Decoded(
            log_mel=image[:, : self.spectrogram.n_mels, frames],
            f0_hz=condition.f0_hz()[:, None].expand(-1, frames.stop - frames.start),
        )
