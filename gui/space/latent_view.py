"""The latent space to look at and to play: turn it, point at notes, drag the cursor, draw a path."""

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip

from ..state.camera import Camera, Floats64, pick
from ..state.session import Session
from ..state.space_points import SpacePoints
from .graphics_card import Renderer, has_graphics_card
from .latent_overlay import LatentOverlay
from .point_surface import PointSurface, SoftwareSurface
from .space_widget import SpaceWidget

PICK_PIXELS = 7.0
CURSOR_PIXELS = 16.0
TURN_PER_PIXEL = 0.008


class LatentView(SpaceWidget):
    """The latent space under mouse and keyboard.

    Args:
        session: Holds the cursor.
        points: The training notes.
        renderer: Draws them; see `make_surface`.
    """

    moved = pyqtSignal()
    """The cursor was dragged."""
    released = pyqtSignal()
    """The cursor was let go."""
    note_asked = pyqtSignal(int, bool)
    """A point was clicked: its index, and whether its own mix is wanted."""
    point_picked = pyqtSignal(int)
    """The click that was waited for: the index of a point, or -1 for none."""

    def __init__(self, session: Session, points: SpacePoints, renderer: Renderer = "auto") -> None:
        super().__init__(session, points)
        self._overlay = LatentOverlay(self, session)
        self._press: QPointF | None = None
        self._last = QPointF()
        self._drags_cursor = self._was_moved = False
        self.surface = make_surface(self, renderer)
        self.setMouseTracking(True)
        self.setMinimumSize(280, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Latent space")
        self.setAccessibleDescription(
            "Arrow keys turn it, plus and minus zoom; with Ctrl, arrow keys and Page Up, Page Down move the "
            "cursor."
        )

    def set_camera(self, camera: Camera) -> None:
        """Looks from another place."""
        self.camera = camera
        self.redraw()

    def wait_for_point(self, words: str) -> None:
        """Asks for a click on a point; empty words end that."""
        self.waiting_words = words
        self.redraw()

    def redraw(self) -> None:
        """Draws everything again, soon."""
        self.surface.redraw()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws floor, points, path, marks and the cursor."""
        self.surface.paint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Keeps what draws the points as large as the view."""
        self.surface.resize()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Takes over the colours of another theme."""
        if event is not None and event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.redraw()

    def paint_over(self, painter: QPainter) -> None:
        """Draws what lies over the points."""
        self._overlay.paint(painter)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Takes hold of the cursor, or of the space."""
        if event is None:
            return
        self._press = self._last = event.position()
        self._was_moved = False
        near_cursor = (event.position() - self.cursor_on_screen()).manhattanLength() < CURSOR_PIXELS
        left = event.button() == Qt.MouseButton.LeftButton
        self._drags_cursor = near_cursor and left and not self.waiting_words

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drags the cursor, turns, pans, or shows which note is under the mouse."""
        if event is None:
            return
        position = event.position()
        if self._press is None:
            self._hover(position)
            return
        delta, self._last = position - self._last, position
        self._was_moved = self._was_moved or (position - self._press).manhattanLength() > 4
        if self._drags_cursor:
            self._drag_cursor(position)
        elif event.buttons() & Qt.MouseButton.LeftButton and not (
            event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self.set_camera(self.camera.rotated(delta.x() * TURN_PER_PIXEL, delta.y() * TURN_PER_PIXEL))
        else:
            self.set_camera(self.camera.panned(delta.x(), delta.y(), self.size_in_pixels))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Ends a drag; a click plays."""
        if event is None or self._press is None:
            return
        if self._drags_cursor:
            self._drags_cursor = False
            self._session.settle()
            self.released.emit()
        elif not self._was_moved:
            index = self._pick(event.position())
            if self.waiting_words:
                self.point_picked.emit(-1 if index is None else index)
            elif index is not None:
                own = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
                self.note_asked.emit(index, own)
        self._press = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Resets the view."""
        if event is not None and self._pick(event.position()) is None:
            self.set_camera(Camera())

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """Zooms."""
        if event is not None:
            self.set_camera(self.camera.zoomed(1.0015 ** event.angleDelta().y()))
            event.accept()

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """Nothing is under the mouse any more."""
        self.hovered = None
        self.redraw()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Turns, zooms, and moves the cursor."""
        if event is None:
            return
        key, moves = Qt.Key(event.key()), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        turns = {
            Qt.Key.Key_Left: (-0.1, 0.0),
            Qt.Key.Key_Right: (0.1, 0.0),
            Qt.Key.Key_Up: (0.0, -0.1),
            Qt.Key.Key_Down: (0.0, 0.1),
        }
        steps = {
            Qt.Key.Key_Left: (-0.1, 0.0, 0.0),
            Qt.Key.Key_Right: (0.1, 0.0, 0.0),
            Qt.Key.Key_Up: (0.0, 0.1, 0.0),
            Qt.Key.Key_Down: (0.0, -0.1, 0.0),
            Qt.Key.Key_PageUp: (0.0, 0.0, 0.1),
            Qt.Key.Key_PageDown: (0.0, 0.0, -0.1),
        }
        if moves and key in steps:
            self._move_cursor(self.cursor_place() + np.array(steps[key]) @ self.camera.rotation)
        elif key in turns:
            self.set_camera(self.camera.rotated(*turns[key]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self.set_camera(self.camera.zoomed(1.15 if key == Qt.Key.Key_Plus else 1 / 1.15))
        else:
            super().keyPressEvent(event)

    def _drag_cursor(self, position: QPointF) -> None:
        """Moves the cursor in the plane of the screen, as deep in the space as it is."""
        _, near = self.camera.project(self.cursor_place()[None], self.size_in_pixels)
        self._move_cursor(
            self.camera.unproject(position.x(), position.y(), float(near[0]), self.size_in_pixels)
        )

    def _move_cursor(self, place: Floats64) -> None:
        latent = self.points.axes.latent(place.clip(-4.0, 4.0), self._session.sound.latent)
        self._session.set_latent(latent)
        self.moved.emit()

    def _hover(self, position: QPointF) -> None:
        index = self._pick(position)
        over_cursor = (position - self.cursor_on_screen()).manhattanLength() < CURSOR_PIXELS
        shape = Qt.CursorShape.OpenHandCursor if over_cursor else Qt.CursorShape.ArrowCursor
        self.setCursor(Qt.CursorShape.PointingHandCursor if index is not None and not over_cursor else shape)
        if index != self.hovered:
            self.hovered = index
            QToolTip.hideText()
            self.redraw()

    def _pick(self, position: QPointF) -> int | None:
        if not len(self.points):
            return None
        pixels, near = self.camera.project(self.points.places, self.size_in_pixels)
        return pick(pixels, near, self.points.shown, position.x(), position.y(), PICK_PIXELS)


def make_surface(view: SpaceWidget, renderer: Renderer) -> PointSurface:
    """Chooses what draws the points best on this machine.

    Args:
        view: What it is drawn in.
        renderer: `auto` takes the graphics card where there is a real one.
    """
    if renderer == "software" or (renderer == "auto" and not has_graphics_card()):
        return SoftwareSurface(view)
    try:
        from .gl_surface import GlSurface  # needs OpenGL, which is not on every machine

        return GlSurface(view)
    except Exception:  # no library, or a driver that promises more than it keeps
        return SoftwareSurface(view)
