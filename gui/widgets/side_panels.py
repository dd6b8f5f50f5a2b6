"""Presets, and recordings that were dropped: the lists at the right of the window."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mcnn.errors import InputError

from ..state.presets import Preset, PresetShelf
from .header import ElidedLabel

if TYPE_CHECKING:
    from ..state.recordings import Recording
    from .reading_progress import ReadingProgress


class PresetPanel(QWidget):
    """Saves, finds, renames and removes presets.

    Args:
        shelf: Where they are.
        make: The present sound as a preset of a name.
        say: Shows a person what went wrong.
    """

    chosen = pyqtSignal(object)
    """A `Preset`."""

    def __init__(
        self, shelf: PresetShelf, make: Callable[[str], Preset], say: Callable[[str], object]
    ) -> None:
        super().__init__()
        self.setObjectName("inside")
        self._shelf, self._make, self._say = shelf, make, say
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
        """Lists what there is."""
        names = self._shelf.names()
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
        self._try(lambda: self._shelf.save(self._make(name)))

    def load(self, name: str) -> None:
        """Takes a preset."""
        self._try(lambda: self.chosen.emit(self._shelf.load(name)))

    def _load(self, item: QListWidgetItem) -> None:
        self.load(item.text())

    def _rename(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        name, agreed = QInputDialog.getText(self, "Rename", "New name:", text=item.text())
        if agreed:
            self._try(lambda: self._shelf.rename(item.text(), name))

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._try(lambda: self._shelf.remove(item.text()))

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
            self._say(str(error))
        self.refresh()


class RecordingPanel(QWidget):
    """The recordings that were dropped, with their pitch, and A/B with what the model makes of them.

    Args:
        pitch_names: Names of the notes that a recording can be corrected to, with their MIDI numbers.
    """

    go_asked = pyqtSignal(int)
    """To the point of the recording of this index."""
    original_asked = pyqtSignal(int)
    made_asked = pyqtSignal(int)
    pitch_corrected = pyqtSignal(int, object)
    """Index, and the MIDI pitch or None."""
    removed = pyqtSignal(int)
    open_asked = pyqtSignal()
    stop_asked = pyqtSignal()
    """The files that wait are not to be read."""

    def __init__(self, pitch_names: Sequence[tuple[str, int]]) -> None:
        super().__init__()
        self.setObjectName("inside")
        self.empty = QLabel(
            "Drop audio files anywhere in the window. Each becomes a point of the space; sliders and the "
            "knob then make variations of it."
        )
        self.empty.setObjectName("muted")
        self.empty.setWordWrap(True)
        open_button = QPushButton("Open audio files …")
        open_button.clicked.connect(self.open_asked)
        self.reading = self._reading_strip()
        self.list = QListWidget()
        self.list.setAccessibleName("Recordings")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._show)
        self.list.itemActivated.connect(lambda _item: self.go_asked.emit(self.list.currentRow()))
        self.pitch = QComboBox()
        self.pitch.setAccessibleName("Pitch of the recording")
        self.pitch.setToolTip("<b>Its pitch</b> as it was measured; correct it if it is not what you hear.")
        self.pitch.addItem("no pitch", None)
        for name, midi_pitch in pitch_names:
            self.pitch.addItem(name, midi_pitch)
        self.pitch.activated.connect(
            lambda _i: self.pitch_corrected.emit(self.list.currentRow(), self.pitch.currentData())
        )
        self.measured = QLabel()
        self.measured.setObjectName("muted")
        self.measured.setWordWrap(True)
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.addWidget(QLabel("Pitch"), 0, 0)
        grid.addWidget(self.pitch, 0, 1)
        grid.addWidget(self.measured, 1, 0, 1, 2)
        for i, (words, signal, tip) in enumerate(
            (
                ("A  original", self.original_asked, "Hear the recording itself (1)."),
                ("B  model", self.made_asked, "Hear what the model makes of it with the present mix (2)."),
                (
                    "Go to its point",
                    self.go_asked,
                    "Take its point for the cursor: the keys play variations.",
                ),
                ("Remove", self.removed, "Take it off the shelf; the file stays."),
            )
        ):
            button = QPushButton(words)
            button.setToolTip(tip)
            button.clicked.connect(lambda _on, signal=signal: signal.emit(self.list.currentRow()))
            grid.addWidget(button, 2 + i // 2, i % 2)
            self.buttons[words] = button
        self.detail = QWidget()
        self.detail.setObjectName("inside")
        self.detail.setLayout(grid)
        grid.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(open_button)
        layout.addWidget(self.reading)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.detail)
        layout.addStretch(0)
        self._recordings: Sequence[Recording] = ()
        self.show_recordings((), -1)

    def show_recordings(self, recordings: "Sequence[Recording]", current: int) -> None:
        """Lists recordings; one of them is chosen."""
        self._recordings = recordings
        self.list.blockSignals(True)
        self.list.clear()
        for recording in recordings:
            item = QListWidgetItem(recording.name)
            item.setToolTip(str(recording.path))
            self.list.addItem(item)
        self.list.setCurrentRow(current)
        self.list.blockSignals(False)
        self.empty.setVisible(not recordings)
        self.list.setVisible(bool(recordings))
        self._show(current)

    def show_progress(self, progress: "ReadingProgress") -> None:
        """How far the files that were dropped are read; nothing of it when all are."""
        self.reading.setVisible(not progress.is_over)
        self.bar.setValue(round(100 * progress.fraction))
        self.bar_words.setText(progress.in_words())
        self.bar_words.setToolTip(progress.in_words())

    def _reading_strip(self) -> QWidget:
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setFormat("%p %")
        self.bar.setAccessibleName("Reading recordings")
        self.bar_words = ElidedLabel()
        self.bar_words.setObjectName("muted")
        self.bar_words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        stop = QPushButton("Stop")
        stop.setAccessibleName("Stop reading")
        stop.setToolTip("Leave out the files that are still to be read.")
        stop.clicked.connect(self.stop_asked)
        strip = QWidget()
        strip.setObjectName("inside")
        grid = QGridLayout(strip)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.bar, 0, 0)
        grid.addWidget(stop, 0, 1)
        grid.addWidget(self.bar_words, 1, 0, 1, 2)
        strip.setVisible(False)
        return strip

    def _show(self, row: int) -> None:
        there = 0 <= row < len(self._recordings)
        self.detail.setVisible(there)
        if not there:
            return
        recording = self._recordings[row]
        self.pitch.setCurrentIndex(max(0, self.pitch.findData(recording.midi_pitch)))
        if recording.measured_pitch is None:
            self.measured.setText("No pitch was heard.")
        else:
            nearest = round(recording.measured_pitch)
            index = self.pitch.findData(nearest)
            name = self.pitch.itemText(index) if index >= 0 else str(nearest)
            cents = 100 * (recording.measured_pitch - nearest)
            self.measured.setText(f"Measured: {name} {cents:+.0f} cents")
