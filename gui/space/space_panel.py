"""The middle of the window: the latent space with its path, and the last note below it."""

import time

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout

from aae.synthesis.request import NoteRequest

from ..state.camera import Camera
from ..state.instrument import Instrument
from ..state.latent_path import NOTE_INTERVAL_S, LatentPath, PathRecorder
from ..widgets.note_preview_view import NotePreviewView
from .graphics_card import Renderer
from .latent_view import LatentView


class SpacePanel(QFrame):
    """Latent space, path buttons, waveform and spectrogram.

    Args:
        instrument: Plays the points.
        renderer: Draws them; see `make_surface`.
    """

    path_render_asked = pyqtSignal()

    def __init__(self, instrument: Instrument, renderer: Renderer = "auto") -> None:
        super().__init__()
        self.setObjectName("panel")
        self._instrument = instrument
        self.view = LatentView(instrument.session, instrument.points, renderer)
        self.preview = NotePreviewView(instrument.engine.sample_rate)
        self.view.moved.connect(self._cursor_moved)
        self.view.released.connect(instrument.performer.cursor_released)
        self.view.note_asked.connect(self._play_point)
        self._recorder: PathRecorder | None = None
        self._play_started_s = 0.0
        self._next_note = 0
        self._timer = QTimer(self)
        self._timer.setInterval(15)
        self._timer.timeout.connect(self._play_on)
        caption = QLabel("LATENT SPACE")
        caption.setObjectName("caption")
        self.record = QPushButton("● Record path")
        self.record.setCheckable(True)
        self.record.setToolTip("Record where the cursor goes, until pressed again (R).")
        self.record.toggled.connect(self._record)
        self.play = QPushButton("▶ Play path")
        self.play.setCheckable(True)
        self.play.setToolTip("Play notes along the path, at the speed it was drawn.")
        self.play.toggled.connect(self._play)
        self.save = QPushButton("Save path …")
        self.save.setToolTip("Save the notes along the path as one WAV file.")
        self.save.clicked.connect(self.path_render_asked)
        self.clear = QPushButton("Clear")
        self.clear.setAccessibleName("Clear path")
        self.clear.clicked.connect(lambda: self.set_path(LatentPath()))
        self._caption = caption
        self._reset = QPushButton("Reset view")
        self._reset.clicked.connect(lambda: self.view.set_camera(Camera()))
        top = QHBoxLayout()
        top.addWidget(caption)
        top.addStretch(1)
        for button in (self.record, self.play, self.save, self.clear, self._reset):
            top.addWidget(button)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(self.preview)
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 10, 8)
        layout.addLayout(top)
        layout.addWidget(self.splitter, 1)
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        """Leaves out what a small window has no room for; the menus have it all."""
        for widget in (self._caption, self.save, self.clear, self._reset):
            widget.setVisible(not compact)

    def refresh(self) -> None:
        """Shows what the session holds."""
        there = len(self._instrument.session.path.points) > 1
        for button in (self.play, self.save, self.clear):
            button.setEnabled(there)
        self.view.redraw()

    def set_path(self, path: LatentPath) -> None:
        """Sets the path of the session."""
        self._instrument.session.set_path(path)

    def record_point(self) -> None:
        """Adds the cursor's point, if a path is being recorded."""
        if self._recorder is not None and not self._recorder.add(
            time.monotonic(), self._instrument.session.sound.latent
        ):
            self.record.setChecked(False)

    def _cursor_moved(self) -> None:
        self.record_point()
        self._instrument.performer.cursor_moved()

    def _record(self, on: bool) -> None:
        if on:
            self._recorder = PathRecorder()
            self._recorder.add(time.monotonic(), self._instrument.session.sound.latent)
            self.record.setText("■ Stop")
        else:
            recorder, self._recorder = self._recorder, None
            self.record.setText("● Record path")
            if recorder is not None:
                self.set_path(recorder.finish())

    def _play(self, on: bool) -> None:
        self.play.setText("■ Stop" if on else "▶ Play path")
        if on:
            self._play_started_s, self._next_note = time.monotonic(), 0
            self._timer.start()
        else:
            self._timer.stop()

    def _play_on(self) -> None:
        elapsed_s, path = time.monotonic() - self._play_started_s, self.view.path
        if elapsed_s > path.duration_s + 1e-3 or not path.points:
            self.play.setChecked(False)
            return
        self._instrument.session.set_latent(path.at(elapsed_s))
        if elapsed_s >= self._next_note * NOTE_INTERVAL_S:
            self._next_note = int(elapsed_s / NOTE_INTERVAL_S) + 1
            performer = self._instrument.performer
            performer.play(performer.path_request(path, elapsed_s))

    def _play_point(self, index: int, own_mix: bool) -> None:
        """Goes to a note's point; with its own mix and pitch, that is the note's reconstruction."""
        instrument = self._instrument
        latent = tuple(float(value) for value in instrument.points.latents[index])
        instrument.session.settle()
        instrument.session.set_latent(latent)
        instrument.session.settle()
        if own_mix:
            pitch = int(instrument.points.midi_pitch[index])
            mix = instrument.session.info.complete(instrument.points.mix(index))
            instrument.performer.play(NoteRequest(pitch if pitch >= 0 else None, mix, latent))
        else:
            instrument.performer.play_again()
