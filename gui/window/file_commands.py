"""The commands that open and save files: models, recordings, presets, notes and paths."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog

from aae.analysis.recording_file import AUDIO_SUFFIXES
from mcnn.errors import InputError

from ..background import Task
from ..state.presets import SUFFIX, Preset, read_preset
from .context import WindowContext

AUDIO_FILES = f"Audio ({' '.join(f'*{suffix}' for suffix in AUDIO_SUFFIXES)})"
MODEL_SUFFIX = ".safetensors"


class FileCommands:
    """Reads and writes files for the open model.

    Args:
        context: Holds the open model.
        load_model: Has the window open another model.
    """

    def __init__(self, context: WindowContext, load_model: Callable[[Path], object]) -> None:
        self._context, self._load_model = context, load_model
        self._drag_folder = tempfile.TemporaryDirectory(prefix="clariolin-", ignore_cleanup_errors=True)
        """Notes that were dragged out; whoever took one may read it until the window is closed."""

    def close(self) -> None:
        """Removes the notes that were dragged out."""
        self._drag_folder.cleanup()

    def take_preset(self, preset: Preset) -> None:
        """Makes a preset the present sound."""
        if not (instrument := self._context.instrument):
            return
        instrument.session.load(preset.sound, preset.pad, preset.path)
        if preset.model and preset.model != instrument.path.name:
            self._context.show_message(
                f"'{preset.name}' was made with {preset.model}; here it may sound otherwise."
            )

    def save_preset(self) -> None:
        """Asks for a name and saves the present sound as a preset."""
        if opened := self._context.opened:
            opened.right.tabs.setCurrentWidget(opened.presets)
            opened.presets.ask_and_save()

    def ask_recordings(self) -> None:
        """Asks for audio files and opens them."""
        if self._context.opened:
            names, _ = QFileDialog.getOpenFileNames(
                self._context.window, "Open audio files", str(self._last_folder()), AUDIO_FILES
            )
            self.open_files([Path(name) for name in names])

    def ask_model(self) -> None:
        """Asks for a model file and opens it."""
        name, _ = QFileDialog.getOpenFileName(
            self._context.window, "Open model", str(self._last_folder()), f"Model (*{MODEL_SUFFIX})"
        )
        if name:
            self.open_files([Path(name)])

    def open_files(self, paths: Sequence[Path]) -> None:
        """Opens presets and models by their suffixes, and everything else as recordings."""
        recordings = []
        for path in paths:
            if path.suffix == MODEL_SUFFIX:
                self._context.remember_file(path)
                self._load_model(path)
                return
            if path.name.endswith(SUFFIX):
                self._open_preset(path)
            else:
                recordings.append(path)
        if recordings and (opened := self._context.opened):
            opened.recordings.add(recordings)

    def save_note(self) -> None:
        """Asks for a file and saves the last note in it."""
        opened = self._context.opened
        preview = opened.space.preview.preview if opened else None
        if opened is None or preview is None:
            self._context.show_message("Play a note first.")
            return
        suggestion = self._last_folder() / opened.instrument.file_name_of(preview)
        if file := self._ask_wav("Save note", suggestion):
            self.write_note(file)

    def write_note(self, file: Path) -> None:
        """Saves the last note."""
        opened = self._context.opened
        preview = opened.space.preview.preview if opened else None
        if opened is not None and preview is not None:
            instrument = opened.instrument
            self._run(lambda: instrument.write_note(file, preview), f"Saved {file}")

    def save_path(self) -> None:
        """Asks for a file and saves the notes along the path in it."""
        instrument = self._context.instrument
        if instrument is None or len(instrument.session.path.points) < 2:
            self._context.show_message("Record a path first: R, then drag the cursor.")
            return
        if file := self._ask_wav("Save path", self._last_folder() / "path.wav"):
            self.write_path(file)

    def write_path(self, file: Path) -> None:
        """Renders the notes along the path into one file."""
        if instrument := self._context.instrument:
            path = instrument.session.path
            self._run(lambda: instrument.write_path(file, path), f"Saved {file}")

    def drag_note_out(self) -> None:
        """Hands the last note to whatever it is dropped on."""
        opened = self._context.opened
        preview = opened.space.preview.preview if opened else None
        if opened is None or preview is None:
            return
        file = Path(self._drag_folder.name) / opened.instrument.file_name_of(preview)
        opened.instrument.write_note(file, preview)
        opened.space.preview.drag_file(file)

    def _open_preset(self, path: Path) -> None:
        try:
            self.take_preset(read_preset(path))
        except InputError as error:
            self._context.show_message(str(error))

    def _ask_wav(self, title: str, suggestion: Path) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self._context.window, title, str(suggestion), "WAV (*.wav)")
        return Path(name) if name else None

    def _run(self, work: Callable[[], object], success: str) -> None:
        """Works beside the window and shows how it ended."""
        task = Task(self._context.window)
        task.succeeded.connect(lambda _result: self._context.show_message(success))
        task.failed.connect(self._context.show_message)
        task.ended.connect(task.deleteLater)
        task.run(work)

    def _last_folder(self) -> Path:
        """The folder of the file that was opened last; models do not count, as they have one of their own."""
        for name in self._context.saved.recent:
            if Path(name).parent.is_dir() and not name.endswith(MODEL_SUFFIX):
                return Path(name).parent
        return Path.home()
