"""One label of a mix as a bar that is drawn out to its weight: 0 to 2, with a mark at 1."""

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PyQt6.QtWidgets import QMenu, QSlider, QWidget

from .. import theme

STEPS = 100
"""Of the slider from weight 0 to 1."""
HEIGHT = 30
SOLO_WIDTH = 26


class WeightSlider(QSlider):
    """A slider that shows its label inside; drag anywhere in it.

    Args:
        label: Its weight is shown.
        parent: The panel.
    """

    weight_changed = pyqtSignal(float)
    """A person moved it; the weight, 0 to 2."""
    settled = pyqtSignal()
    solo_asked = pyqtSignal()
    lock_asked = pyqtSignal()

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.label = label
        self.is_locked = self.is_solo = self.is_silenced = False
        self.max_weight = 2.0
        self.setRange(0, 2 * STEPS)
        self.setSingleStep(5)
        self.setPageStep(25)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(120)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.setAccessibleName(f"Weight of {label}")
        self.setToolTip(
            f"<b>{label}</b><br>Drag to mix it in; double-click for this one alone. Beyond the mark it is "
            "exaggerated.<br>S at the right: hear it solo. Right-click: lock it."
        )
        self._shown = 0
        self._state: tuple[float, bool, bool, bool, float] | None = None
        self._is_dragged = False
        self.valueChanged.connect(self._report_change)

    @property
    def weight(self) -> float:
        """0 to 2."""
        return self.value() / STEPS

    def show_state(self, weight: float, locked: bool, solo: bool, silenced: bool, max_weight: float) -> None:
        """Shows what the session holds, without a signal."""
        state = weight, locked, solo, silenced, max_weight
        if state == self._state and self.value() == round(weight * STEPS):
            return
        self._state = state
        self.is_locked, self.is_solo, self.is_silenced, self.max_weight = locked, solo, silenced, max_weight
        self._shown = round(weight * STEPS)
        self.setMaximum(round(max_weight * STEPS))
        self.setValue(self._shown)
        self.setAccessibleDescription(f"{weight:.2f}{', locked' if locked else ''}{', solo' if solo else ''}")
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws the bar."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(1, 2, self.width() - 2, HEIGHT - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color("raised", 150 if self.weight or self.underMouse() else 70))
        painter.drawRoundedRect(body, 5, 5)
        if self.weight:
            filled = QRectF(body)
            filled.setWidth(max(6.0, self._x_of(self.weight) - body.left()))
            colour = colours.color("cool" if self.is_solo else "accent", 70 if self.is_silenced else 210)
            painter.setBrush(colour)
            painter.drawRoundedRect(filled, 5, 5)
        if self.max_weight > 1:
            painter.setPen(QPen(colours.color("muted", 90), 1, Qt.PenStyle.DotLine))
            mark = round(self._x_of(1.0))
            painter.drawLine(mark, 5, mark, HEIGHT - 6)
        self._paint_words(painter, body)
        if self.hasFocus():
            painter.setPen(QPen(colours.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body, 5, 5)

    def _paint_words(self, painter: QPainter, body: QRectF) -> None:
        colours = theme.current()
        inner = body.adjusted(24 if self.is_locked else 9, 0, -SOLO_WIDTH - 4, 0)
        if self.is_locked:
            self._paint_lock(painter)
        font = self.font()
        font.setBold(bool(self.weight))
        painter.setFont(font)
        words = self.label
        value = f"{self.weight:.2f}" if self.weight else ""
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        filled_to = self._x_of(self.weight) if self.weight else 0.0
        # Words are drawn twice, each colour only where it can be read.
        for clip, name in (
            (QRectF(0, 0, filled_to, HEIGHT), "text" if self.is_silenced else "accent_text"),
            (
                QRectF(filled_to, 0, self.width() - filled_to, HEIGHT),
                "text" if self.weight or self.underMouse() else "muted",
            ),
        ):
            painter.save()
            painter.setClipRect(clip)
            painter.setPen(colours.color(name))
            painter.drawText(inner, left, words)
            painter.drawText(inner, right, value)
            painter.restore()
        if self.is_solo or self.underMouse() or self.hasFocus():
            spot = QRectF(self.width() - SOLO_WIDTH, 6, SOLO_WIDTH - 6, HEIGHT - 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color("cool" if self.is_solo else "line"))
            painter.drawRoundedRect(spot, 4, 4)
            painter.setPen(colours.color("panel" if self.is_solo else "text"))
            painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), "S")

    def _paint_lock(self, painter: QPainter) -> None:
        colours = theme.current()
        name = "accent_text" if self.weight and self._x_of(self.weight) > 18 else "text"
        painter.setPen(QPen(colours.color(name), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(10.5, 8, 6, 9), 0, 180 * 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(name))
        painter.drawRoundedRect(QRectF(9, 13, 9, 8), 1.5, 1.5)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Begins a drag, or asks for solo."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.position().x() > self.width() - SOLO_WIDTH:
            self.solo_asked.emit()
            return
        self._is_dragged = True
        self._drag_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drags."""
        if event is not None and self._is_dragged:
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Ends a drag."""
        if self._is_dragged:
            self._is_dragged = False
            self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Full weight, or none."""
        if event is not None and event.position().x() <= self.width() - SOLO_WIDTH:
            self.setValue(0 if self.weight == 1.0 else STEPS)
            self.settled.emit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """Leaves the wheel to the list, unless Ctrl is held: else scrolling would change the sound."""
        if event is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        elif event is not None:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:  # noqa: N802
        """Offers what the bar itself has no room for."""
        if event is None:
            return
        menu = QMenu(self)
        lock = menu.addAction("Unlock" if self.is_locked else "Lock")
        solo = menu.addAction("End solo" if self.is_solo else "Solo")
        chosen = menu.exec(event.globalPos())
        if chosen is not None and chosen is lock:
            self.lock_asked.emit()
        elif chosen is not None and chosen is solo:
            self.solo_asked.emit()

    def _x_of(self, weight: float) -> float:
        return 1 + (self.width() - 2) * weight / self.max_weight

    def _drag_to(self, x: float) -> None:
        self.setValue(round((x - 1) / max(1, self.width() - 2) * self.max_weight * STEPS))

    def _report_change(self, value: int) -> None:
        if value != self._shown:
            self._shown = value
            self.weight_changed.emit(value / STEPS)
