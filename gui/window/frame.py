"""The frame of the window: header, piano, and between them a line of text until a model is open."""

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..widgets.header import Header
from ..widgets.piano import Piano

BOTTOM_HEIGHT = 156
PANEL_WIDTHS, BOTTOM_WIDTHS = (330, 800, 290), (330, 1100)
"""Before a person moves the borders between them."""
MIN_LEFT_WIDTH = 236


class WindowFrame(QWidget):
    """The central widget of the window, with a place for the panels of a model.

    Args:
        letter_of: See `Piano`.
    """

    def __init__(self, letter_of: Callable[[int], str | None]) -> None:
        super().__init__()
        self.header = Header()
        self.piano = Piano(letter_of)
        self.words = QLabel("Starting …")
        self.busy = QProgressBar()
        self.open_model, self.train_model = QPushButton("Open model …"), QPushButton("Train a model …")
        self._choices = QWidget()
        """Both buttons, shown where no model could be opened."""
        self._stack = QStackedWidget()
        self.across = QSplitter(Qt.Orientation.Horizontal)
        """The panels of the model, side by side."""
        self._bottom = QSplitter(Qt.Orientation.Horizontal)
        self._stack.addWidget(self._build_waiting())
        self.across.setChildrenCollapsible(False)
        self.across.setHandleWidth(8)
        self._stack.addWidget(self.across)
        self._fill_bottom()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 2)
        layout.setSpacing(8)
        layout.addWidget(self.header)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._bottom)
        self._enable_saving(False)

    def show_opening(self, name: str) -> None:
        """Shows that a model is being opened."""
        self.busy.show()
        self._choices.hide()
        self._stack.setCurrentIndex(0)
        self.words.setText(f"Opening {name} …")

    def show_problem(self, reason: str) -> None:
        """Shows why no model is open, and offers another one."""
        self.busy.hide()
        self._choices.show()
        self.words.setText(reason[:1].upper() + reason[1:])

    def add_panels(self, left: QWidget, middle: QWidget, right: QWidget, bottom_left: QWidget) -> None:
        """Takes the panels of an open model; `show_panels` brings them to the front."""
        for widget in (left, middle, right):
            self.across.addWidget(widget)
        self.across.setSizes(list(PANEL_WIDTHS))
        self.across.setStretchFactor(1, 1)
        left.setMinimumWidth(MIN_LEFT_WIDTH)
        self._bottom.insertWidget(0, bottom_left)
        self._bottom.setSizes(list(BOTTOM_WIDTHS))
        self._bottom.setStretchFactor(1, 1)

    def show_panels(self) -> None:
        """Shows the panels in place of the line of text."""
        self._stack.setCurrentIndex(1)
        self._enable_saving(True)

    def remove_panels(self) -> None:
        """Removes the panels of the model."""
        for splitter in (self.across, self._bottom):
            for i in reversed(range(splitter.count())):
                widget = splitter.widget(i)
                if widget is not None and not widget.isAncestorOf(self.piano):
                    widget.setParent(None)
                    widget.deleteLater()

    def _build_waiting(self) -> QFrame:
        """The page that is shown while a model is opened."""
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setObjectName("title")
        self.words.setWordWrap(True)
        self.busy.setRange(0, 0)
        self.busy.setFixedWidth(260)
        self.busy.setTextVisible(False)
        self.open_model.setObjectName("primary")
        row = QHBoxLayout(self._choices)
        for button in (self.open_model, self.train_model):
            row.addWidget(button)
        self._choices.hide()
        page = QFrame()
        page.setObjectName("panel")
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addWidget(self.busy, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._choices, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _fill_bottom(self) -> None:
        self._bottom.setChildrenCollapsible(False)
        self._bottom.setHandleWidth(8)
        self._bottom.setFixedHeight(BOTTOM_HEIGHT)
        keys = QFrame()
        keys.setObjectName("panel")
        inside = QVBoxLayout(keys)
        inside.setContentsMargins(10, 8, 10, 8)
        inside.addWidget(self.piano)
        self._bottom.addWidget(keys)

    def _enable_saving(self, enabled: bool) -> None:
        for button in (self.header.render_button, self.header.save):
            button.setEnabled(enabled)
