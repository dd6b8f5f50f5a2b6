"""The plain knob beside the latent space: turn it and the sound becomes another one of its kind."""

import math

from PyQt6.QtCore import QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QDial,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
)

from .. import theme
from ..state.session import Session
from ..state.sound import MAX_VARIATION

STEPS_A_VARIATION = 100
VARIATIONS_A_TURN = 8


class VariationDial(QDial):
    """An endless knob; a turn is eight variations."""

    turned = pyqtSignal(float)
    """Number of variations it was turned by; negative is back."""

    def __init__(self) -> None:
        super().__init__()
        self.setWrapping(True)
        self.setRange(0, STEPS_A_VARIATION * VARIATIONS_A_TURN)
        self.setSingleStep(10)
        self.setPageStep(STEPS_A_VARIATION)
        self.setFixedSize(92, 92)
        self.setAccessibleName("Variation")
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setToolTip(
            "<b>Variation</b><br>The same mix, another note of it. Whole numbers are points of their own, "
            "between them one becomes the next.<br>Drag up and down, use the wheel or the arrow keys; with "
            "Shift it moves finely."
        )
        self._shown = 0
        self._drag_y: float | None = None
        self._rest = 0.0
        self.valueChanged.connect(self._report_turn)

    def show_variation(self, variation: float | None) -> None:
        """Stands where the session is; pale if the point was not chosen by the knob."""
        turn = STEPS_A_VARIATION * VARIATIONS_A_TURN
        self.setEnabled(True)
        self._is_pale = variation is None
        if variation is not None:
            self._shown = round(variation * STEPS_A_VARIATION) % turn
            self.setValue(self._shown)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws the knob with a mark a variation."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, radius = QPointF(self.width() / 2, self.height() / 2), self.width() / 2 - 13
        angle = 2 * math.pi * self.value() / (STEPS_A_VARIATION * VARIATIONS_A_TURN)
        for i in range(VARIATIONS_A_TURN):
            mark = 2 * math.pi * i / VARIATIONS_A_TURN
            near = 1 - min(abs(math.remainder(mark - angle, 2 * math.pi)) / 0.6, 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color("accent" if near > 0 else "line"))
            painter.drawEllipse(_around(middle, radius + 8, mark), 2 + 1.4 * near, 2 + 1.4 * near)
        painter.setBrush(colours.color("raised"))
        painter.setPen(QPen(colours.color("accent" if self.hasFocus() else "line"), 1.5))
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(
            QPen(colours.color("muted" if self._is_pale else "accent"), 4, cap=Qt.PenCapStyle.RoundCap)
        )
        painter.drawLine(_around(middle, radius * 0.45, angle), _around(middle, radius * 0.82, angle))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Takes hold of the knob."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._drag_y, self._rest = event.position().y() - event.position().x(), 0.0
            self.sliderPressed.emit()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Turns it: up and right is onward."""
        if event is None or self._drag_y is None:
            return
        place = event.position().y() - event.position().x()
        fine = 0.15 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        self._rest += (self._drag_y - place) * 2.0 * fine
        self._drag_y = place
        whole = int(self._rest)
        self._rest -= whole
        self.setValue((self.value() + whole) % self.maximum())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Lets go."""
        self._drag_y = None
        self.sliderReleased.emit()

    def _report_turn(self, value: int) -> None:
        if value == self._shown:
            return
        turn = STEPS_A_VARIATION * VARIATIONS_A_TURN
        moved = (value - self._shown + turn // 2) % turn - turn // 2
        self._shown = value
        self.turned.emit(moved / STEPS_A_VARIATION)


class VariationPanel(QFrame):
    """Knob, number, and the two buttons of chance."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._session = session
        caption = QLabel("VARIATION")
        caption.setObjectName("caption")
        self.dial = VariationDial()
        self.dial.turned.connect(self._turn)
        self.dial.sliderReleased.connect(session.settle)
        self.number = QDoubleSpinBox()
        self.number.setRange(0.0, MAX_VARIATION)
        self.number.setDecimals(2)
        self.number.setSingleStep(1.0)
        self.number.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.number.setAccessibleName("Number of the variation")
        self.number.setToolTip("Whole numbers are what the command line calls <i>--seed</i>.")
        self.number.valueChanged.connect(self._typed)
        self.new = QPushButton("New variation")
        self.new.setObjectName("primary")
        self.new.setToolTip("<b>Another note of the same mix</b>, at random (N).")
        self.new.clicked.connect(lambda: session.new_variation())
        self.surprise = QPushButton("Surprise me")
        self.surprise.setToolTip("<b>Another mix and variation</b> at random; locked sliders stay (M).")
        self.surprise.clicked.connect(lambda: session.surprise())
        buttons = QVBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.number)
        buttons.addWidget(self.new)
        buttons.addWidget(self.surprise)
        row = QHBoxLayout()
        row.addWidget(self.dial)
        row.addLayout(buttons, 1)
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        layout.addWidget(caption, 0, 0)
        layout.addLayout(row, 1, 0)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the session holds."""
        variation = self._session.sound.variation
        self.dial.show_variation(variation)
        self.number.blockSignals(True)
        if variation is not None:
            self.number.setValue(variation)
        self.number.setPrefix("" if variation is not None else "away from ")
        self.number.blockSignals(False)

    def _turn(self, by: float) -> None:
        now = self._session.sound.variation
        self._session.set_variation(round((self.number.value() if now is None else now) + by, 4))

    def _typed(self, value: float) -> None:
        self._session.set_variation(value)
        self._session.settle()


def _around(middle: QPointF, radius: float, angle: float) -> QPointF:
    """A point on a circle; angle 0 is above, clockwise."""
    return QPointF(middle.x() + radius * math.sin(angle), middle.y() - radius * math.cos(angle))
