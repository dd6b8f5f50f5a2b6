"""The level meter: a bar in dB of full scale with the peak of the last second."""

import math
import time

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from .. import theme

MIN_DB = -60.0
FALL_DB_PER_S = 40.0
HOLD_S = 1.0
TICKS_DB = (-48, -36, -24, -12, 0)


class LevelMeter(QWidget):
    """A horizontal meter."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(190, 30)
        self.setAccessibleName("Level")
        self.setToolTip("<b>Level</b> in dB of full scale; the line is the peak of the last second.")
        self.level_db = self.peak_db = MIN_DB
        self._peaked_s = self._shown_s = time.monotonic()

    def show_peak(self, peak: float) -> None:
        """Takes the largest sample since the last call."""
        now_s = time.monotonic()
        fallen = self.level_db - FALL_DB_PER_S * (now_s - self._shown_s)
        heard = 20 * math.log10(peak) if peak > 1e-6 else -120.0
        level = max(MIN_DB, fallen, heard)
        peak_db = self.peak_db
        if level >= peak_db or now_s - self._peaked_s > HOLD_S:
            peak_db, self._peaked_s = level, now_s
        self._shown_s = now_s
        if (level, peak_db) != (self.level_db, self.peak_db):
            self.level_db, self.peak_db = level, peak_db
            self.setAccessibleDescription(f"{level:.0f} dB")
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws it."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(0, 4, self.width(), 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color("raised"))
        painter.drawRoundedRect(body, 4, 4)
        for name, start, stop in (("cool", MIN_DB, -12.0), ("accent", -12.0, -3.0), ("warn", -3.0, 0.0)):
            if self.level_db > start:
                left, right = self._x(start), self._x(min(self.level_db, stop))
                painter.setBrush(colours.color(name))
                painter.drawRect(QRectF(left, 5, right - left, 8))
        if self.peak_db > MIN_DB:
            painter.setPen(QPen(colours.color("text"), 2))
            x = int(self._x(self.peak_db))
            painter.drawLine(x, 4, x, 14)
        painter.setPen(colours.color("muted"))
        painter.setFont(theme.small_font(self.font(), 7))
        for tick in TICKS_DB:
            spot = QRectF(self._x(tick) - 14, 16, 28, 12)
            spot.moveRight(min(spot.right(), self.width()))
            painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), str(tick))

    def _x(self, decibels: float) -> float:
        return self.width() * (decibels - MIN_DB) / -MIN_DB
