"""Draws the points of the latent space on a graphics card, by pyqtgraph."""

import os

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QImage, QMatrix4x4, QPainter

# PyOpenGL must be told before it is imported; what Qt draws with is what it has to speak to.
_PLATFORMS = {"xcb": "glx", "wayland": "egl", "wayland-egl": "egl"}
if QGuiApplication.platformName() in _PLATFORMS:
    os.environ.setdefault("PYOPENGL_PLATFORM", _PLATFORMS[QGuiApplication.platformName()])

from pyqtgraph.opengl import GLLinePlotItem, GLScatterPlotItem, GLViewWidget  # noqa: E402

from .. import theme  # noqa: E402
from ..state.camera import DISTANCE  # noqa: E402
from .point_renderer import FOG  # noqa: E402
from .point_surface import PointSurface, floor_lines, point_radius  # noqa: E402
from .space_widget import SpaceWidget  # noqa: E402

MIN_DEPTH, MAX_DEPTH = 0.5, 40.0
"""Distances from the eye between which things are drawn; units of the space."""


class GlSurface(PointSurface):
    """A widget of OpenGL that fills the view, and leaves mouse and keyboard to it.

    Args:
        view: What it is drawn in.
    """

    name = "opengl"

    def __init__(self, view: SpaceWidget) -> None:
        self._view = view
        self._canvas = _Canvas(view)
        self.resize()

    def redraw(self) -> None:
        """Gives the card what changed."""
        self._canvas.refresh()

    def paint(self) -> None:
        """Nothing: the canvas covers the view."""

    def grab(self) -> QImage:
        """The picture in the screen's own pixels."""
        return QImage(self._canvas.grabFramebuffer())

    def resize(self) -> None:
        """Fills the view."""
        self._canvas.setGeometry(self._view.rect())
        self._canvas.refresh()


class _Canvas(GLViewWidget):  # type: ignore[misc]  # pyqtgraph has no types
    def __init__(self, view: SpaceWidget) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._floor = GLLinePlotItem(mode="lines", glOptions="translucent")
        self._floor.setDepthValue(-1)
        self._points = GLScatterPlotItem(glOptions="opaque")
        self.addItem(self._floor)
        self.addItem(self._points)

    def refresh(self) -> None:
        """Hands colours, sizes and places to the card; then draws."""
        view, colours = self._view, theme.current()
        background = np.array(colours.color("space").getRgbF())
        self.opts["bgcolor"] = tuple(background)
        lines = floor_lines()
        line = np.array(colours.color("line").getRgbF())
        shades = [np.append(line[:3], alpha / 255) for _, alpha in lines for _end in range(2)]
        self._floor.setData(pos=np.concatenate([ends for ends, _ in lines]), color=np.array(shades))
        shown = view.points.shown
        self._points.setVisible(bool(shown.any()))
        if shown.any():
            places = view.points.places[shown]
            _, near = view.camera.project(places, (float(view.width()), float(view.height())))
            haze = FOG * (near.max() - near) / max(float(np.ptp(near)), 1e-6)
            ink = view.points.colours(colours.name == "dark")[shown] / 255
            ink += haze[:, None] * (background[:3] - ink)
            radius = point_radius(view.camera, view.width(), view.height()) * self.devicePixelRatioF()
            opaque = np.column_stack([ink, np.ones(len(ink))])
            self._points.setData(pos=places, color=opaque, size=2 * radius * near)
        self.update()

    def projectionMatrix(self, region: object, viewport: object) -> QMatrix4x4:  # noqa: N802
        """The perspective of `Camera.project`, so that what is pointed at is what is seen."""
        view = self._view
        width, height = max(1, view.width()), max(1, view.height())
        camera = view.camera
        scale = camera.scale((float(width), float(height)))
        across, up = 2 * scale / width, 2 * scale / height
        depth = (MAX_DEPTH + MIN_DEPTH) / (MAX_DEPTH - MIN_DEPTH)
        offset = -2 * MAX_DEPTH * MIN_DEPTH / (MAX_DEPTH - MIN_DEPTH)
        left, low = camera.pan_x * across, camera.pan_y * up
        rows = (
            (DISTANCE * across, 0.0, -left, left * DISTANCE),
            (0.0, DISTANCE * up, -low, low * DISTANCE),
            (0.0, 0.0, -depth, depth * DISTANCE + offset),
            (0.0, 0.0, -1.0, DISTANCE),
        )
        return QMatrix4x4(*(float(value) for row in rows for value in row))

    def viewMatrix(self) -> QMatrix4x4:  # noqa: N802
        """The camera's rotation."""
        whole = np.eye(4)
        whole[:3, :3] = self._view.camera.rotation
        return QMatrix4x4(*(float(value) for value in whole.ravel()))

    def paintGL(self) -> None:  # noqa: N802
        """Draws floor and points, then what the view has over them."""
        super().paintGL()
        painter = QPainter(self)
        self._view.paint_over(painter)
        painter.end()
