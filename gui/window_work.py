"""What the window's menus and buttons do."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtGui import QAction, QDrag
from PyQt6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from mcnn.errors import InputError

from . import theme
from .background import Task
from .controllers import Controllers
from .portrait_view import file_mime
from .presets import SUFFIX, Preset, preset_of, read_preset

if TYPE_CHECKING:
    from .header import Header
    from .instrument import Instrument
    from .main_window import MainWindow
    from .render_dialog import RenderDialog
    from .saved_session import SavedSession
    from .shelf import Shelf
    from .side_panels import PresetPanel
    from .space_panel import SpacePanel
    from .whole_notes import Portrait

AUDIO_FILES = "Audio (*.wav *.flac *.ogg *.mp3 *.aif *.aiff *.opus)"
MESSAGE_MS = 8000


class WindowWork(Controllers):
    """The half of `MainWindow` that acts; the other half shows."""

    instrument: "Instrument | None"
    saved: "SavedSession"
    header: "Header"
    space: "SpacePanel"
    shelf: "Shelf"
    presets: "PresetPanel"
    recent_menu: QMenu
    actions_by_name: dict[str, QAction]
    _dialogs: "list[RenderDialog | QWidget]"
    _drag_folder: Any

    @property
    def _window(self) -> "MainWindow":
        return self  # type: ignore[return-value]

    def say(self, words: str) -> None:
        """A line at the bottom of the window."""
        status = self._window.statusBar()
        if status is not None:
            status.showMessage(words, MESSAGE_MS)

    def undo(self) -> None:
        """Takes the last change back."""
        if self.instrument:
            self.instrument.session.undo()

    def redo(self) -> None:
        """Makes it again."""
        if self.instrument:
            self.instrument.session.redo()

    def new_variation(self) -> None:
        """Another note of the same mix."""
        if self.instrument:
            self.instrument.session.new_variation()

    def surprise(self) -> None:
        """Another mix."""
        if self.instrument:
            self.instrument.session.surprise()

    def play_again(self) -> None:
        """The present sound at the last pitch."""
        if self.instrument:
            self.instrument.performer.play_again()

    def stop_all(self) -> None:
        """Silence."""
        if self.instrument:
            self.space.play.setChecked(False)
            self._window.pad.stop_picking()
            self.instrument.performer.stop_all()

    def toggle_follow(self) -> None:
        """Has sounding notes follow the sliders, or not."""
        if self.instrument:
            self.set_follow(not self.instrument.performer.follows)

    def set_follow(self, follows: bool) -> None:
        """Sets it, and shows it in both places."""
        assert self.instrument is not None
        self.instrument.performer.follows = follows
        self.header.follow.setChecked(follows)
        self.actions_by_name["Follow the sliders"].setChecked(follows)

    def toggle_dynamics(self) -> None:
        """Has velocity choose the dynamics, or not."""
        if self.instrument:
            self.set_dynamics(not self.instrument.session.velocity_plays_dynamics)

    def set_dynamics(self, plays: bool) -> None:
        """Sets it, and shows it in both places."""
        assert self.instrument is not None
        self.instrument.session.velocity_plays_dynamics = plays
        self.header.dynamics.setChecked(plays)
        self.actions_by_name["Velocity plays dynamics"].setChecked(plays)

    def record_path(self) -> None:
        """Begins or ends to record the cursor."""
        if self.instrument:
            self.space.record.toggle()

    def reset_view(self) -> None:
        """Looks at the space from where it began."""
        from .camera import Camera

        if self.instrument:
            self.space.view.set_camera(Camera())

    def play_original(self) -> None:
        """The chosen recording itself."""
        if self.instrument:
            self.shelf.play_original(self.shelf.current)

    def play_made(self) -> None:
        """What the model makes of it."""
        if self.instrument:
            self.shelf.play_made(self.shelf.current)

    def toggle_theme(self) -> None:
        """Dark or light."""
        dark = theme.current() is theme.DARK
        theme.use(theme.LIGHT if dark else theme.DARK)
        if self.instrument:
            self._window.legend.refresh()

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

    def portrait_caption(self, portrait: "Portrait") -> str:
        """What the last note is, in a line."""
        from aae.pitch_names import pitch_name

        if portrait.request is None:
            return "recording"
        pitch = portrait.request.midi_pitch
        note = "unpitched" if pitch is None else pitch_name(pitch)
        labels = [max(mix, key=lambda label: mix[label]) for mix in portrait.request.mix.values() if mix]
        return f"{note}  {', '.join(labels)}"

    def save_note(self) -> None:
        """Asks where to, and saves the last note."""
        from .note_files import suggested_name

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
        from .note_files import write_wav

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
        from .note_files import path_waveform, write_wav

        instrument, path = self.instrument, self.space.view.path
        assert instrument is not None

        def work() -> None:
            waveform = path_waveform(instrument.new_synthesizer(), instrument.performer, path)
            write_wav(file, waveform, instrument.engine.sample_rate)

        self._beside(work, f"Saved {file}")

    def drag_note_out(self) -> None:
        """Hands the last note to whatever it is dropped on."""
        from .note_files import suggested_name, write_wav

        portrait = self.space.portrait.portrait
        if self.instrument is None or portrait is None:
            return
        path = Path(self._drag_folder.name) / suggested_name(portrait)
        write_wav(path, portrait.waveform, self.instrument.engine.sample_rate)
        drag = QDrag(self._window)
        drag.setMimeData(file_mime(str(path)))
        drag.exec()

    def render_instrument(self) -> None:
        """Opens the dialog that renders."""
        from .render_dialog import RenderDialog

        if self.instrument:
            dialog = RenderDialog(self.instrument, Path.home() / "clariolin-notes", self._window)
            self._dialogs.append(dialog)
            dialog.show()

    def train(self) -> None:
        """Opens the dialog that builds and trains."""
        from .train_dialog import TrainDialog

        dialog = TrainDialog(self._window)
        dialog.model_ready.connect(lambda path: self.open_files([path]))
        self._dialogs.append(dialog)
        dialog.show()

    def show_help(self) -> None:
        """The list of shortcuts."""
        from .help_dialog import HelpDialog
        from .osc_bridge import ADDRESSES

        dialog = HelpDialog(ADDRESSES, self._window)
        self._dialogs.append(dialog)
        dialog.show()

    def show_about(self) -> None:
        """What this is, and its licences."""
        QMessageBox.about(
            self._window,
            "Clariolin",
            "<h3>Clariolin</h3><p>Makes instrument notes that were never played.</p>"
            "<p>MIT licence. This window is drawn with PyQt6, which is GPL-3.0: a program that ships both is "
            "bound by that.</p><p>The shipped model was trained on the sound samples of the Philharmonia "
            "Orchestra.</p>",
        )

    def close_dialogs(self) -> None:
        """Ends what dialogs do, then closes them."""
        for dialog in self._dialogs:
            dialog.close()
        self._dialogs.clear()

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
