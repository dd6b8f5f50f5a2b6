"""Rendering the present sound over many notes: what the command line does, in a dialog."""

import time
from pathlib import Path
from typing import cast, get_args

from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aae.notes.pitch_names import parse_pitches, pitch_name
from aae.rendering.format_names import FormatName
from aae.rendering.render_set import NoteReady
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName
from mcnn.plain import duration_in_words

from ..background import Task
from ..state.instrument import Instrument
from ..state.set_rendering import SetSettings, job_of, render_set

FORMATS: dict[str, FormatName] = {
    "WAV files": "wav",
    "SFZ": "sfz",
    "DecentSampler": "decent-sampler",
    "DecentSampler library": "dslibrary",
    "SoundFont 2": "sf2",
}
DEFAULT_RANGE = (48, 72)
"""MIDI pitches offered where the model was not trained with the present mix."""
MAX_VARIATIONS = 64


class RenderDialog(QDialog):
    """Asks for notes and a folder, then renders them beside the window.

    Args:
        instrument: Its present sound is rendered.
        folder: Where to, until another one is chosen.
        parent: The window.
    """

    def __init__(self, instrument: Instrument, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Render instrument")
        self.setMinimumWidth(520)
        self._instrument = instrument
        self.task = Task(self)
        self.task.progressed.connect(self._show_progress)
        self.task.succeeded.connect(self._show_success)
        self.task.failed.connect(self._show_failure)
        self.task.ended.connect(self._end)
        self._started_s, self._n_notes, self._n_rendered = 0.0, 0, 0
        title = QLabel(instrument.session.title())
        title.setObjectName("title")
        title.setWordWrap(True)
        form = self._build_form(folder)
        self.bar = QProgressBar()
        self.bar.setVisible(False)
        self.words = QLabel("24-bit WAV files and manifest.jsonl, as <i>clariolin render</i> makes them.")
        self.words.setObjectName("muted")
        self.words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addLayout(form)
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        layout.addLayout(self._build_buttons())

    def _build_form(self, folder: Path) -> QFormLayout:
        low, high = self._instrument.session.trained_range() or DEFAULT_RANGE
        self.notes = QLineEdit(f"{pitch_name(low)}-{pitch_name(high)}")
        self.notes.setToolTip("Notes and ranges: C3-B4, or C4,E4,G4, or MIDI numbers.")
        self.variations = QSpinBox()
        self.variations.setRange(1, MAX_VARIATIONS)
        self.variations.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.variations.setToolTip(
            "Takes of each note; further ones lie near the cursor, as round robins do."
        )
        self.inverter = QComboBox()
        self.inverter.addItems(get_args(InverterName))
        self.inverter.setCurrentText(self._instrument.inverter)
        self.inverter.setToolTip("The way from spectrogram to sound.")
        self.format = QComboBox()
        self.format.addItems(list(FORMATS))
        self.format.setToolTip("WAV files alone, or with an instrument for a sampler: even loudness, loops.")
        self.folder = QLineEdit(str(folder))
        browse = QPushButton("Choose …")
        browse.clicked.connect(self._browse)
        folder_row = QHBoxLayout()
        folder_row.addWidget(self.folder, 1)
        folder_row.addWidget(browse)
        form = QFormLayout()
        for name, widget in (
            ("Notes", self.notes),
            ("Variations", self.variations),
            ("Inverter", self.inverter),
            ("Format", self.format),
        ):
            form.addRow(name, widget)
            widget.setAccessibleName(name)
        form.addRow("Folder", folder_row)
        self.folder.setAccessibleName("Folder")
        return form

    def _build_buttons(self) -> QHBoxLayout:
        self.start = QPushButton("Render")
        self.start.setObjectName("primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self.begin)
        self.stop = QPushButton("Close")
        self.stop.clicked.connect(self._cancel_or_close)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.start)
        return buttons

    def begin(self) -> None:
        """Renders; notes that are there already are kept."""
        try:
            pitches = parse_pitches(self.notes.text())
        except InputError as error:
            self._show_failure(str(error))
            return
        settings = SetSettings(
            FORMATS[self.format.currentText()],
            cast(InverterName, self.inverter.currentText()),
            Path(self.folder.text()).expanduser(),
        )
        job = job_of(self._instrument.session, pitches, self.variations.value())
        self._started_s, self._n_rendered = time.monotonic(), 0
        self._n_notes = len(pitches) * self.variations.value()
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self.start.setEnabled(False)
        self.stop.setText("Cancel")
        self.words.setText("Preparing …")
        self.task.run(lambda: render_set(self._instrument, job, settings))

    def _show_progress(self, note: NoteReady) -> None:
        self.bar.setRange(0, note.total)
        self.bar.setValue(note.done)
        self._n_rendered += not note.kept
        elapsed_s = time.monotonic() - self._started_s
        left_s = elapsed_s / max(1, self._n_rendered) * (note.total - note.done)
        self.words.setText(f"{note.row['file']}, {duration_in_words(left_s)} left")

    def _show_success(self, _result: object) -> None:
        self.words.setText(f"Done: {self._n_notes} notes in {self.folder.text()}")

    def _show_failure(self, reason: str) -> None:
        self.words.setText(reason)

    def _end(self) -> None:
        if self.bar.value() < self.bar.maximum() and "Done" not in self.words.text():
            self.bar.setVisible(False)
            if "left" in self.words.text():
                self.words.setText("Cancelled. What is whole stays; rendering again continues.")
        self.start.setEnabled(True)
        self.stop.setText("Close")

    def _cancel_or_close(self) -> None:
        if self.task.is_running:
            self.task.cancel()
        else:
            self.close()

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the files", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Rendering ends with its window, after the note that is being made."""
        self.task.cancel()
        self.task.wait()
        super().closeEvent(event)
