"""Rendering the present sound over many notes: what the command line does, in a dialog."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

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
from aae.rendering.output import OutputSettings
from mcnn.errors import InputError
from mcnn.plain import duration_in_words

from ..background import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aae.rendering.render_set import NoteReady

    from ..state.instrument import Instrument

INVERTERS = ("mcnn", "griffin-lim", "rtpghi", "pghi")
FORMATS: dict[str, FormatName] = {
    "WAV files": "wav",
    "SFZ": "sfz",
    "DecentSampler": "decent-sampler",
    "DecentSampler library": "dslibrary",
    "SoundFont 2": "sf2",
}


class RenderDialog(QDialog):
    """Asks which notes and where to, then renders them beside the window.

    Args:
        instrument: Whose sound.
        folder: Where to, until another one is chosen.
        parent: The window.
    """

    def __init__(self, instrument: "Instrument", folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Render instrument")
        self.setMinimumWidth(520)
        self._instrument = instrument
        self.task = Task(self)
        self.task.progressed.connect(self._progress)
        self.task.succeeded.connect(self._done)
        self.task.failed.connect(self._failed)
        self.task.ended.connect(self._ended)
        self._started_s, self._total, self._made = 0.0, 0, 0
        bounds = instrument.session.trained_range() or (48, 72)
        title = QLabel(instrument.session.title())
        title.setObjectName("title")
        title.setWordWrap(True)
        self.notes = QLineEdit(f"{pitch_name(bounds[0])}-{pitch_name(bounds[1])}")
        self.notes.setToolTip("Notes and ranges: C3-B4, or C4,E4,G4, or MIDI numbers.")
        self.variations = QSpinBox()
        self.variations.setRange(1, 64)
        self.variations.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.variations.setToolTip(
            "Takes of each note; further ones lie near the cursor, as round robins do."
        )
        self.inverter = QComboBox()
        self.inverter.addItems(INVERTERS)
        self.inverter.setCurrentText(instrument.inverter)
        self.inverter.setToolTip("The way from spectrogram to sound.")
        self.format = QComboBox()
        self.format.addItems(list(FORMATS))
        self.format.setToolTip("WAV files alone, or with an instrument for a sampler: even loudness, loops.")
        self.folder = QLineEdit(str(folder))
        browse = QPushButton("Choose …")
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(browse)
        form = QFormLayout()
        form.addRow("Notes", self.notes)
        form.addRow("Variations", self.variations)
        form.addRow("Inverter", self.inverter)
        form.addRow("Format", self.format)
        form.addRow("Folder", where)
        for name, widget in (
            ("Notes", self.notes),
            ("Variations", self.variations),
            ("Inverter", self.inverter),
            ("Format", self.format),
            ("Folder", self.folder),
        ):
            widget.setAccessibleName(name)
        self.bar = QProgressBar()
        self.bar.setVisible(False)
        self.words = QLabel("24-bit WAV files and manifest.jsonl, as <i>clariolin render</i> makes them.")
        self.words.setObjectName("muted")
        self.words.setWordWrap(True)
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
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addLayout(form)
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        layout.addLayout(buttons)

    def begin(self) -> None:
        """Renders; what was made before is kept."""
        try:
            pitches = parse_pitches(self.notes.text())
        except InputError as error:
            self._failed(str(error))
            return
        folder = Path(self.folder.text()).expanduser()
        sound, variations, inverter = (
            self._instrument.session.sound,
            self.variations.value(),
            self.inverter.currentText(),
        )
        mix, format = self._instrument.session.full_mix(), FORMATS[self.format.currentText()]
        self._started_s, self._made, self._total = time.monotonic(), 0, len(pitches) * variations
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self.start.setEnabled(False)
        self.stop.setText("Cancel")
        self.words.setText("Preparing …")

        def work() -> "Iterator[NoteReady]":
            from aae.rendering.note_task import SerialRenderer
            from aae.rendering.plan import RenderJob, plan_jobs
            from aae.rendering.render_set import render_notes
            from aae.synthesis.inverters import choose_inverter
            from aae.synthesis.synthesizer import Synthesizer

            loaded = self._instrument.loaded
            chosen = choose_inverter(inverter, loaded)
            synthesizer = Synthesizer(loaded, chosen.inverter, chosen.notice)
            job = RenderJob([mix], pitches, variations, sound.latent, sound.seed)
            output = OutputSettings.for_format(format)
            plan = plan_jobs(synthesizer.info, self._instrument.path, [job], inverter=inverter, output=output)
            return render_notes(plan, folder, lambda _n_notes: SerialRenderer(synthesizer))

        self.task.run(work)

    def _progress(self, note: "NoteReady") -> None:
        self.bar.setRange(0, note.total)
        self.bar.setValue(note.done)
        self._made += not note.kept
        elapsed_s = time.monotonic() - self._started_s
        left_s = elapsed_s / max(1, self._made) * (note.total - note.done)
        self.words.setText(f"{note.row['file']}, {duration_in_words(left_s)} left")

    def _done(self, _result: object) -> None:
        self.words.setText(f"Done: {self._total} notes in {self.folder.text()}")

    def _failed(self, why: str) -> None:
        self.words.setText(why)

    def _ended(self) -> None:
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
