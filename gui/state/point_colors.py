"""Colours of labels and octaves: distinct, of even lightness, in both themes. Qt-free.

Source: B. Ottosson, "A perceptual color space for image processing" (Oklab), 2020.
"""

import functools
import math

import numpy as np

Rgb = tuple[int, int, int]
GOLDEN_TURN = 0.381966


@functools.lru_cache(maxsize=1024)
def label_color(index: int, count: int, dark: bool) -> Rgb:
    """The colour of one of `count` labels."""
    if count <= 12:
        hue = 0.11 + index / max(count, 1)
        lightness = 0.0
    else:
        hue = 0.11 + index * GOLDEN_TURN
        lightness = (-0.08, 0.04, -0.02, 0.1)[index % 4]
    return _oklch((0.76 if dark else 0.6) + lightness, 0.125 if dark else 0.135, hue)


@functools.lru_cache(maxsize=64)
def octave_color(octave: int, lowest: int, highest: int, dark: bool) -> Rgb:
    """The colour of an octave: from violet for low over blue, green and yellow to red for high notes."""
    place = (octave - lowest) / max(1, highest - lowest)
    lightness = (0.66 if dark else 0.55) + 0.14 * math.sin(math.pi * place)
    return _oklch(lightness, 0.14, 0.83 - 0.78 * place)


def _oklch(lightness: float, chroma: float, hue_turns: float) -> Rgb:
    angle = 2 * math.pi * hue_turns
    a, b = chroma * math.cos(angle), chroma * math.sin(angle)
    cone = np.array(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    matrix = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = (matrix @ cone**3).clip(0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (int(value) for value in np.rint(encoded * 255))
    return red, green, blue
