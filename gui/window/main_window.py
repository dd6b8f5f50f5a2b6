"""The window: opens at once, loads the model behind it, and keeps its parts in step."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PyQt6.QtWidgets import QLabel, QMainWindow

from mcnn.errors import InputError

from ..background import Task
from ..input.computer_keys import ComputerKeys
from ..state.saved_session import SavedSession
from .commands import Commands
from .context import WindowContext, WindowSettings
from .dialog_commands import DialogCommands
from .file_commands import FileCommands
from .frame import WindowFrame
from .menus import Menus
from .state_keeper import StateKeeper

if TYPE_CHECKING:
    from .open_model import OpenModel  # the type alone, as in `context`

TICK_MS = 16
SAVE_EVERY_MS = 3000
COMPACT_WIDTH = 1240
COMPACT_HEIGHT = 840


class MainWindow(QMainWindow):
    """Builds the parts of the window, and connects them.

    Args:
        saved: The state of the last start.
        settings: Choices that were made before it opens.
    """

    def __init__(self, saved: SavedSession, settings: WindowSettings) -> None:
        super().__init__()
        self.setWindowTitle("Clariolin")
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.setMinimumSize(860, 560)
        self.context = WindowContext(self, settings, saved)
        self.keys = ComputerKeys(saved.octave, saved.velocity)
        self.frame = WindowFrame(self.keys.letter_of)
        self.setCentralWidget(self.frame)
        self._device = QLabel("")
        status_bar = self.statusBar()
        assert status_bar is not None
        status_bar.addPermanentWidget(self._device)
        self.commands = Commands(self.context)
        self.files = FileCommands(self.context, self.load)
        self.dialogs = DialogCommands(self.context, self.files.open_files)
        self.menus = Menus(self.context, self.commands, self.files, self.dialogs)
        self.state = StateKeeper(self.context, self.frame, self.keys)
        self._connect_frame()
        self._loading = Task(self)
        self._loading.succeeded.connect(self._install)
        self._loading.failed.connect(self.frame.show_problem)
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._saver = QTimer(self)
        self._saver.setInterval(SAVE_EVERY_MS)
        self._saver.timeout.connect(lambda: self.state.keep())
        self.state.restore_place()

    @property
    def opened(self) -> "OpenModel | None":
        """The open model with its panels; None while there is none."""
        return self.context.opened

    def load(self, path: Path) -> None:
        """Opens a model beside the window, in place of the present one."""
        self.state.keep()
        self._close_model()
        self.frame.show_opening(path.stem)

        def open_model() -> "Callable[[], OpenModel]":
            """Opens the instrument; returns what builds its panels, as only the window's thread may."""
            if not path.is_file():
                raise InputError(f"there is no model file at {path}")
            # Here, as it brings torch, which takes seconds to import: the window is shown before.
            from .model_builder import build_open_model, prepare_instrument

            instrument = prepare_instrument(path, self.context, self._show_progress)
            return lambda: build_open_model(instrument, self.context, self.keys)

        self._loading.run(open_model)

    def _connect_frame(self) -> None:
        header, piano, commands = self.frame.header, self.frame.piano, self.commands
        header.undo.clicked.connect(commands.undo)
        header.redo.clicked.connect(commands.redo)
        header.stop.clicked.connect(commands.stop_all)
        header.save.clicked.connect(self.files.save_note)
        header.render_button.clicked.connect(self.dialogs.render_instrument)
        header.follow.clicked.connect(commands.toggle_follow)
        header.dynamics.clicked.connect(commands.toggle_dynamics)
        header.volume_changed.connect(commands.set_volume)
        piano.pressed.connect(commands.press_key)
        piano.released.connect(commands.release_key)
        self.frame.open_model.clicked.connect(self.files.ask_model)
        self.frame.train_model.clicked.connect(self.dialogs.train)
        self.context.switches_changed.connect(self._show_switches)

    def _install(self, build: "Callable[[], OpenModel]") -> None:
        """Puts an open model into the window."""
        opened = self.context.opened = build()
        instrument = opened.instrument
        self.frame.add_panels(opened.mix, opened.space, opened.right, bottom_left=opened.variation)
        self._fit_panels(opened)
        self._connect_model(opened)
        instrument.session.subscribe(self._show_session)
        self.frame.piano.set_range(*instrument.session.model_range())
        self._ticker.start()
        self._saver.start()
        self.state.restore_model()
        self.frame.show_panels()
        self._show_session()
        if instrument.notice:
            self.context.show_message(instrument.notice)

    def _connect_model(self, opened: "OpenModel") -> None:
        recordings, preview = opened.recordings, opened.space.preview
        recordings.changed.connect(self._show_recordings)
        recordings.failed.connect(self.context.show_message)
        recordings.started.connect(lambda: opened.right.tabs.setCurrentWidget(recordings.panel))
        recordings.panel.open_asked.connect(self.files.ask_recordings)
        opened.presets.chosen.connect(self.files.take_preset)
        preview.play_asked.connect(self.commands.play_again)
        preview.drag_asked.connect(self.files.drag_note_out)
        opened.space.path_render_asked.connect(self.files.save_path)
        opened.keyboard.replay_asked.connect(self.commands.play_again)
        opened.keyboard.shifted.connect(self._show_keys)

    def _close_model(self) -> None:
        """Takes the present model out of the window."""
        if self.context.opened is None:
            return
        self._ticker.stop()
        self._saver.stop()
        self.context.opened.close()
        self.context.opened = None
        self.frame.remove_panels()

    def _show_progress(self, message: str) -> None:
        """Shows what the thread that opens a model does."""
        self.context.invoker.send(lambda: self.frame.words.setText(message))

    def _show_session(self) -> None:
        """Shows the session everywhere."""
        opened, header = self.context.opened, self.frame.header
        if opened is None:
            return
        session = opened.instrument.session
        opened.refresh()
        self.frame.piano.set_trained(session.trained_range())
        header.title.setText(session.title())
        header.title.setToolTip(session.title())
        header.undo.setEnabled(session.can_undo)
        header.redo.setEnabled(session.can_redo)

    def _show_switches(self) -> None:
        """Shows in the header what is switched on."""
        if instrument := self.context.instrument:
            self.frame.header.follow.setChecked(instrument.performer.follows)
            self.frame.header.dynamics.setChecked(instrument.session.velocity_plays_dynamics)

    def _show_keys(self) -> None:
        """Shows the octave and the velocity of the computer's keyboard."""
        self.frame.piano.update()
        self.context.show_message(f"Octave {self.keys.octave}, velocity {self.keys.velocity}")

    def _show_recordings(self) -> None:
        """Shows the recordings that are listed."""
        if opened := self.context.opened:
            opened.show_marks()
            if opened.recordings.recordings:
                opened.right.tabs.setCurrentWidget(opened.recordings.panel)
                self.context.remember_file(opened.recordings.recordings[-1].path)

    def _tick(self) -> None:
        """Moves what moves: meter, lit keys, the last note with its playhead, and the state of the sound."""
        opened = self.context.opened
        if opened is None:
            return
        status, performer = opened.instrument.engine.status(), opened.instrument.performer
        self.frame.header.meter.show_peak(status.peak)
        self.frame.piano.set_sounding({pitch for pitch, _ in tuple(performer.held.values())})
        opened.show_last_note(status.playhead_s)
        device = status.device
        name = device.name if not device.is_silent else "no sound device"
        n_dropouts = status.n_dropouts if not device.is_silent else 0
        dropouts = f" · {n_dropouts} dropouts" if n_dropouts else ""
        mode = "streaming" if status.is_streaming else "whole notes"
        self._device.setText(f"{name} · {mode} · {opened.controllers.in_words()}{dropouts}")
        self._device.setToolTip(device.why)

    def _fit_panels(self, opened: "OpenModel") -> None:
        opened.set_compact(is_narrow=self.width() < COMPACT_WIDTH, is_low=self.height() < COMPACT_HEIGHT)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Leaves out what a small window has no room for."""
        self.frame.header.set_compact(self.width() < COMPACT_WIDTH)
        if opened := self.context.opened:
            self._fit_panels(opened)
        super().resizeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        """Accepts files of other programs."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None and mime.hasUrls() and event.source() is None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        """Opens what was dropped: presets, models, or recordings."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None:
            self.files.open_files([Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()])
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Ends all threads, after what they are writing."""
        self._loading.wait()
        self.state.keep(ended=True)
        self.dialogs.close()
        self._close_model()
        self.state.close()
        self.files.close()
        super().closeEvent(event)
