"""Draws the points of the latent space as small shaded balls, on the processor. Qt-free.

Fast enough for thousands of points, a hundred times a second. It needs no graphics card, and looks the same
on every platform.
"""

import numpy as np
import numpy.typing as npt

from mcnn.compiled import Floats, Integers, compiled

Pixels = npt.NDArray[np.uint8]
FOG = 0.72
"""Share of its colour that the farthest point loses to the background."""


def draw_points(
    pixels: Pixels,
    places: npt.NDArray[np.float64],
    near: npt.NDArray[np.float64],
    shown: npt.NDArray[np.bool_],
    colours: npt.NDArray[np.uint8],
    radius: float,
    background: tuple[int, int, int],
) -> None:
    """Draws points, the farthest first.

    Args:
        pixels: `(height, width, 4)`, blue, green, red and unused; drawn into.
        places: `(points, 2)`, in pixels.
        near: `(points,)`, factor by which each is enlarged.
        shown: `(points,)`.
        colours: `(points, 3)`, red, green, blue.
        radius: Of a point in the middle of the space, in pixels.
        background: Colour that far points fade into.
    """
    order = np.flatnonzero(shown)
    order = np.asarray(order[near[order].argsort()])
    if not len(order):
        return
    nearness = near[order]
    span = max(float(nearness[-1] - nearness[0]), 1e-6)
    haze = (FOG * (nearness[-1] - nearness) / span).astype(np.float32)
    radii = (radius * nearness).astype(np.float32)
    fog = np.array(background[::-1], np.float32)
    numbers: Integers = order.astype(np.int32)
    _draw(pixels, places.astype(np.float32), numbers, radii, haze, colours, fog)


@compiled
def _draw(
    pixels: Pixels,
    places: Floats,
    order: Integers,
    radii: Floats,
    haze: Floats,
    colours: npt.NDArray[np.uint8],
    fog: Floats,
) -> None:
    height, width = pixels.shape[0], pixels.shape[1]
    for k in range(len(order)):
        i = order[k]
        x, y, r = places[i, 0], places[i, 1], radii[k]
        left, right = max(0, int(np.floor(x - r - 1))), min(width - 1, int(np.ceil(x + r + 1)))
        top, bottom = max(0, int(np.floor(y - r - 1))), min(height - 1, int(np.ceil(y + r + 1)))
        clear = haze[k]
        for v in range(top, bottom + 1):
            for u in range(left, right + 1):
                dx, dy = np.float32(u) - x, np.float32(v) - y
                distance = np.sqrt(dx * dx + dy * dy)
                cover = min(np.float32(1), max(np.float32(0), r + np.float32(0.5) - distance))
                if cover <= 0:
                    continue
                # Light from above left, as on a ball; the rim is darker, so that neighbours stay apart.
                away = min(np.float32(1), distance / r)
                light = np.float32(1.06) - np.float32(0.34) * away * away
                light -= np.float32(0.13) * (dx + dy) / r
                cover *= np.float32(0.92)
                for c in range(3):
                    ink = min(np.float32(255), np.float32(colours[i, 2 - c]) * light)
                    ink += clear * (fog[c] - ink)
                    under = np.float32(pixels[v, u, c])
                    pixels[v, u, c] = np.uint8(under + cover * (ink - under) + np.float32(0.5))


def warm_up() -> None:
    """Compiles, or loads, the loop that draws, so that the first picture does not wait for it."""
    one = np.zeros((1, 2))
    pixels = np.zeros((8, 8, 4), np.uint8)
    draw_points(pixels, one, np.ones(1), np.ones(1, np.bool_), np.zeros((1, 3), np.uint8), 2.0, (0, 0, 0))
