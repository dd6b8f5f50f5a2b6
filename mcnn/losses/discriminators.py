"""Discriminators of waveforms: whether a note was recorded or came out of an inverter.

One kind folds the waveform at a period and sees what repeats; the other sees complex spectra, and with them
attacks, noise and phases. They are small enough to train on one processor core: far narrower than published,
with larger strides, and laid out so that the convolutions run along the long axis.

Waveforms are `(batch, samples)`, notes at `mcnn.spectral.level.REFERENCE_LEVEL_DB`; silent items and ends are
allowed.

Source:
    Periods: J. Kong, J. Kim, J. Bae, "HiFi-GAN", NeurIPS 2020 (arXiv 2010.05646), section 2.3. Resolutions:
    W. Jang et al., "UnivNet", Interspeech 2021 (arXiv 2106.07889), section 2; of complex spectra: R. Kumar
    et al., "High-fidelity audio compression with improved RVQGAN", NeurIPS 2023 (arXiv 2306.06546),
    section 3.4.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from mcnn.losses.metrics import spectrum
from mcnn.plain import Settings
from mcnn.spectral.level import REFERENCE_LEVEL_DB

SLOPE = 0.1
"""Of the leaky rectifiers below 0."""
INPUT_GAIN = 10.0 ** (-REFERENCE_LEVEL_DB / 20.0)
"""Brings notes at the reference level to a root mean square of about 1."""
COMPRESSION = 0.3
"""Power of the magnitudes that are seen: at 1, nobody would see what is quiet or high."""
FLOOR = 1e-4
"""Magnitude from which the compression is linear, so that its gradient at silence is finite; a unit sinusoid
has 1."""
MIN_FEATURE = 1e-3
"""Feature matching is relative to real features of this mean size at least."""
PERIOD_LAYERS = ((5, 3), (5, 3), (5, 3), (5, 3))
"""Kernel and stride of each layer, in periods, later in strides of them."""
SPECTRUM_LAYERS = (((3, 9), (1, 4)), ((3, 9), (2, 2)), ((3, 5), (2, 2)), ((3, 3), (1, 1)))
"""Kernel and stride of each layer over frames and bins."""
WIDENING = (1, 2, 4, 4)
"""Channels of the layers, in multiples of the first one's."""

Positive = Annotated[int, Field(ge=1)]


class DiscriminatorConfig(Settings):
    """The shape of the discriminators."""

    channels: int = Field(16, ge=1)
    """Channels of the first layer of each that folds at a period; the last has 4 times as many."""
    spectrum_channels: int = Field(8, ge=1)
    """Channels of the first layer of each that sees spectra."""
    periods: tuple[Positive, ...] = (2, 3, 5, 7, 11)
    """Lengths, in samples, at which waveforms are folded; primes, so that no two see the same."""
    resolutions: tuple[tuple[Positive, Positive], ...] = ((512, 128), (2048, 512))
    """Window and hop length of the spectra, in samples."""

    @model_validator(mode="after")
    def _has_something_to_judge(self) -> "DiscriminatorConfig":
        if not self.periods and not self.resolutions:
            raise ValueError("neither periods nor resolutions; expected at least one of either")
        for n_fft, hop_length in self.resolutions:
            if n_fft < 2 * hop_length:
                raise ValueError(f"window {n_fft} must be at least twice its hop length {hop_length}")
        return self


@dataclass(frozen=True)
class Judgement:
    """One discriminator's output for a batch."""

    logits: Tensor
    """`(batch, 1, ...)`, one for each place it looked at: above 0 is real, below is fake."""
    features: list[Tensor]
    """Activations of each layer, `(batch, channels, ...)`, first layer first."""


class Discriminator(nn.Module, ABC):
    """A picture of the waveform, and convolutions that judge it place by place.

    Args:
        in_channels: Channels of the picture.
        channels: Channels of the first layer.
        layers: Kernel and stride of each layer, over the picture's two axes.
        last_kernel: Kernel of the layer that puts out the logits.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        layers: Sequence[tuple[tuple[int, int], tuple[int, int]]],
        last_kernel: tuple[int, int],
    ) -> None:
        super().__init__()
        widths = [in_channels, *(channels * factor for factor in WIDENING)]
        self.layers = nn.ModuleList(
            _convolution(width, wider, kernel, stride)
            for (width, wider), (kernel, stride) in zip(pairwise(widths), layers, strict=True)
        )
        self.last = _convolution(widths[-1], 1, last_kernel)

    @abstractmethod
    def picture(self, waveform: Tensor) -> Tensor:
        """Input of the convolutions for waveforms `(batch, samples)`: `(batch, in_channels, ...)`."""

    def forward(self, waveform: Tensor) -> Judgement:
        """The judgement of waveforms `(batch, samples)`."""
        # channels last: several times faster with so few channels
        h = self.picture(waveform).contiguous(memory_format=torch.channels_last)
        features = []
        for layer in self.layers:
            h = F.leaky_relu(layer(h).contiguous(memory_format=torch.channels_last), SLOPE)
            features.append(h)
        return Judgement(self.last(h), features)


class PeriodDiscriminator(Discriminator):
    """Sees the waveform folded at a period: each phase of it as a row, filtered along time.

    Args:
        period: In samples.
        channels: Channels of the first layer.

    Source:
        Kong et al., 2020, section 2.3. There time runs downwards; along rows the same filters cost a third.
    """

    def __init__(self, period: int, channels: int) -> None:
        layers = [((1, kernel), (1, stride)) for kernel, stride in PERIOD_LAYERS]
        super().__init__(1, channels, layers, (1, 3))
        self.period = period

    def picture(self, waveform: Tensor) -> Tensor:
        """The waveform, `(batch, 1, period, samples / period)`, with silence after its end."""
        padded = F.pad(waveform, (0, -waveform.shape[-1] % self.period))
        folded = padded.reshape(len(waveform), 1, -1, self.period)
        picture: Tensor = INPUT_GAIN * folded.transpose(2, 3)
        return picture


class SpectrumDiscriminator(Discriminator):
    """Sees complex spectra whose magnitudes are compressed.

    Args:
        n_fft: Length of Hann window and transform, in samples.
        hop_length: Samples between frames.
        channels: Channels of the first layer.

    Source:
        Jang et al., 2021, section 2; Kumar et al., 2023, section 3.4.
    """

    def __init__(self, n_fft: int, hop_length: int, channels: int) -> None:
        super().__init__(2, channels, SPECTRUM_LAYERS, (3, 3))
        self.n_fft = n_fft
        self.hop_length = hop_length

    def picture(self, waveform: Tensor) -> Tensor:
        """Real and imaginary parts, `(batch, 2, frames, bins)`."""
        frames = spectrum(waveform, self.n_fft, self.hop_length).transpose(1, 2)
        real, imaginary = frames.real.contiguous(), frames.imag.contiguous()
        gain = (real.square() + imaginary.square() + FLOOR**2) ** ((COMPRESSION - 1.0) / 2.0)
        return torch.stack([gain * real, gain * imaginary], dim=1)


class WaveformDiscriminator(nn.Module):
    """All discriminators: at several periods and at several resolutions.

    One pass over real and one over fake waveforms serve both sides of a step, which saves a fifth of its
    time: first the generator's gradient, of the waveform only (`torch.autograd.grad(loss, waveform,
    retain_graph=True)`), then the discriminator's, of its weights only (`loss.backward(inputs=weights)`). In
    bfloat16 a step takes about 0.6 of its time in single precision.

    Args:
        config: Which there are, and how wide.
    """

    def __init__(self, config: DiscriminatorConfig | None = None) -> None:
        super().__init__()
        self.config = config or DiscriminatorConfig()
        channels = self.config.channels
        self.discriminators = nn.ModuleList(
            [
                *(PeriodDiscriminator(period, channels) for period in self.config.periods),
                *(
                    SpectrumDiscriminator(n_fft, hop_length, self.config.spectrum_channels)
                    for n_fft, hop_length in self.config.resolutions
                ),
            ]
        )

    def forward(self, waveform: Tensor) -> list[Judgement]:
        """Judgements of waveforms.

        Args:
            waveform: `(batch, samples)`, any number of samples.

        Returns:
            One for each period, then one for each resolution.
        """
        if waveform.ndim != 2 or not waveform.numel():
            raise ValueError(f"waveform of shape {tuple(waveform.shape)}; expected (batch, samples)")
        return [discriminator(waveform) for discriminator in self.discriminators]


def discriminator_loss(real: Sequence[Judgement], fake: Sequence[Judgement]) -> Tensor:
    """The discriminators' loss: logits above 1 for real and below -1 for fake waveforms.

    The hinge leaves alone what is told apart already, so that a small network works on what is not. Where
    both are silent, its gradients cancel.

    Args:
        real: Judgements of recordings.
        fake: Judgements of an inverter's output; the gradient must not reach the inverter.

    Returns:
        A scalar, the mean over discriminators; 2 where they know nothing, 0 where they know all.

    Source:
        J. H. Lim, J. C. Ye, "Geometric GAN", 2017 (arXiv 1705.02894); for waveforms A. Défossez
        et al., "High fidelity neural audio compression" (EnCodec), TMLR 2023 (arXiv 2210.13438), section 3.4.
    """
    losses = [
        _mean(F.relu(1.0 - theirs.logits)) + _mean(F.relu(1.0 + ours.logits))
        for theirs, ours in zip(real, fake, strict=True)
    ]
    return torch.stack(losses).mean()


def generator_loss(fake: Sequence[Judgement]) -> Tensor:
    """An inverter's adversarial loss: logits above 1, and no more once they are.

    Args:
        fake: Judgements of its output.

    Returns:
        A scalar, the mean over discriminators; 1 where they know nothing, 0 where all are fooled.

    Source:
        Défossez et al., 2023, section 3.4.
    """
    return torch.stack([_mean(F.relu(1.0 - ours.logits)) for ours in fake]).mean()


def feature_matching_loss(fake: Sequence[Judgement], real: Sequence[Judgement]) -> Tensor:
    """Distance of the layers' activations for a fake from those for the real one.

    Args:
        fake: Judgements of the inverter's output.
        real: Judgements of the recordings it should equal; no gradient goes there.

    Returns:
        A scalar, the mean over layers of the mean absolute difference, each relative to the mean size of the
        layer's real features: all layers weigh alike.

    Source:
        Défossez et al., 2023, section 3.4, equation 2.
    """
    losses = [
        _mean_size(ours - theirs.detach()) / _mean_size(theirs.detach()).clamp_min(MIN_FEATURE)
        for our_judgement, their_judgement in zip(fake, real, strict=True)
        for ours, theirs in zip(our_judgement.features, their_judgement.features, strict=True)
    ]
    return torch.stack(losses).mean()


def _mean_size(features: Tensor) -> Tensor:
    """The mean absolute value of `(batch, channels, ...)`, in single precision at least."""
    # channels last as they lie in memory, or the gradient lies otherwise and costs four times as much
    in_memory_order = features.movedim(1, -1)
    dtype = torch.promote_types(features.dtype, torch.float32)
    total: Tensor = torch.linalg.vector_norm(in_memory_order, 1, dtype=dtype)
    return total / features.numel()


def _mean(values: Tensor) -> Tensor:
    """The mean, in single precision at least."""
    return values.mean(dtype=torch.promote_types(values.dtype, torch.float32))


def _convolution(
    in_channels: int, out_channels: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1)
) -> nn.Module:
    """A weight-normalised convolution that puts out `ceil(size / stride)` along both axes."""
    convolution = nn.Conv2d(
        in_channels, out_channels, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2)
    )
    # keeps the features' size from layer to layer, at any kernel
    gain = nn.init.calculate_gain("leaky_relu", SLOPE)
    nn.init.normal_(convolution.weight, std=gain / math.sqrt(in_channels * kernel[0] * kernel[1]))
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    normed: nn.Module = weight_norm(convolution)
    return normed
