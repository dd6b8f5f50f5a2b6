"""A square between four chosen points of the latent space, to go from one to the other. Qt-free.

Corners are counted as they are read: 1 and 2 above, 3 and 4 below, each pair from the left. A place on the
pad is `x` from the left and `y` from below, both 0 to 1.
"""

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, model_validator

from mcnn.plain import Settings

N_CORNERS = 4
MAX_NAME_LENGTH = 60
SAME_PLACE = 1e-6
"""Points of the latent space that are nearer than this count as one."""
_NEIGHBOURS = ((1, 2), (0, 3), (0, 3), (1, 2))
_OPPOSITE = (3, 2, 1, 0)


class Corner(Settings):
    """A chosen point of the latent space."""

    latent: tuple[FiniteFloat, ...] = Field(min_length=1)
    name: str = Field("", max_length=MAX_NAME_LENGTH)
    """Its origin: `variation 12`, `C#4 violin`."""


Corners = tuple[Corner | None, Corner | None, Corner | None, Corner | None]


class LatentPad(Settings):
    """Four corners, any of which may be empty, and the puck between them."""

    corners: Corners = (None, None, None, None)
    x: FiniteFloat = Field(0.5, ge=0.0, le=1.0)
    """Of the puck, from the left."""
    y: FiniteFloat = Field(0.5, ge=0.0, le=1.0)
    """Of the puck, from below."""

    @model_validator(mode="after")
    def _of_one_space(self) -> Self:
        sizes = {len(corner.latent) for corner in self.corners if corner is not None}
        if len(sizes) > 1:
            raise ValueError(
                f"corners of {' and '.join(map(str, sorted(sizes)))} numbers are of several spaces"
            )
        return self

    @property
    def is_empty(self) -> bool:
        """Whether no corner was chosen: the puck then leads nowhere."""
        return not any(self.corners)

    @property
    def latent_size(self) -> int | None:
        """Numbers of each corner's latent; None if there is no corner."""
        return next((len(corner.latent) for corner in self.corners if corner is not None), None)

    @property
    def place(self) -> tuple[float, float]:
        """`x` and `y` of the puck."""
        return self.x, self.y

    def with_puck(self, x: float, y: float) -> "LatentPad":
        """The same with the puck elsewhere; beyond an edge it stays at the edge."""
        return self._changed(x=min(max(x, 0.0), 1.0), y=min(max(y, 0.0), 1.0))

    def with_corner(self, number: int, corner: Corner | None) -> "LatentPad":
        """The same with a corner chosen, or emptied.

        Args:
            number: 1 to 4.
            corner: None empties it.

        Raises:
            ValueError: If there is no such corner, or the point is of another space than the others.
        """
        if not 1 <= number <= N_CORNERS:
            raise ValueError(f"corner {number} is not 1 to {N_CORNERS}")
        corners = list(self.corners)
        corners[number - 1] = corner
        return self._changed(corners=tuple(corners))

    def weights(self) -> tuple[float, float, float, float]:
        """The share of each corner under the puck: bilinear, together 1; all 0 on an empty pad.

        What would belong to an empty corner goes to its neighbours in equal parts, or, where both are empty
        too, to the corner opposite: between two points the pad is a crossfade, with one it stays there.
        """
        bilinear = (
            (1 - self.x) * self.y,
            self.x * self.y,
            (1 - self.x) * (1 - self.y),
            self.x * (1 - self.y),
        )
        weights = [0.0] * N_CORNERS
        for i, share in enumerate(bilinear):
            heirs = self._heirs(i)
            for heir in heirs:
                weights[heir] += share / len(heirs)
        return weights[0], weights[1], weights[2], weights[3]

    def latent(self) -> tuple[float, ...] | None:
        """The point under the puck; None on an empty pad."""
        if self.is_empty:
            return None
        chosen: list[tuple[float, Corner]] = [
            (weight, corner)
            for weight, corner in zip(self.weights(), self.corners, strict=True)
            if corner is not None
        ]
        mixed: npt.NDArray[np.float64] = sum(
            (weight * np.array(corner.latent, np.float64) for weight, corner in chosen),
            np.zeros(len(chosen[0][1].latent)),
        )
        return tuple(float(value) for value in mixed)

    def leads_to(self, latent: tuple[float, ...]) -> bool:
        """Whether a point of the latent space is the one under the puck."""
        own = self.latent()
        return (
            own is not None
            and len(own) == len(latent)
            and all(abs(a - b) < SAME_PLACE for a, b in zip(own, latent, strict=True))
        )

    def _heirs(self, i: int) -> list[int]:
        """Indices of the corners that get the share of a corner: itself, or the nearest that are chosen."""
        if self.corners[i] is not None:
            return [i]
        near = [j for j in _NEIGHBOURS[i] if self.corners[j] is not None]
        return near or [j for j in (_OPPOSITE[i],) if self.corners[j] is not None]

    def _changed(self, **values: object) -> "LatentPad":
        return LatentPad.model_validate(dict(self) | values)
