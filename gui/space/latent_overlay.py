"""Paints over the points of the latent space: path, pad, marks, the cursor, and words."""

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPen, QPolygonF

from .. import theme
from ..state.session import Session
from .point_surface import GRID
from .space_widget import SpaceWidget

MAX_NAMED = 8
"""Marks that are shown with their names; more would hide the space."""
PAD_OUTLINE = (0, 1, 3, 2)
"""Corners in the order in which they are neighbours."""


class LatentOverlay:
    """Paints on a view.

    Args:
        view: Where it paints.
        session: Holds cursor, path and pad.
    """

    def __init__(self, view: SpaceWidget, session: Session) -> None:
        self._view, self._session = view, session

    def paint(self, painter: QPainter) -> None:
        """Draws it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.small_font(self._view.font(), 8.5))
        self._paint_marks(painter)
        self._paint_pad(painter)
        self._paint_path(painter)
        self._paint_hovered(painter)
        self._paint_cursor(painter)
        self._paint_words(painter)

    def _paint_path(self, painter: QPainter) -> None:
        if len(self._view.path.points) < 2:
            return
        spots = self._on_screen([point.latent for point in self._view.path.points])
        painter.setPen(QPen(theme.current().color("accent"), 2.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(spots))
        painter.setBrush(theme.current().color("accent"))
        for spot in (spots[0], spots[-1]):
            painter.drawEllipse(spot, 4, 4)

    def _paint_pad(self, painter: QPainter) -> None:
        """Paints the corners with their numbers, joined as on the pad."""
        colours = theme.current()
        corners = [(i, corner) for i, corner in enumerate(self._session.pad.corners) if corner is not None]
        if not corners:
            return
        spots = self._on_screen([corner.latent for _, corner in corners])
        around = [spot for i in PAD_OUTLINE for (j, _), spot in zip(corners, spots, strict=True) if i == j]
        painter.setPen(QPen(colours.color("cool", 170), 1.4))
        painter.setBrush(colours.color("cool", 22))
        painter.drawPolygon(QPolygonF(around))
        for (i, _), spot in zip(corners, spots, strict=True):
            box = QRectF(spot.x() - 8, spot.y() - 8, 16, 16)
            painter.setPen(QPen(colours.color("space"), 1.5))
            painter.setBrush(colours.color("cool"))
            painter.drawRoundedRect(box, 5, 5)
            painter.setPen(colours.color("space"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), str(i + 1))

    def _paint_marks(self, painter: QPainter) -> None:
        colours = theme.current()
        for name, latent in self._view.marks:
            (spot,) = self._on_screen([latent])
            x, y = spot.x(), spot.y()
            painter.setPen(QPen(colours.color("space"), 3))
            painter.setBrush(colours.color("cool"))
            diamond = [QPointF(x, y - 8), QPointF(x + 8, y), QPointF(x, y + 8), QPointF(x - 8, y)]
            painter.drawPolygon(QPolygonF(diamond))
            painter.setPen(QPen(colours.color("text"), 1.4))
            painter.drawPolygon(QPolygonF(diamond))
            if len(self._view.marks) <= MAX_NAMED:
                self._tag(painter, spot, [name])

    def _paint_hovered(self, painter: QPainter) -> None:
        if self._view.hovered is None:
            return
        spot = self._view.place_on_screen(self._view.hovered)
        painter.setPen(QPen(theme.current().color("text"), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(spot, 8, 8)
        tags = self._view.points.tags(self._view.hovered)
        self._tag(painter, spot, [tags.pop("note"), *tags.values()])

    def _tag(self, painter: QPainter, spot: QPointF, lines: list[str]) -> None:
        """Paints a small sign beside a place."""
        colours, metrics = theme.current(), painter.fontMetrics()
        width = max(metrics.horizontalAdvance(line) for line in lines) + 16
        height = metrics.height() * len(lines) + 10
        right, left = spot.x() + 14.0, spot.x() - 14.0 - width
        x = right if right + width < self._view.width() else max(4.0, left)
        y = min(max(4.0, spot.y() - height / 2), self._view.height() - height - 4.0)
        box = QRectF(x, y, width, height)
        painter.setPen(QPen(colours.color("line"), 1))
        painter.setBrush(colours.color("panel", 235))
        painter.drawRoundedRect(box, 5, 5)
        for i, line in enumerate(lines):
            painter.setPen(colours.color("text" if i == 0 else "muted"))
            spot_of_line = QRectF(x + 8, y + 5 + i * metrics.height(), width, metrics.height())
            painter.drawText(spot_of_line, int(Qt.AlignmentFlag.AlignLeft), line)

    def _paint_cursor(self, painter: QPainter) -> None:
        colours, place = theme.current(), self._view.cursor_place()
        below = place.copy()
        below[1] = -GRID
        pixels, _ = self._view.camera.project(np.stack([place, below]), self._view.size_in_pixels)
        spot, foot = QPointF(*pixels[0]), QPointF(*pixels[1])
        painter.setPen(QPen(colours.color("text", 90), 1, Qt.PenStyle.DashLine))
        painter.drawLine(spot, foot)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color("text", 70))
        painter.drawEllipse(foot, 5, 2.5)
        for radius, alpha in ((19, 26), (14, 46)):
            painter.setBrush(colours.color("accent", alpha))
            painter.drawEllipse(spot, radius, radius)
        painter.setPen(QPen(colours.color("space"), 2.5))
        painter.setBrush(colours.color("text"))
        painter.drawEllipse(spot, 8.5, 8.5)
        painter.setBrush(colours.color("accent"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(spot, 4.5, 4.5)

    def _paint_words(self, painter: QPainter) -> None:
        shown = int(self._view.points.shown.sum())
        words = (
            f"{shown:,} of {len(self._view.points):,} training notes"
            if len(self._view.points)
            else "No training notes"
        )
        painter.setPen(theme.current().color("muted"))
        where = QRectF(12, self._view.height() - 26, self._view.width() - 24, 20)
        painter.drawText(where, int(Qt.AlignmentFlag.AlignLeft), words)
        place = ", ".join(f"{value:+.2f}" for value in self._session.sound.latent[:6])
        if self._view.width() > 400:
            painter.drawText(where, int(Qt.AlignmentFlag.AlignRight), f"z = {place}")
        if self._view.waiting_words:
            self._paint_question(painter)

    def _paint_question(self, painter: QPainter) -> None:
        """Paints the request for a click, at the top."""
        colours, words = theme.current(), self._view.waiting_words
        width = painter.fontMetrics().horizontalAdvance(words) + 28
        box = QRectF((self._view.width() - width) / 2, 10, width, 26)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color("accent"))
        painter.drawRoundedRect(box, 13, 13)
        painter.setPen(colours.color("accent_text"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)

    def _on_screen(self, latents: Sequence[tuple[float, ...]]) -> list[QPointF]:
        """The pixels of latents in the view."""
        view = self._view
        pixels, _ = view.camera.project(view.points.axes.shown(np.array(latents)), view.size_in_pixels)
        return [QPointF(float(x), float(y)) for x, y in pixels]
