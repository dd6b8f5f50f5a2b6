"""The list of recordings that were dropped, with the pitch of each, beside what the model makes of them."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..state.recordings import Recording
from .header import ElidedLabel
from .reading_progress import ReadingProgress


class RecordingPanel(QWidget):
    """Recordings with their pitch, and buttons to compare each with the model's note.

    Args:
        pitch_names: Names of the notes that a recording can be corrected to, with their MIDI numbers.
    """

    go_asked = pyqtSignal(int)
    """To the point of the recording of this index."""
    original_asked = pyqtSignal(int)
    """The recording of this index is to be played."""
    model_asked = pyqtSignal(int)
    """The model's note at its point is to be played."""
    pitch_corrected = pyqtSignal(int, object)
    """Index, and the MIDI pitch or None."""
    removed = pyqtSignal(int)
    open_asked = pyqtSignal()
    stop_asked = pyqtSignal()
    """Files that are not read yet are to be left out."""

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
        self.reading = self._build_reading_strip()
        self.list = QListWidget()
        self.list.setAccessibleName("Recordings")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._show)
        self.list.itemActivated.connect(lambda _item: self.go_asked.emit(self.list.currentRow()))
        self.buttons: dict[str, QPushButton] = {}
        self.detail = self._build_detail(pitch_names)
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

    def show_recordings(self, recordings: Sequence[Recording], current: int) -> None:
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

    def show_progress(self, progress: ReadingProgress) -> None:
        """Shows the share of the dropped files that is read; hidden when all are."""
        self.reading.setVisible(not progress.is_over)
        self.bar.setValue(round(100 * progress.fraction))
        self.bar_words.setText(progress.in_words())
        self.bar_words.setToolTip(progress.in_words())

    def _build_detail(self, pitch_names: Sequence[tuple[str, int]]) -> QWidget:
        """The pitch of the chosen recording, and the buttons that do something with it."""
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
        grid = QGridLayout()
        grid.addWidget(QLabel("Pitch"), 0, 0)
        grid.addWidget(self.pitch, 0, 1)
        grid.addWidget(self.measured, 1, 0, 1, 2)
        for i, (words, signal, tip) in enumerate(
            (
                ("A  original", self.original_asked, "Hear the recording itself (1)."),
                ("B  model", self.model_asked, "Hear what the model makes of it with the present mix (2)."),
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
        detail = QWidget()
        detail.setObjectName("inside")
        detail.setLayout(grid)
        grid.setContentsMargins(0, 0, 0, 0)
        return detail

    def _build_reading_strip(self) -> QWidget:
        """The progress bar of reading, with its button."""
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
