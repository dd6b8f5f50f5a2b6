"""The piano: the model's range, the trained range, the keys that sound, and the letters that play them."""

from collections.abc import Callable

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from .layer import Layer

BLACK_STEPS = (1, 3, 6, 8, 10)
BLACK_WIDTH, BLACK_HEIGHT = 0.6, 0.62


class Piano(QWidget):
    """Keys to press with the mouse; lower on a key is harder. Arrow keys and Enter play it, too.

    Args:
        letter_of: Gives the letter that plays a MIDI pitch on the computer's keyboard, or None.
    """

    pressed = pyqtSignal(int, int)
    """MIDI pitch and velocity."""
    released = pyqtSignal(int)

    def __init__(self, letter_of: Callable[[int], str | None] = lambda _pitch: None) -> None:
        super().__init__()
        self.low, self.high = 24, 108
        self.trained: tuple[int, int] | None = None
        self.sounding: set[int] = set()
        self._letter_of = letter_of
        self._at_rest = Layer(self)
        self._under: int | None = None
        self.chosen = 60
        """The key that the arrow keys have reached."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Piano")
        self.setToolTip(
            "<b>Piano</b><br>Lower on a key is harder. The amber line is where this sound was trained; "
            "beyond it the model guesses.<br>The letters play it from the computer's keyboard."
        )

    def set_range(self, low: int, high: int) -> None:
        """Shows whole octaves around a range of MIDI pitches."""
        self.low, self.high = low // 12 * 12, min(127, -(-(high + 1) // 12) * 12)
        if self.high % 12 in BLACK_STEPS:
            self.high += 1
        self.update()

    def set_trained(self, bounds: tuple[int, int] | None) -> None:
        """Marks the trained range."""
        if bounds != self.trained:
            self.trained = bounds
            self.update()

    def set_sounding(self, pitches: set[int]) -> None:
        """Lights keys."""
        for pitch in pitches ^ self.sounding:
            self.update(self._seen_of(pitch))
        self.sounding = pitches

    def key_at(self, x: float, y: float) -> int | None:
        """MIDI pitch of the key at a place in the widget."""
        for pitch, spot in self._keys(black=True):
            if spot.contains(x, y):
                return pitch
        for pitch, spot in self._keys(black=False):
            if spot.contains(x, y):
                return pitch
        return None

    def place_of(self, midi_pitch: int) -> QRectF:
        """The rectangle of a key."""
        black = midi_pitch % 12 in BLACK_STEPS
        return next(spot for pitch, spot in self._keys(black) if pitch == midi_pitch)

    def _keys(self, black: bool) -> list[tuple[int, QRectF]]:
        whites = [p for p in range(self.low, self.high + 1) if p % 12 not in BLACK_STEPS]
        width, top = self.width() / len(whites), 8.0
        height = self.height() - top
        if not black:
            return [(pitch, QRectF(i * width, top, width, height)) for i, pitch in enumerate(whites)]
        return [
            (
                pitch + 1,
                QRectF((i + 1 - BLACK_WIDTH / 2) * width, top, BLACK_WIDTH * width, height * BLACK_HEIGHT),
            )
            for i, pitch in enumerate(whites[:-1])
            if (pitch + 1) % 12 in BLACK_STEPS
        ]

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws the keys at rest, and what is seen of those that sound."""
        painter = QPainter(self)
        letters = tuple(self._letter_of(pitch) for pitch in range(self.low, self.high + 1))
        looks = self.low, self.high, self.trained, letters, self.chosen if self.hasFocus() else None
        painter.drawPixmap(0, 0, self._at_rest.picture(looks, self._paint_keys))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour, ink = theme.current().color("accent"), theme.current().color("accent_text")
        for pitch in self.sounding:
            if self.low <= pitch <= self.high:
                spot = self.place_of(pitch)
                painter.setClipRegion(self._seen_of(pitch))
                self._paint_key(painter, pitch, spot, colour, ink, lit=True)
                if pitch % 12 == 0:
                    self._paint_octave(painter, pitch, spot, ink)

    def _seen_of(self, pitch: int) -> QRegion:
        """The part of a key that black keys do not cover; empty beyond the keyboard's ends."""
        if not self.low <= pitch <= self.high:
            return QRegion()
        seen = QRegion(self.place_of(pitch).toAlignedRect())
        if pitch % 12 not in BLACK_STEPS:
            for other, spot in self._keys(black=True):
                if abs(other - pitch) == 1:
                    seen -= QRegion(spot.toAlignedRect())
        return seen

    def _paint_keys(self, painter: QPainter) -> None:
        dark = theme.current().name == "dark"
        white, ink = QColor("#d9d8d4" if dark else "#ffffff"), QColor("#1b1d22")
        for pitch, spot in self._keys(black=False):
            self._paint_key(painter, pitch, spot, white, ink)
        for pitch, spot in self._keys(black=False):  # wider than a narrow key, so after its neighbours
            if pitch % 12 == 0:
                self._paint_octave(painter, pitch, spot, ink)
        for pitch, spot in self._keys(black=True):
            self._paint_key(painter, pitch, spot, QColor("#22252c" if dark else "#33363d"), QColor("#c9ccd3"))
        self._paint_trained(painter)

    def _paint_octave(self, painter: QPainter, pitch: int, spot: QRectF, ink: QColor) -> None:
        """The name of a C, kept within the keyboard."""
        shown = QColor(ink)
        shown.setAlpha(200)
        painter.setPen(shown)
        painter.setFont(theme.small_font(self.font(), 8))
        name = f"C{pitch // 12 - 1}"
        width = painter.fontMetrics().horizontalAdvance(name) + 2.0
        x = min(max(spot.center().x() - width / 2, 0.0), self.width() - width)
        bottom = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        painter.drawText(QRectF(x, spot.top(), width, spot.height() - 5), bottom, name)

    def _paint_key(
        self, painter: QPainter, pitch: int, spot: QRectF, colour: QColor, ink: QColor, lit: bool = False
    ) -> None:
        colours, black = theme.current(), pitch % 12 in BLACK_STEPS
        known = self.trained is not None and self.trained[0] <= pitch <= self.trained[1]
        if not known and not lit:
            colour = colour.darker(128) if not black else colour.lighter(118)
        shade = QLinearGradient(spot.topLeft(), spot.bottomLeft())
        shade.setColorAt(0.0, colour.darker(112) if not black else colour.darker(125))
        shade.setColorAt(0.85, colour)
        shade.setColorAt(1.0, colour.darker(106))
        painter.setPen(QPen(colours.color("window"), 1))
        painter.setBrush(shade)
        painter.drawRoundedRect(spot.adjusted(0.5, -4, -0.5, -1), 3, 3)
        if pitch == self.chosen and self.hasFocus():
            painter.setPen(QPen(colours.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(spot.adjusted(2, 0, -2, -3), 2, 2)
        letter = self._letter_of(pitch)
        painter.setFont(theme.small_font(self.font(), 8))
        bottom = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        if letter and spot.width() > (7 if black else 12):
            shown = QColor(ink)
            shown.setAlpha(240 if black else 160)
            painter.setPen(shown)
            painter.setFont(theme.small_font(self.font(), 7 if black else 8))
            lift = -20 if pitch % 12 == 0 else -5
            painter.drawText(spot.adjusted(-4, 0, 4, lift), bottom, letter)

    def _paint_trained(self, painter: QPainter) -> None:
        colours = theme.current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(QRectF(0, 0, self.width(), 8), colours.color("window"))
        painter.setBrush(colours.color("line"))
        painter.drawRoundedRect(QRectF(0, 1, self.width(), 4), 2, 2)
        if self.trained is None:
            return
        low, high = max(self.trained[0], self.low), min(self.trained[1], self.high)
        if low <= high:
            left, right = self.place_of(low).left(), self.place_of(high).right()
            painter.setBrush(colours.color("accent"))
            painter.drawRoundedRect(QRectF(left, 1, right - left, 4), 2, 2)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Plays the key under the mouse."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._move_to(event.position().x(), event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Slides over the keys."""
        if event is not None and self._under is not None:
            self._move_to(event.position().x(), event.position().y())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Lets the key go."""
        self._let_go()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows choose a key, Enter plays it."""
        if event is None:
            return
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 12, Qt.Key.Key_Down: -12}
        key = Qt.Key(event.key())
        if key in steps:
            self.chosen = min(max(self.chosen + steps[key], self.low), self.high)
            self.setAccessibleDescription(f"key {self.chosen}")
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.pressed.emit(self.chosen, 100)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Lets the chosen key go."""
        if event is not None and Qt.Key(event.key()) in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.released.emit(self.chosen)
        else:
            super().keyReleaseEvent(event)

    def _move_to(self, x: float, y: float) -> None:
        pitch = self.key_at(x, y)
        if pitch == self._under:
            return
        self._let_go()
        if pitch is not None:
            spot = self.place_of(pitch)
            share = (y - spot.top()) / spot.height()
            self._under = self.chosen = pitch
            self.pressed.emit(pitch, round(40 + 87 * min(max(share, 0.0), 1.0)))

    def _let_go(self) -> None:
        if self._under is not None:
            self.released.emit(self._under)
            self._under = None
