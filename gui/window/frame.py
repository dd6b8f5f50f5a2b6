"""The window's frame: what is there before a model is open."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
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


class WindowFrame(QMainWindow):
    """Header, a place for the panels, piano, status line."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Clariolin")
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.setMinimumSize(860, 560)
        self.header = Header()
        self.piano = Piano()
        self.words = QLabel("Starting …")
        self.busy = QProgressBar()
        self.ways_on = QWidget()
        """What a person can do where no model is open."""
        self.open_model, self.train_model = QPushButton("Open model …"), QPushButton("Train a model …")
        self.stack = QStackedWidget()
        self.across = QSplitter(Qt.Orientation.Horizontal)
        self.bottom = QSplitter(Qt.Orientation.Horizontal)
        self.device = QLabel("")
        self._fill_stack()
        self._fill_bottom()
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(10, 4, 10, 2)
        layout.setSpacing(8)
        layout.addWidget(self.header)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.bottom)
        self.setCentralWidget(middle)
        status = self.statusBar()
        assert status is not None
        status.addPermanentWidget(self.device)

    def _fill_stack(self) -> None:
        """What is shown while a model is opened, and the place for its panels."""
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setObjectName("title")
        self.words.setWordWrap(True)
        self.busy.setRange(0, 0)
        self.busy.setFixedWidth(260)
        self.busy.setTextVisible(False)
        self.open_model.setObjectName("primary")
        row = QHBoxLayout(self.ways_on)
        for button in (self.open_model, self.train_model):
            row.addWidget(button)
        self.ways_on.hide()
        waiting = QFrame()
        waiting.setObjectName("panel")
        column = QVBoxLayout(waiting)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addWidget(self.busy, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.ways_on, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.stack.addWidget(waiting)
        self.across.setChildrenCollapsible(False)
        self.across.setHandleWidth(8)
        self.stack.addWidget(self.across)

    def _fill_bottom(self) -> None:
        self.bottom.setChildrenCollapsible(False)
        self.bottom.setHandleWidth(8)
        self.bottom.setFixedHeight(BOTTOM_HEIGHT)
        keys = QFrame()
        keys.setObjectName("panel")
        inside = QVBoxLayout(keys)
        inside.setContentsMargins(10, 8, 10, 8)
        inside.addWidget(self.piano)
        self.bottom.addWidget(keys)
