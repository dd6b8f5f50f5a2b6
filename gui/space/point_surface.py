"""The interface of the renderers of the latent space, and the renderer that draws on the processor.

The view keeps everything else, the camera above all: what is pointed at is found in the same way for both.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import cast

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QImage, QPainter, QPen

from .. import theme
from ..state.camera import Camera, Floats64
from .point_renderer import draw_points
from .space_widget import SpaceWidget

POINT_RADIUS = 2.7
GRID = 3
"""Standard deviations that the floor reaches to all sides."""


class PointSurface(ABC):
    """Draws floor and points, and has the view draw the rest over them."""

    name: str
    """Its name for `--renderer`."""

    @abstractmethod
    def redraw(self) -> None:
        """Draws everything again, soon."""

    @abstractmethod
    def paint(self) -> None:
        """Paints the view itself."""

    def resize(self) -> None:  # noqa: B027 - most have nothing to do
        """Follows the size of the view."""


class SoftwareSurface(PointSurface):
    """Draws on the processor, the same on every platform.

    Args:
        view: What it is drawn in.
    """

    name = "software"

    def __init__(self, view: SpaceWidget) -> None:
        self._view = view
        self._image = QImage(1, 1, QImage.Format.Format_RGB32)
        self._drawn_for: Hashable = None

    def redraw(self) -> None:
        """Has Qt paint the view."""
        self._view.update()

    def paint(self) -> None:
        """Paints the picture, and what lies over it."""
        painter = QPainter(self._view)
        painter.drawImage(QRectF(self._view.rect()), self._picture())
        self._view.paint_over(painter)

    def _picture(self) -> QImage:
        """Floor and points in the screen's own pixels; drawn again only if something changed."""
        view = self._view
        ratio, name = view.devicePixelRatioF(), theme.current().name
        size = max(1, round(view.width() * ratio)), max(1, round(view.height() * ratio))
        now = *size, ratio, name, view.camera, view.points.looks
        if now != self._drawn_for:
            self._draw(ratio, *size)
            self._drawn_for = now
        return self._image

    def _draw(self, ratio: float, width: int, height: int) -> None:
        view, points, camera = self._view, self._view.points, self._view.camera
        if (self._image.width(), self._image.height()) != (width, height):
            self._image = QImage(width, height, QImage.Format.Format_RGB32)
        image = self._image
        colours = theme.current()
        image.fill(colours.color("space"))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(ratio, ratio)
        for ends, alpha in floor_lines():
            pixels, _ = camera.project(ends, (float(view.width()), float(view.height())))
            painter.setPen(QPen(colours.color("line", alpha), 1))
            painter.drawLine(QPointF(*pixels[0]), QPointF(*pixels[1]))
        painter.end()
        if len(points):
            size = (float(width), float(height))
            pixels, near = camera.project(points.places, size)
            background = colours.color("space")
            memory = image.bits()
            assert memory is not None
            memory.setsize(image.sizeInBytes())
            draw_points(
                np.frombuffer(cast(memoryview, memory), np.uint8).reshape(height, width, 4),
                pixels,
                near,
                points.shown,
                points.colours(colours.name == "dark"),
                ratio * point_radius(camera, view.width(), view.height()),
                (background.red(), background.green(), background.blue()),
            )


def floor_lines() -> list[tuple[Floats64, int]]:
    """The floor's lines, each its two ends `(2, 3)` and how opaque it is, 0 to 255."""
    lines = []
    for i in range(-GRID, GRID + 1):
        alpha = 210 if i == 0 else 110
        lines.append((np.array([[i, -GRID, -GRID], [i, -GRID, GRID]], float), alpha))
        lines.append((np.array([[-GRID, -GRID, i], [GRID, -GRID, i]], float), alpha))
    return lines


def point_radius(camera: Camera, width: int, height: int) -> float:
    """Radius in pixels of a point in the middle of the space."""
    return float(POINT_RADIUS * min(camera.zoom, 3.0) ** 0.6 * (min(width, height) / 520) ** 0.5)
