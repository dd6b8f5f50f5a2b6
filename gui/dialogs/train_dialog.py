"""Training from the desktop: a folder, what was found in it, a training to watch, a model."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QPointF, QProcess, QProcessEnvironment, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
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
    QVBoxLayout,
    QWidget,
)

from mcnn.plain import duration_in_words

from .. import theme

PATIENCE_MS = 8000
PICTURE = 580, 320
CLARIOLIN = ("-c", "import sys; from aae.cli.app import main; sys.exit(main(sys.argv[1:]))")
"""Python's arguments to run the command line, which needs no program on the search path."""
COMPLAINT = "clariolin: "
"""Beginning of the line in which the command line says why it failed."""


class ErrorCurve(QWidget):
    """The error on notes that are not trained on, a point a validation."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []
        self.setMinimumHeight(110)
        self.setAccessibleName("Error over epochs")

    def add(self, error_db: float) -> None:
        """Appends a validation."""
        self.values.append(error_db)
        self.setAccessibleDescription(f"{error_db:.2f} dB after {len(self.values)} validations")
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws it."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(52, 8, -8, -8)
        painter.fillRect(box, colours.color("space"))
        painter.setPen(colours.color("muted"))
        if not self.values:
            words = "The error on notes it does not train on will be drawn here."
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
            return
        low, high = min(self.values), max(self.values)
        span = max(high - low, 0.5)
        right = int(Qt.AlignmentFlag.AlignRight)
        painter.drawText(QRectF(0, box.top() - 2, 48, 14), right, f"{high:.1f} dB")
        painter.drawText(QRectF(0, box.bottom() - 12, 48, 14), right, f"{low:.1f} dB")
        step = box.width() / max(1, len(self.values) - 1)
        points = [
            QPointF(box.left() + i * step, box.bottom() - 6 - (box.height() - 12) * (value - low) / span)
            for i, value in enumerate(self.values)
        ]
        painter.setPen(QPen(colours.color("accent"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(colours.color("accent"))
        painter.drawEllipse(points[-1], 3.5, 3.5)


class TrainDialog(QDialog):
    """Builds a NoteBank and trains on it, each in a process of its own.

    Args:
        formats: Namings of recordings that can be read; the first is chosen at first.
        parent: The window.
    """

    model_ready = pyqtSignal(object)
    """Path of a model that is to be played."""

    def __init__(self, formats: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train a model")
        self.resize(640, 620)
        self.process: QProcess | None = None
        self.preset = "orchestra"
        """Name of the recipe, or path of a `.toml` file."""
        self._buffer = b""
        self.folder, self.run_folder = QLineEdit(), QLineEdit()
        self.folder.setPlaceholderText("Recordings: one file, one note")
        self.run_folder.setPlaceholderText("Where the model and all that belongs to it will be")
        self.format = QComboBox()
        self.format.addItems(formats)
        self.format.setToolTip(
            "<b>auto</b>: recognised by its files' names.<br><b>folder</b>: in folders named after what they "
            "are, or with tags.csv."
        )
        form = QFormLayout()
        form.addRow("Recordings", self._with_button(self.folder))
        form.addRow("Named as", self.format)
        form.addRow("Run folder", self._with_button(self.run_folder))
        for name, widget in (
            ("Recordings", self.folder),
            ("Named as", self.format),
            ("Run folder", self.run_folder),
        ):
            widget.setAccessibleName(name)
        self.found = QLabel("It can be stopped at any time; starting it again continues.")
        self.found.setObjectName("muted")
        self.found.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setVisible(False)
        self.words = QLabel("")
        self.words.setWordWrap(True)
        self.curve = ErrorCurve()
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("Recordings, reconstructions, new notes")
        self.start = QPushButton("Start")
        self.start.setObjectName("primary")
        self.start.clicked.connect(self.begin)
        self.stop = QPushButton("Stop")
        self.stop.setEnabled(False)
        self.stop.clicked.connect(self.end)
        self.play = QPushButton("Play the best so far")
        self.play.setEnabled(False)
        self.play.clicked.connect(lambda: self.model_ready.emit(self._model_path()))
        buttons = QHBoxLayout()
        buttons.addWidget(self.play)
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.start)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        for part in (self.found, self.bar, self.words, self.curve):
            layout.addWidget(part)
        layout.addWidget(self.picture, 1)
        layout.addLayout(buttons)

    def begin(self) -> None:
        """Builds the bank, then trains; continues where an earlier start ended."""
        folder, run = Path(self.folder.text()).expanduser(), Path(self.run_folder.text()).expanduser()
        if not folder.is_dir() or not self.folder.text():
            self.words.setText("Choose a folder of recordings.")
            return
        if not self.run_folder.text():
            self.words.setText("Choose a run folder.")
            return
        self.words.setText("Reading the recordings …")
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self._switch(running=True)
        try:
            run.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._failed(f"{run} cannot be made ({error.strerror})")
            return
        bank, kind = str(run / "notes.h5"), self.format.currentText()
        command = ["dataset", "build", str(folder), "--format", kind, "--out", bank, "--json"]
        self._run(command, self._built)

    def end(self) -> None:
        """Stops; what was learned stays."""
        if self.process is not None:
            self.process.terminate()

    def _built(self, status: int) -> None:
        if status:
            self._failed(self._last_error())
            return
        report = json.loads(self._buffer)
        left_out = ", ".join(f"{count} {reason}" for reason, count in report["skipped"].items())
        self.found.setText(
            f"{report['notes']} notes of {report['recordings']} recordings. Left out: {left_out or 'none'}."
        )
        run = Path(self.run_folder.text()).expanduser()
        self.words.setText("Loading the notes …")
        command = ["train", str(run / "notes.h5"), "--preset", self.preset, "--out", str(run), "--json"]
        self._run(command, self._trained)

    def _trained(self, status: int) -> None:
        if status:
            self._failed(self._last_error() or "Stopped. Start continues.")
        else:
            self._switch(running=False)

    def _run(self, command: list[str], ended: Callable[[int], None]) -> None:
        """Starts a command of `clariolin`; `ended` is called with its exit status."""
        self._buffer = b""
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("OMP_WAIT_POLICY", "PASSIVE")
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(lambda status, _how: ended(status))
        self.process = process
        process.start(sys.executable, [*CLARIOLIN, *command])

    def _read(self) -> None:
        assert self.process is not None
        self._buffer += self.process.readAllStandardOutput().data()
        while b"\n" in self._buffer and self._buffer.startswith(b'{"event"'):
            line, self._buffer = self._buffer.split(b"\n", 1)
            self.show_event(json.loads(line))

    def show_event(self, event: dict[str, Any]) -> None:
        """Shows one event of the training, a line of `clariolin train --json`."""
        kind = event["event"]
        if kind == "started":
            self.bar.setRange(0, event["n_steps"])
            self.bar.setValue(event["step"])
            self.words.setText(f"{event['n_train']} notes to train on, {event['n_validation']} to validate.")
        elif kind == "progress":
            self.bar.setValue(event["step"])
            left = event["seconds_left"]
            left_words = "" if left is None else f", {duration_in_words(left)} left"
            self.words.setText(f"Epoch {event['epoch'] + 1}, {event['notes_per_s']:.0f} notes/s{left_words}")
        elif kind == "validated":
            self.curve.add(float(event["metrics"]["validation/mean_error_db"] or 0.0))
            picture = QPixmap(str(Path(self.run_folder.text()).expanduser() / "preview.png"))
            if not picture.isNull():
                smooth = Qt.TransformationMode.SmoothTransformation
                keep = Qt.AspectRatioMode.KeepAspectRatio
                self.picture.setPixmap(picture.scaled(*PICTURE, keep, smooth))
            self.play.setEnabled(self._model_path().is_file())
        elif kind == "finished":
            self.words.setText("Done: the model is ready to be played.")
            self.play.setEnabled(True)

    def _failed(self, why: str) -> None:
        self.words.setText(why)
        self.bar.setVisible(False)
        self._switch(running=False)

    def _last_error(self) -> str:
        """Why the last command failed, in its own words; empty if it was stopped from outside."""
        assert self.process is not None
        lines = self.process.readAllStandardError().data().decode(errors="replace").splitlines()
        complaints = [line.removeprefix(COMPLAINT) for line in lines if line.startswith(COMPLAINT)]
        return complaints[-1] if complaints else ""

    def _switch(self, running: bool) -> None:
        self.start.setEnabled(not running)
        self.stop.setEnabled(running)

    def _model_path(self) -> Path:
        return Path(self.run_folder.text()).expanduser() / "model.safetensors"

    def _with_button(self, field: QLineEdit) -> QHBoxLayout:
        button = QPushButton("Choose …")

        def choose() -> None:
            folder = QFileDialog.getExistingDirectory(self, "Choose a folder", field.text())
            if folder:
                field.setText(folder)

        button.clicked.connect(choose)
        row = QHBoxLayout()
        row.addWidget(field, 1)
        row.addWidget(button)
        return row

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Ends the training with its window; starting again continues."""
        if self.process is not None and self.process.state() != QProcess.ProcessState.NotRunning:
            self.process.finished.disconnect()
            self.process.terminate()
            if not self.process.waitForFinished(PATIENCE_MS):
                self.process.kill()
                self.process.waitForFinished(PATIENCE_MS)
        super().closeEvent(event)
