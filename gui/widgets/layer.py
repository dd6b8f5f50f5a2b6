"""Cached pictures of the parts of a widget that seldom change, so that painting the others costs little.

The window's thread and the one that makes the sound take turns in Python: needless painting makes dropouts.
"""

from collections.abc import Callable, Hashable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPixmap
from PyQt6.QtWidgets import QWidget

from .. import theme


class Layer:
    """Keeps the picture of a whole widget, in the screen's own pixels, until something it depends on changes.

    Args:
        widget: Painted as a whole; its size, its scale and the theme are always part of what it depends on.
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._picture: QPixmap | None = None
        self._drawn_for: Hashable = None

    def picture(self, depends_on: Hashable, draw: Callable[[QPainter], object]) -> QPixmap:
        """The picture; drawn anew, on nothing, where what it depends on is not what it was."""
        widget, ratio = self._widget, self._widget.devicePixelRatioF()
        now = widget.width(), widget.height(), ratio, theme.current().name, depends_on
        if self._picture is None or self._drawn_for != now:
            picture = QPixmap(max(1, round(widget.width() * ratio)), max(1, round(widget.height() * ratio)))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            draw(painter)
            painter.end()
            self._picture, self._drawn_for = picture, now
        return self._picture
