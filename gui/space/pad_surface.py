"""The square of the pad: its corners, the puck, and the share of each corner under the puck."""

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QRadialGradient,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..state.latent_pad import LatentPad
from ..state.session import Session

MARGIN = 17.0
"""Pixels between the edge of the widget and the places at 0 and 1."""
STEP, FINE_STEP = 0.05, 0.01
"""Distance of one press of an arrow key, without and with Shift."""
FINE_DRAG = 0.2
"""Share of the mouse's movement that the puck makes with Shift."""
CORNER_PLACES = ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0))
"""`x` and `y` of corners 1 to 4."""
HINT = "Choose points for two corners or more, or let chance fill them."


class PadSurface(QWidget):
    """Drag the puck, or move it by the arrow keys.

    Args:
        session: Holds the pad.
    """

    moved = pyqtSignal()
    """The puck is being moved."""
    released = pyqtSignal()
    """The puck was let go."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._last: QPointF | None = None
        self._target = (0.0, 0.0)
        self._state: tuple[LatentPad, bool] | None = None
        self.setMinimumSize(130, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Pad")
        self.setToolTip(
            "<b>Pad</b><br>Four sounds in its corners, everything between them inside. Drag the puck, or use "
            "the arrow keys; with Shift it moves finely. Double-click or Home: the middle."
        )
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        """About square."""
        return QSize(260, 190)

    def refresh(self) -> None:
        """Shows what the session holds."""
        pad = self._session.pad
        state = pad, pad.leads_to(self._session.sound.latent)
        if state == self._state:
            return
        self._state = state
        parts = [f"{100 * pad.x:.0f} % from the left, {100 * pad.y:.0f} % from below"]
        for i, (corner, weight) in enumerate(zip(pad.corners, pad.weights(), strict=True)):
            parts.append(f"corner {i + 1} " + (f"{100 * weight:.0f} %" if corner is not None else "empty"))
        self.setAccessibleDescription("; ".join(parts))
        self.setCursor(Qt.CursorShape.ArrowCursor if pad.is_empty else Qt.CursorShape.CrossCursor)
        self.update()

    def place_on_screen(self, x: float, y: float) -> QPointF:
        """The pixel of a place on the pad."""
        area = self._area()
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def _area(self) -> QRectF:
        """The rectangle of the places from 0 to 1."""
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws the corners, and the puck with lines to them."""
        painter, colours, pad = QPainter(self), theme.current(), self._session.pad
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.small_font(self.font(), 8.5))
        frame = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        shape = QPainterPath()
        shape.addRoundedRect(frame, 7, 7)
        painter.fillPath(shape, colours.color("space"))
        painter.setClipPath(shape)
        spots = [self.place_on_screen(*place) for place in CORNER_PLACES]
        for corner, spot in zip(pad.corners, spots, strict=True):
            if corner is not None:
                painter.fillPath(shape, self._glow(spot))
        self._paint_grid(painter)
        puck = self.place_on_screen(*pad.place)
        weights = pad.weights()
        for corner, spot, weight in zip(pad.corners, spots, weights, strict=True):
            if corner is not None:
                painter.setPen(QPen(colours.color("accent", round(40 + 180 * weight)), 1 + 3.5 * weight))
                painter.drawLine(spot, puck)
        for i, spot in enumerate(spots):
            self._paint_corner(painter, i, spot, weights[i])
        painter.setClipping(False)
        painter.setPen(QPen(colours.color("accent" if self.hasFocus() else "line"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 7, 7)
        if pad.is_empty:
            painter.setPen(colours.color("muted"))
            words = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self._area().adjusted(8, 12, -8, -12), words, HINT)
        else:
            self._paint_puck(painter, puck, pad.leads_to(self._session.sound.latent))

    def _glow(self, spot: QPointF) -> QBrush:
        light, gradient = theme.current().color("cool"), QRadialGradient(spot, 0.75 * self._area().width())
        for at, alpha in ((0.0, 70), (0.5, 22), (1.0, 0)):
            gradient.setColorAt(at, QColor(light.red(), light.green(), light.blue(), alpha))
        return QBrush(gradient)

    def _paint_grid(self, painter: QPainter) -> None:
        for i in range(5):
            painter.setPen(QPen(theme.current().color("line", 190 if i == 2 else 90), 1))
            painter.drawLine(self.place_on_screen(i / 4, 0), self.place_on_screen(i / 4, 1))
            painter.drawLine(self.place_on_screen(0, i / 4), self.place_on_screen(1, i / 4))

    def _paint_corner(self, painter: QPainter, i: int, spot: QPointF, weight: float) -> None:
        colours, chosen = theme.current(), self._session.pad.corners[i] is not None
        middle = int(Qt.AlignmentFlag.AlignCenter)
        box = QRectF(spot.x() - 9, spot.y() - 9, 18, 18)
        style = Qt.PenStyle.SolidLine if chosen else Qt.PenStyle.DashLine
        painter.setPen(QPen(colours.color("cool" if chosen else "muted"), 1.4, style))
        painter.setBrush(colours.color("cool" if chosen else "space"))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(colours.color("space" if chosen else "muted"))
        painter.drawText(box, middle, str(i + 1))
        if chosen:
            inward = 1 if CORNER_PLACES[i][0] == 0.0 else -1
            words = QRectF(spot.x() + inward * 30 - 19, spot.y() - 9, 38, 18)
            painter.setPen(colours.color("text" if weight > 0.005 else "muted"))
            painter.drawText(words, middle, f"{100 * weight:.0f} %")

    def _paint_puck(self, painter: QPainter, spot: QPointF, is_there: bool) -> None:
        """Draws the puck like the cursor of the latent space; hollow while the cursor is elsewhere."""
        colours = theme.current()
        painter.setPen(Qt.PenStyle.NoPen)
        if is_there:
            for radius, alpha in ((19, 26), (14, 46)):
                painter.setBrush(colours.color("accent", alpha))
                painter.drawEllipse(spot, radius, radius)
        painter.setPen(QPen(colours.color("space"), 2.5))
        painter.setBrush(colours.color("text" if is_there else "muted"))
        painter.drawEllipse(spot, 8.5, 8.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color("accent" if is_there else "space"))
        painter.drawEllipse(spot, 4.5, 4.5)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Brings the puck to the mouse."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._session.pad.is_empty:
            return
        area, self._last = self._area(), event.position()
        x = (self._last.x() - area.left()) / max(area.width(), 1.0)
        y = (area.bottom() - self._last.y()) / max(area.height(), 1.0)
        self._move((x, y))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drags the puck."""
        if event is None or self._last is None:
            return
        area, delta, self._last = self._area(), event.position() - self._last, event.position()
        share = FINE_DRAG if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        x = self._target[0] + share * delta.x() / max(area.width(), 1.0)
        y = self._target[1] - share * delta.y() / max(area.height(), 1.0)
        self._move((x, y))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Lets the puck go."""
        if self._last is not None and event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._last = None
            self._let_go()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Moves the puck to the middle."""
        self.to_place(0.5, 0.5)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Moves the puck by a step."""
        if event is None:
            return
        step = FINE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        ways = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Up: (0.0, step),
            Qt.Key.Key_Down: (0.0, -step),
        }
        key = Qt.Key(event.key())
        if self._session.pad.is_empty or (key not in ways and key != Qt.Key.Key_Home):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Home:
            self.to_place(0.5, 0.5)
        else:
            x, y = self._session.pad.place
            self._move((round(x + ways[key][0], 4), round(y + ways[key][1], 4)))

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Ends the movement by a key that was held."""
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        if event is not None and event.key() in arrows and not self._session.pad.is_empty:
            if not event.isAutoRepeat():
                self._let_go()
        elif event is not None:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Shows that the arrow keys are its own."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Shows that the arrow keys are not its own any more."""
        self.update()

    def to_place(self, x: float, y: float) -> None:
        """Moves the puck there in one step, and lets it be heard."""
        if not self._session.pad.is_empty:
            self._session.settle()
            self._move((x, y))
            self._let_go()

    def _move(self, target: tuple[float, float]) -> None:
        self._target = target
        self._session.move_puck(*target)
        self.moved.emit()

    def _let_go(self) -> None:
        self._session.settle()
        self.released.emit()
