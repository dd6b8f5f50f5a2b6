"""The base of the widget that shows the latent space: camera, points, cursor, as renderers need them."""

import numpy as np
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QPainter
from PyQt6.QtWidgets import QWidget

from ..state.camera import Camera, Floats64
from ..state.latent_path import LatentPath
from ..state.session import Session
from ..state.space_points import SpacePoints


class SpaceWidget(QWidget):
    """Looks at the points of the training notes, and at the cursor, which is the sound's own point.

    Args:
        session: Holds the cursor, the path and the pad.
        points: The training notes.
    """

    def __init__(self, session: Session, points: SpacePoints) -> None:
        super().__init__()
        self._session, self.points = session, points
        self.camera = Camera()
        self.waiting_words = ""
        """The request to click a point, as it is shown; empty while no click is waited for."""
        self.marks: list[tuple[str, tuple[float, ...]]] = []
        """Names and latents of the recordings that were dropped."""
        self.hovered: int | None = None
        """Index of the point under the mouse."""

    @property
    def size_in_pixels(self) -> tuple[float, float]:
        """Width and height."""
        return float(self.width()), float(self.height())

    @property
    def path(self) -> LatentPath:
        """The path that is shown: the session's."""
        return self._session.path

    def cursor_place(self) -> Floats64:
        """The sound's point in the space that is shown, `(3,)`."""
        return np.asarray(self.points.axes.shown(np.array([self._session.sound.latent]))[0])

    def place_on_screen(self, index: int) -> QPointF:
        """A note's point in the widget."""
        return self._on_screen(self.points.places[index])

    def cursor_on_screen(self) -> QPointF:
        """The cursor in the widget."""
        return self._on_screen(self.cursor_place())

    def paint_over(self, painter: QPainter) -> None:
        """Draws what lies over the points; nothing, unless a subclass has something."""

    def _on_screen(self, place: Floats64) -> QPointF:
        pixels, _ = self.camera.project(place[None], self.size_in_pixels)
        return QPointF(float(pixels[0, 0]), float(pixels[0, 1]))
