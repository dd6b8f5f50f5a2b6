"""The legend of the latent space's colours; a click hides a label, a double click hides all others."""

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from ..state.point_colors import Rgb
from ..state.space_points import SpacePoints


class LegendRow(QWidget):
    """One label."""

    clicked = pyqtSignal()
    isolated = pyqtSignal()

    def __init__(self, label: str, colour: Rgb, count: int, shown: bool) -> None:
        super().__init__()
        self.label, self._colour, self._count, self.is_shown = label, QColor(*colour), count, shown
        self.setFixedHeight(24)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{label}, {count} notes, {'shown' if shown else 'hidden'}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click: hide or show. Double-click: this one alone.")

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws the dot, the label and how many there are."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, 2))
        painter.setBrush(self._colour if self.is_shown else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(5, 7, 10, 10))
        painter.setPen(colours.color("text" if self.is_shown else "muted"))
        box = QRectF(self.rect()).adjusted(24, 0, -6, 0)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.label)
        painter.setPen(colours.color("muted"))
        painter.drawText(
            box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), f"{self._count:,}"
        )
        if self.hasFocus():
            painter.setPen(QPen(colours.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Hides or shows."""
        self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Hides all others."""
        self.isolated.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Enter hides or shows, with Shift hides all others."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            alone = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.isolated if alone else self.clicked).emit()
        elif event is not None:
            super().keyPressEvent(event)


class Legend(QWidget):
    """Chooses what points are coloured by, and which are shown.

    Args:
        points: The points whose labels it lists.
    """

    changed = pyqtSignal()

    def __init__(self, points: SpacePoints) -> None:
        super().__init__()
        self.setObjectName("inside")
        self._points = points
        self.colour_by = QComboBox()
        self.colour_by.addItems([name.replace("_", " ") for name in points.colourings])
        self.colour_by.setAccessibleName("Colour points by")
        self.colour_by.currentIndexChanged.connect(self._recolour)
        everything = QPushButton("Show all")
        everything.setAccessibleName("Show all points")
        everything.clicked.connect(self._show_all)
        top = QHBoxLayout()
        top.addWidget(QLabel("Colour by"))
        top.addWidget(self.colour_by, 1)
        top.addWidget(everything)
        self.rows: dict[str, LegendRow] = {}
        self._inside = QWidget()
        self._inside.setObjectName("inside")
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidget(self._inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        self.refresh()

    def refresh(self) -> None:
        """Lists the labels of the present colouring."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = {}
        for label, colour, count in self._points.legend(theme.current().name == "dark"):
            row = LegendRow(label, colour, count, self._points.is_shown(label))
            row.clicked.connect(lambda label=label: self._toggle(label))
            row.isolated.connect(lambda label=label: self._isolate(label))
            self._column.addWidget(row)
            self.rows[label] = row
        self._column.addStretch(1)

    def _recolour(self, index: int) -> None:
        self._points.colour_by = self._points.colourings[index]
        self.refresh()
        self.changed.emit()

    def _toggle(self, label: str) -> None:
        self._points.show(label, not self._points.is_shown(label))
        self._reshow()

    def _isolate(self, label: str) -> None:
        # The two clicks of a double click have hidden it and shown it again, or the other way round.
        self._points.show(label, True)
        self._points.show_only(label)
        self._reshow()

    def _show_all(self) -> None:
        self._points.show_all()
        self._reshow()

    def _reshow(self) -> None:
        for label, row in self.rows.items():
            row.is_shown = self._points.is_shown(label)
            row.update()
        self.changed.emit()
