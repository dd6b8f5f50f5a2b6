"""The recordings that were dropped: read one after the other, listed, played, corrected."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from aae.analysis.recording_file import AUDIO_SUFFIXES
from aae.model.conditioning import MAX_MIDI_PITCH, MIN_MIDI_PITCH
from aae.notes.pitch_names import pitch_name
from aae.synthesis.request import NoteRequest

from ..background import Task
from ..state.instrument import Instrument
from ..state.recordings import Recording
from .reading_progress import ReadingProgress
from .recording_panel import RecordingPanel


class RecordingList(QObject):
    """The recordings of an open model, and the panel that shows them.

    Args:
        instrument: Reads and plays them.
        parent: The window.
    """

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    started = pyqtSignal()
    """Files were added, and will be read."""
    _progressed = pyqtSignal(float)
    """Share of the present file that is read; sent from the thread that reads it."""

    def __init__(self, instrument: Instrument, parent: QObject) -> None:
        super().__init__(parent)
        self._instrument = instrument
        self.recordings: list[Recording] = []
        self.current = -1
        """Index of the chosen recording; -1 if there is none."""
        self._waiting: list[Path] = []
        self._is_busy = False
        self.progress = ReadingProgress()
        self._progressed.connect(self._show_share)
        self._task = Task(self)
        self._task.succeeded.connect(self._arrived)
        self._task.failed.connect(self.failed)
        self._task.ended.connect(self._file_done)
        self.panel = RecordingPanel([(pitch_name(p), p) for p in range(MIN_MIDI_PITCH, MAX_MIDI_PITCH + 1)])
        self.panel.go_asked.connect(self.go_to)
        self.panel.original_asked.connect(self.play_original)
        self.panel.model_asked.connect(self.play_model)
        self.panel.pitch_corrected.connect(self.correct_pitch)
        self.panel.removed.connect(self.remove)
        self.panel.stop_asked.connect(self.stop_reading)
        self.panel.list.currentRowChanged.connect(self._choose)

    @property
    def is_reading(self) -> bool:
        """Whether files are waiting, or one is being read."""
        return bool(self._waiting) or self._is_busy

    def add(self, paths: Sequence[Path]) -> None:
        """Reads files, one after the other, beside the window; folders stand for the audio files in them."""
        for path in paths:
            files = sorted(p for p in path.iterdir() if is_audio(p)) if path.is_dir() else [path]
            if not files:
                self.failed.emit(f"{path.name} holds no audio files")
            self._waiting += files
            self.progress.add(len(files))
        if self._waiting:
            self.started.emit()
        if not self._is_busy:
            self._next()

    def stop_reading(self) -> None:
        """Leaves out the files that wait; the one that is being read still comes."""
        self._waiting.clear()
        self.progress.skip_rest()
        self.panel.show_progress(self.progress)

    def go_to(self, row: int) -> None:
        """Moves the cursor to a recording's point and plays it there."""
        if self._has(row):
            session = self._instrument.session
            session.settle()
            session.set_latent(self.recordings[row].latent, self.recordings[row].take)
            session.settle()
            self.play_model(row)

    def play_original(self, row: int) -> None:
        """The recording itself."""
        if self._has(row):
            self._instrument.performer.play_waveform(self.recordings[row].waveform)

    def play_model(self, row: int) -> None:
        """The model's note at the recording's point, at its pitch, with the present mix."""
        if self._has(row):
            recording, performer = self.recordings[row], self._instrument.performer
            if recording.midi_pitch is not None:
                performer.last_pitch = recording.midi_pitch
            request = self._instrument.session.request(recording.midi_pitch)
            take = recording.take or None
            performer.play(NoteRequest(request.midi_pitch, request.mix, recording.latent, request.seed, take))

    def correct_pitch(self, row: int, midi_pitch: int | None) -> None:
        """Gives a recording another pitch, and lets it be heard."""
        if self._has(row):
            self.recordings[row] = replace(self.recordings[row], midi_pitch=midi_pitch)
            self._show()
            self.play_model(row)

    def remove(self, row: int) -> None:
        """Takes a recording out of the list."""
        if self._has(row):
            del self.recordings[row]
            self.current = min(self.current, len(self.recordings) - 1)
            self._show()

    def marks(self) -> list[tuple[str, tuple[float, ...]]]:
        """Names and points, for the latent view."""
        return [(recording.name, recording.latent) for recording in self.recordings]

    def close(self) -> None:
        """Waits for the file that is being read."""
        self._waiting.clear()
        self._task.wait()

    def _has(self, row: int) -> bool:
        return 0 <= row < len(self.recordings)

    def _choose(self, row: int) -> None:
        self.current = row

    def _next(self) -> None:
        if self._waiting:
            path = self._waiting.pop(0)
            self._is_busy = True
            self.progress.begin(path.name)
            self._task.run(lambda: self._instrument.read(path, self._progressed.emit))
        self.panel.show_progress(self.progress)

    def _file_done(self) -> None:
        """Goes on to the next file, whether this one was read or refused."""
        self._is_busy = False
        self.progress.end()
        self._next()

    def _show_share(self, share: float) -> None:
        self.progress.set_share(share)
        self.panel.show_progress(self.progress)

    def _arrived(self, recording: Recording) -> None:
        self.recordings = [r for r in self.recordings if r.path != recording.path] + [recording]
        self.current = len(self.recordings) - 1
        self._show()

    def _show(self) -> None:
        self.panel.show_recordings(self.recordings, self.current)
        self.changed.emit()


def is_audio(path: Path) -> bool:
    """Whether a file's name is one of an audio file."""
    return path.suffix.lower() in AUDIO_SUFFIXES
