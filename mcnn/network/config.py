"""Settings of the inverters that are trained: frozen, checked, named in errors."""

from typing import Literal, TypeAlias

from pydantic import Field

from mcnn.plain import Settings

Precision: TypeAlias = Literal["f32", "bf16"]
"""Arithmetic of large layers where nothing is trained: single precision, or bfloat16, which is faster
on processors that have instructions for it."""


class McnnConfig(Settings):
    """The shape of the multi-head convolutional network as published."""

    heads: int = Field(8, ge=1)
    """Networks of equal shape whose outputs are summed."""
    layers: int = Field(8, ge=1, le=12)
    """Transposed convolutions in a head; layer `i`, counted from 1, puts out `2 ** (layers - i)` channels."""
    filter_width: int = Field(13, ge=2)
    """Width of a filter of stride 2, in samples of its output; other strides have it in proportion."""

    def strides(self, hop_length: int) -> tuple[int, ...]:
        """Upsampling of each layer, largest first; the product is `hop_length`.

        The prime factors of the hop, largest first, are dealt out one by one, each to the layer that
        upsamples least so far. Hop 256 on 8 layers is the paper's stride of 2 everywhere; hop 512 makes the
        first one 4, where samples are few and a wide filter costs least. Layers in excess of the factors do
        not upsample.

        Source:
            S. Arık, H. Jun, G. Diamos, IEEE Signal Processing Letters 26(1), 2019, section II: the strides'
            product is the number of samples a frame stands for.
        """
        strides = [1] * self.layers
        for factor in _prime_factors(hop_length):
            strides[strides.index(min(strides))] *= factor
        return tuple(sorted(strides, reverse=True))

    def width(self, stride: int) -> int:
        """Samples of a filter of this stride; never less than the stride, which would leave gaps."""
        return max(stride, round(self.filter_width * stride / 2))


class SourceFilterConfig(Settings):
    """The shape of a source-filter MCNN."""

    width: int = Field(192, ge=8)
    """Channels of the trunk."""
    blocks: int = Field(4, ge=1)
    """Blocks of the trunk."""
    kernel_size: int = Field(5, ge=1)
    """Frames that each block sees; odd."""
    expansion: int = Field(3, ge=1)
    """Width of a block's hidden layer, in multiples of `width`."""
    head_width: int = Field(96, ge=8)
    """Channels of each head before its bins."""
    projections: int = Field(2, ge=0)
    """Projections of a spectrum with integrated phases to one that a waveform can have, before the heads."""
    most_gain: float = Field(3.0, gt=0)
    """Largest correction of a level, in nepers (26 dB)."""


PUBLISHED_SIZES = {
    "published": McnnConfig(),
    "light": McnnConfig(heads=4, layers=7, filter_width=9),
}
"""The paper's size, 14.8 million parameters at 512 mels and hop 512, and one that plays on any processor, 2.5
million."""


def _prime_factors(number: int) -> list[int]:
    """Prime factors, largest first; none of 1."""
    factors, divisor = [], 2
    while number > 1:
        if number % divisor:
            divisor += 1
        else:
            factors.append(divisor)
            number //= divisor
    return factors[::-1]
