"""Looking at the latent space: rotation, zoom, pan, perspective, and the way back from the screen. Qt-free.

Axes: x to the right, y up, z towards the viewer when nothing is rotated; units are standard deviations of the
prior. The screen's y grows downwards, in pixels.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats64 = npt.NDArray[np.float64]

DISTANCE = 12.0
"""Distance of the eye from the middle."""
SPAN = 6.0
"""Units of the space along the shorter side of the window at zoom 1."""
MIN_ZOOM, MAX_ZOOM = 0.3, 12.0
MAX_TILT = 1.5


@dataclass(frozen=True)
class Camera:
    """A view of the space."""

    yaw: float = 0.6
    """Turn around the upright axis, radians."""
    pitch: float = 0.35
    """Tilt, radians."""
    zoom: float = 1.0
    pan_x: float = 0.0
    """Shift of the picture, in units of the space."""
    pan_y: float = 0.0

    def rotated(self, yaw: float, pitch: float) -> "Camera":
        """The same, turned."""
        tilted = min(max(self.pitch + pitch, -MAX_TILT), MAX_TILT)
        return replace(self, yaw=self.yaw + yaw, pitch=tilted)

    def zoomed(self, factor: float) -> "Camera":
        """The same, nearer (above 1) or farther."""
        return replace(self, zoom=min(max(self.zoom * factor, MIN_ZOOM), MAX_ZOOM))

    def panned(self, dx: float, dy: float, size: tuple[float, float]) -> "Camera":
        """The same with the picture moved by so many pixels."""
        scale = self.scale(size)
        return replace(self, pan_x=self.pan_x + dx / scale, pan_y=self.pan_y - dy / scale)

    def scale(self, size: tuple[float, float]) -> float:
        """Pixels a unit, in the middle of the space."""
        return min(size) / SPAN * self.zoom

    @property
    def rotation(self) -> Floats64:
        """From the space to the eye, `(3, 3)`."""
        cos_y, sin_y, cos_p, sin_p = (
            np.cos(self.yaw),
            np.sin(self.yaw),
            np.cos(self.pitch),
            np.sin(self.pitch),
        )
        turn = np.array([[cos_y, 0.0, sin_y], [0.0, 1.0, 0.0], [-sin_y, 0.0, cos_y]])
        tilt = np.array([[1.0, 0.0, 0.0], [0.0, cos_p, -sin_p], [0.0, sin_p, cos_p]])
        return np.asarray(tilt @ turn)

    def project(self, points: Floats64, size: tuple[float, float]) -> tuple[Floats64, Floats64]:
        """Projects points onto the screen.

        Args:
            points: `(points, 3)`.
            size: Width and height in pixels.

        Returns:
            `(points, 2)` pixels, and `(points,)` factors by which each is enlarged: more is nearer.
        """
        seen = points @ self.rotation.T
        near = DISTANCE / np.maximum(DISTANCE - seen[:, 2], 0.5)
        scale = self.scale(size)
        x = size[0] / 2 + (seen[:, 0] * near + self.pan_x) * scale
        y = size[1] / 2 - (seen[:, 1] * near + self.pan_y) * scale
        return np.stack([x, y], 1), near

    def unproject(self, x: float, y: float, near: float, size: tuple[float, float]) -> Floats64:
        """The point `(3,)` of the space that is seen at a pixel, as near to the eye as `near` says."""
        scale = self.scale(size)
        seen_x = ((x - size[0] / 2) / scale - self.pan_x) / near
        seen_y = (-(y - size[1] / 2) / scale - self.pan_y) / near
        seen = np.array([seen_x, seen_y, DISTANCE - DISTANCE / near])
        return np.asarray(seen @ self.rotation)


def pick(
    pixels: Floats64, near: Floats64, shown: npt.NDArray[np.bool_], x: float, y: float, within: float
) -> int | None:
    """The frontmost of the points that are shown and lie within so many pixels; None if there is none."""
    squared = ((pixels - (x, y)) ** 2).sum(1)
    candidates = np.flatnonzero(shown & (squared <= within * within))
    return int(candidates[near[candidates].argmax()]) if len(candidates) else None


class LatentAxes:
    """Between latents of any size and the three axes that are shown.

    A latent of 3 is shown as it is, a larger one by its principal axes, a smaller one with zeros.

    Args:
        latents: `(notes, latent)`, of the training notes.
    """

    def __init__(self, latents: npt.NDArray[np.float32]) -> None:
        size = latents.shape[1]
        self._centre = np.zeros(size)
        self._axes: Floats64 = np.eye(size, 3)
        if size > 3 and len(latents) > 3:
            self._centre = latents.mean(0).astype(np.float64)
            spread = np.cov(latents, rowvar=False)
            self._axes = np.asarray(np.linalg.eigh(spread)[1][:, ::-1][:, :3])

    def shown(self, latents: npt.NDArray[np.floating]) -> Floats64:
        """Places `(notes, 3)` of latents `(notes, latent)`."""
        return np.asarray((np.asarray(latents, np.float64) - self._centre) @ self._axes)

    def latent(self, place: Floats64, beside: tuple[float, ...]) -> tuple[float, ...]:
        """The latent at a place `(3,)`; what is not shown stays as in `beside`."""
        before = np.asarray(beside, np.float64)
        moved = place - self.shown(before[None])[0]
        return tuple(float(value) for value in before + self._axes @ moved)
