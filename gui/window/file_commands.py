"""What the window opens, keeps and hands out: models, recordings, presets, notes and paths."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtGui import QDrag
from PyQt6.QtWidgets import QFileDialog, QMenu

from aae.analysis.recording_file import AUDIO_SUFFIXES
from mcnn.errors import InputError

from ..background import Task
from ..state.presets import SUFFIX, Preset, preset_of, read_preset
from ..widgets.portrait_view import file_mime
from .commands import WindowCommands

if TYPE_CHECKING:
    from aae.live.whole_notes import NotePreview

    from ..state.saved_session import SavedSession
    from ..widgets.side_panels import PresetPanel

AUDIO_FILES = f"Audio ({' '.join(f'*{suffix}' for suffix in AUDIO_SUFFIXES)})"


class WindowFiles(WindowCommands):
    """The part of `MainWindow` that reads and writes files."""

    saved: "SavedSession"
    presets: "PresetPanel"
    recent_menu: QMenu
    _drag_folder: Any

    def as_preset(self, name: str) -> Preset:
        """The present sound under a name."""
        assert self.instrument is not None
        return preset_of(self.instrument.session.scene, name, self.instrument.path.name)

    def take_preset(self, preset: Preset) -> None:
        """Makes a preset the present sound."""
        assert self.instrument is not None
        self.instrument.session.load(preset.sound, preset.pad, preset.path)
        if preset.model and preset.model != self.instrument.path.name:
            self.say(f"'{preset.name}' was made with {preset.model}; here it may sound otherwise.")

    def save_preset(self) -> None:
        """Asks for a name."""
        if self.instrument:
            self._window.side.setCurrentWidget(self.presets)
            self.presets.ask_and_save()

    def ask_recordings(self) -> None:
        """Asks for audio files and opens them."""
        if self.instrument:
            names, _ = QFileDialog.getOpenFileNames(
                self._window, "Open audio files", str(self._last_folder()), AUDIO_FILES
            )
            self.open_files([Path(name) for name in names])

    def ask_model(self) -> None:
        """Asks for a model file and opens it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open model", str(self._last_folder()), "Model (*.safetensors)"
        )
        if name:
            self.open_files([Path(name)])

    def open_files(self, paths: Sequence[Path]) -> None:
        """Opens presets, models and recordings by what they are."""
        recordings = []
        for path in paths:
            if path.suffix == ".safetensors":
                self.remember_file(path)
                self._window.load(path)
                return
            if path.name.endswith(SUFFIX):
                try:
                    self.take_preset(read_preset(path))
                except InputError as error:
                    self.say(str(error))
            else:
                recordings.append(path)
        if recordings and self.instrument:
            self.shelf.add(recordings)

    def remember_file(self, path: Path) -> None:
        """Puts a file first among the recent ones."""
        self.saved = self.saved.with_recent(path)
        self.refresh_recent()

    def refresh_recent(self) -> None:
        """Fills the menu of recent files."""
        self.recent_menu.clear()
        for name in self.saved.recent:
            action = self.recent_menu.addAction(Path(name).name)
            assert action is not None
            action.setToolTip(name)
            action.triggered.connect(lambda _on, name=name: self.open_files([Path(name)]))
        self.recent_menu.setEnabled(bool(self.saved.recent))

    def portrait_caption(self, portrait: "NotePreview") -> str:
        """What the last note is, in a line."""
        from aae.notes.pitch_names import pitch_name

        if portrait.request is None:
            return "recording"
        pitch = portrait.request.midi_pitch
        note = "unpitched" if pitch is None else pitch_name(pitch)
        labels = [max(mix, key=lambda label: mix[label]) for mix in portrait.request.mix.values() if mix]
        return f"{note}  {', '.join(labels)}"

    def save_note(self) -> None:
        """Asks where to, and saves the last note."""
        from ..state.note_files import suggested_name

        portrait = self.space.portrait.portrait if self.instrument else None
        if portrait is None:
            self.say("Play a note first.")
            return
        suggestion = self._last_folder() / suggested_name(portrait)
        name, _ = QFileDialog.getSaveFileName(self._window, "Save note", str(suggestion), "WAV (*.wav)")
        if name:
            self.write_note(Path(name))

    def write_note(self, path: Path) -> None:
        """Saves the last note."""
        from ..state.note_files import write_wav

        portrait = self.space.portrait.portrait
        if self.instrument and portrait is not None:
            rate = self.instrument.engine.sample_rate
            self._beside(lambda: write_wav(path, portrait.waveform, rate), f"Saved {path}")

    def save_path(self) -> None:
        """Asks where to, and saves the notes along the path."""
        if not self.instrument or len(self.space.view.path.points) < 2:
            self.say("Record a path first: R, then drag the cursor.")
            return
        suggestion = self._last_folder() / "path.wav"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save path", str(suggestion), "WAV (*.wav)")
        if name:
            self.write_path(Path(name))

    def write_path(self, file: Path) -> None:
        """Renders the notes along the path into one file."""
        from ..state.note_files import path_waveform, write_wav

        instrument, path = self.instrument, self.space.view.path
        assert instrument is not None

        def work() -> None:
            waveform = path_waveform(instrument.new_synthesizer(), instrument.performer, path)
            write_wav(file, waveform, instrument.engine.sample_rate)

        self._beside(work, f"Saved {file}")

    def drag_note_out(self) -> None:
        """Hands the last note to whatever it is dropped on."""
        from ..state.note_files import suggested_name, write_wav

        portrait = self.space.portrait.portrait
        if self.instrument is None or portrait is None:
            return
        path = Path(self._drag_folder.name) / suggested_name(portrait)
        write_wav(path, portrait.waveform, self.instrument.engine.sample_rate)
        drag = QDrag(self._window)
        drag.setMimeData(file_mime(str(path)))
        drag.exec()

    def _beside(self, work: Any, done: str) -> None:
        """Works beside the window and says how it ended."""
        task = Task(self._window)
        task.succeeded.connect(lambda _result: self.say(done))
        task.failed.connect(self.say)
        task.ended.connect(task.deleteLater)
        task.run(work)

    def _last_folder(self) -> Path:
        for name in self.saved.recent:
            if Path(name).parent.is_dir() and not name.endswith(".safetensors"):
                return Path(name).parent
        return Path.home()
