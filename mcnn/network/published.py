"""The multi-head convolutional network (MCNN) as published: log-mel to waveform in one pass.

It is here to be compared with, and it has a limit that no training mends: see `PublishedMcnn`.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.network.config import PUBLISHED_SIZES, McnnConfig
from mcnn.spectral.config import SpectrogramConfig

ROUNDING = 1e-3
"""Log-mels this near to silence are silent: arithmetic on another device, or in between, is not exact."""


class ScaledSoftsign(nn.Module):
    """`a x / (1 + |b x|)`, which bounds a waveform to `|a / b|`; both are learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.ones(()))
        self.b = nn.Parameter(torch.ones(()))

    def forward(self, input: Tensor) -> Tensor:
        """Bounded values of any shape."""
        return self.a * input / (1.0 + (self.b * input).abs())


class Upsampling(nn.Module):
    """Transposed convolution: `(batch, channels, length)` to exactly `(batch, channels, length * stride)`.

    It has no bias, so silence stays silence. At the start of training it keeps the variance of its input.

    Args:
        in_channels: Channels that come in, of all groups.
        out_channels: Channels that go out, of all groups.
        width: Length of the filters, at least the stride.
        stride: Upsampling.
        groups: Parts of the channels that do not see one another.
    """

    def __init__(self, in_channels: int, out_channels: int, width: int, stride: int, groups: int) -> None:
        super().__init__()
        self.stride = stride
        self.convolution = nn.ConvTranspose1d(
            in_channels, out_channels, width, stride, padding=(width - stride) // 2, groups=groups, bias=False
        )
        inputs_per_output = in_channels / groups * width / stride
        nn.init.normal_(self.convolution.weight, std=inputs_per_output**-0.5)

    def forward(self, input: Tensor) -> Tensor:
        """The upsampled input; where width and stride are not both even or odd, its last sample is cut."""
        upsampled: Tensor = self.convolution(input)
        return upsampled[..., : input.shape[-1] * self.stride]


class PublishedMcnn(Inverter):
    """Heads of transposed convolutions, each with its weight, summed and bounded.

    The network is the same at every frame, so from a steady log-mel it can only emit what repeats every
    `hop_length` samples: multiples of `sample_rate / hop_length`, 86.13 Hz at the default front end. A steady
    440 Hz tone comes out at 430.66 Hz, 37 cents flat. InverterConditioning are not used.

    What differs from the paper: a log-mel comes in rather than a linear spectrogram, and there are no
    biases, so that silent frames give exactly 0.

    Args:
        config: The front end that the log-mels come from.
        size: Number of heads and their shape.

    Source:
        S. Arık, H. Jun, G. Diamos, "Fast spectrogram inversion using multi-head convolutional neural
        networks", IEEE Signal Processing Letters 26(1), 2019, arXiv 1808.06719, section II.
    """

    name: ClassVar[str] = "mcnn-published"

    def __init__(self, config: SpectrogramConfig, size: McnnConfig = PUBLISHED_SIZES["published"]) -> None:
        super().__init__(config)
        self.size = size
        self.silence = math.log10(config.log_floor) + ROUNDING
        self.layers = nn.Sequential(*self._layers())
        self.head_weights = nn.Parameter(torch.full((size.heads, 1), 1.0 / size.heads))
        self.bound = ScaledSoftsign()

    def _layers(self) -> list[nn.Module]:
        """All heads at once: side by side as groups of channels, they cost one operation a layer."""
        layers: list[nn.Module] = []
        channels, groups = self.config.n_mels, 1
        for i, stride in enumerate(self.size.strides(self.config.hop_length), start=1):
            out_channels = self.size.heads * 2 ** (self.size.layers - i)
            layers += [
                Upsampling(channels, out_channels, self.size.width(stride), stride, groups),
                nn.ELU(),
            ]
            channels, groups = out_channels, self.size.heads
        return layers

    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of log-mels `(batch, mels, frames)`."""
        self.require_log_mel(log_mel)
        heads = self.layers(self._normalise(log_mel))
        waveform: Tensor = self.bound((heads * self.head_weights).sum(dim=1))
        return waveform

    def _normalise(self, log_mel: Tensor) -> Tensor:
        """Level above silence: 0 is silence, 2 a full-scale sinusoid."""
        return (log_mel - self.silence).clamp_min(0.0) * (-2.0 / self.silence)
