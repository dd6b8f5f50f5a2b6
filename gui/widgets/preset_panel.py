"""The list of presets: save, find, rename, remove."""

from collections.abc import Callable

from PyQt6.QtCore import QPoint, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mcnn.errors import InputError

from ..state.presets import Preset, PresetFolder


class PresetPanel(QWidget):
    """Saves, finds, renames and removes presets.

    Args:
        folder: Holds them as files.
        as_preset: Gives the present sound as a preset of a name.
        show_message: Shows a person why something failed.
    """

    chosen = pyqtSignal(object)
    """A `Preset`."""

    def __init__(
        self,
        folder: PresetFolder,
        as_preset: Callable[[str], Preset],
        show_message: Callable[[str], object],
    ) -> None:
        super().__init__()
        self.setObjectName("inside")
        self._folder, self._as_preset, self._show_message = folder, as_preset, show_message
        self.list = QListWidget()
        self.list.setAccessibleName("Presets")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setToolTip("Double-click or Enter: take it. F2: rename. Delete: remove.")
        self.list.itemActivated.connect(self._load)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.empty = QLabel("Nothing here yet. Save a sound that you like; it is a small JSON file.")
        self.empty.setObjectName("muted")
        self.empty.setWordWrap(True)
        save = QPushButton("Save as preset …")
        save.setToolTip("The present sound under a name (Ctrl+P), with the pad and the recorded path.")
        save.clicked.connect(lambda: self.ask_and_save())
        buttons = QHBoxLayout()
        self.rename = QPushButton("Rename")
        self.remove = QPushButton("Remove")
        self.rename.clicked.connect(self._rename)
        self.remove.clicked.connect(self._remove)
        for button in (self.rename, self.remove):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(save)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.refresh()

    def refresh(self) -> None:
        """Lists the presets that there are."""
        names = self._folder.names()
        self.list.clear()
        self.list.addItems(names)
        self.empty.setVisible(not names)
        self.list.setVisible(bool(names))
        for button in (self.rename, self.remove):
            button.setEnabled(bool(names))

    def ask_and_save(self) -> None:
        """Asks for a name and saves the present sound."""
        name, agreed = QInputDialog.getText(self, "Save as preset", "Name of the preset:")
        if agreed and name.strip():
            self.save(name.strip())

    def save(self, name: str) -> None:
        """Saves the present sound."""
        self._try(lambda: self._folder.save(self._as_preset(name)))

    def load(self, name: str) -> None:
        """Takes a preset."""
        self._try(lambda: self.chosen.emit(self._folder.load(name)))

    def _load(self, item: QListWidgetItem) -> None:
        self.load(item.text())

    def _rename(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        name, agreed = QInputDialog.getText(self, "Rename", "New name:", text=item.text())
        if agreed:
            self._try(lambda: self._folder.rename(item.text(), name))

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._try(lambda: self._folder.remove(item.text()))

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        for words, work in (("Rename …", self._rename), ("Remove", self._remove)):
            action = menu.addAction(words)
            assert action is not None
            action.triggered.connect(work)
        menu.exec(self.list.mapToGlobal(place))

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (InputError, OSError) as error:
            self._show_message(str(error))
        self.refresh()
