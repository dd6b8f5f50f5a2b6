"""The right side of the window: tabs, and below them the pad where there is room; else it is a tab, too."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QSplitter, QTabWidget, QVBoxLayout, QWidget

from ..space.pad_panel import PadPanel

MIN_WIDTH = 200


class RightColumn(QFrame):
    """Points, presets and recordings as tabs, and the pad.

    Args:
        pages: Titles and contents of the tabs.
        pad: Stands below them where there is room.
    """

    def __init__(self, pages: tuple[tuple[str, QWidget], ...], pad: PadPanel) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setMinimumWidth(MIN_WIDTH)
        self._pad = pad
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setAccessibleName("Points, presets, recordings and pad")
        for words, page in pages:
            self.tabs.addTab(page, words)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(8)
        self.splitter.addWidget(self.tabs)
        self.splitter.addWidget(pad)
        self.splitter.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 10, 10)
        column.addWidget(self.splitter)

    def set_compact(self, compact: bool) -> None:
        """Moves the pad among the tabs, or below them."""
        pad = self._pad
        is_tab = self.tabs.indexOf(pad) >= 0
        pad.caption.setVisible(not compact)
        if compact and not is_tab:
            self.tabs.addTab(pad, "Pad")
        elif is_tab and not compact:
            self.tabs.removeTab(self.tabs.indexOf(pad))
            self.splitter.addWidget(pad)
            pad.show()

    def show_pad(self) -> None:
        """Brings the pad to the front, and the keyboard to it."""
        if self.tabs.indexOf(self._pad) >= 0:
            self.tabs.setCurrentWidget(self._pad)
        self._pad.surface.setFocus(Qt.FocusReason.ShortcutFocusReason)
