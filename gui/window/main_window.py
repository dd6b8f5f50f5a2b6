"""The window: opens at once, loads the model behind it, puts the panels together and keeps them in step."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PyQt6.QtWidgets import QMenu

from ..background import Task, UiInvoker
from ..input.computer_keys import ComputerKeys
from ..input.keyboard_filter import KeyboardFilter
from ..state.saved_session import SavedSession
from .dialog_commands import WindowDialogs
from .frame import WindowFrame
from .menus import build_menus
from .state_keeper import StateKeeper

if TYPE_CHECKING:
    from aae.live.audio_output import AudioOutput

    from ..space.point_surface import Renderer
    from ..state.instrument import Instrument

TICK_MS = 16
SAVE_EVERY_MS = 3000
COMPACT_WIDTH = 1240
COMPACT_HEIGHT = 840


class MainWindow(WindowDialogs, WindowFrame):
    """Everything that is seen. What its menus do is in `WindowDialogs` and below.

    Args:
        saved: What was open last time.
        state_path: Where that is kept.
        presets: Folder of the presets.
        output: The sound device; the system's if not given.
    """

    def __init__(
        self, saved: SavedSession, state_path: Path, presets: Path, output: "AudioOutput | None" = None
    ) -> None:
        super().__init__()
        self.saved, self._presets, self._output = saved, presets, output
        self.renderer: Renderer = "auto"
        self.state = StateKeeper(self, state_path)
        self.instrument: Instrument | None = None
        self.recent_menu: QMenu = QMenu(self)
        self.courier = UiInvoker(self)
        self._drag_folder = tempfile.TemporaryDirectory(prefix="clariolin-", ignore_cleanup_errors=True)
        self._dialogs = []
        self._shown_portrait: object = None
        self.keys = ComputerKeys(saved.octave, saved.velocity)
        self.keyboard = KeyboardFilter(self, self.keys)
        self.keyboard.shifted.connect(self._keys_shifted)
        self.keyboard.replay_asked.connect(self.play_again)
        self.piano.letter_of = self.keys.letter_of
        self._connect_header()
        self.actions_by_name = build_menus(self)
        self._loading = Task(self)
        self._loading.succeeded.connect(self.install)
        self._loading.failed.connect(self._cannot_load)
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._saver = QTimer(self)
        self._saver.setInterval(SAVE_EVERY_MS)
        self._saver.timeout.connect(lambda: self.state.keep())
        self.state.restore_place()

    def _connect_header(self) -> None:
        self.header.undo.clicked.connect(self.undo)
        self.header.redo.clicked.connect(self.redo)
        self.header.stop.clicked.connect(self.stop_all)
        self.header.save.clicked.connect(self.save_note)
        self.header.render_button.clicked.connect(self.render_instrument)
        self.header.follow.clicked.connect(self.toggle_follow)
        self.header.dynamics.clicked.connect(self.toggle_dynamics)
        self.header.volume_changed.connect(self._set_volume)
        self.open_model.clicked.connect(self.ask_model)
        self.train_model.clicked.connect(self.train)
        for button in (self.header.render_button, self.header.save):
            button.setEnabled(False)

    def load(self, path: Path) -> None:
        """Opens a model beside the window."""
        from mcnn.errors import InputError

        self.state.keep()
        self._unload()
        self.busy.show()
        self.ways_on.hide()
        self.stack.setCurrentIndex(0)
        self.words.setText(f"Opening {path.stem} …")
        sound = self.saved.sound

        def work() -> "Instrument":
            from ..state.instrument import open_instrument

            if not path.is_file():
                raise InputError(f"there is no model file at {path}")
            return open_instrument(
                path,
                sound,
                lambda words: self.courier.send(lambda: self.words.setText(words)),
                self._output,
                self._say_from_anywhere,
            )

        self._loading.run(work)

    def install(self, instrument: "Instrument") -> None:
        """Puts an open model into the window."""
        from ..space.legend import Legend
        from ..space.pad_panel import PadPanel
        from ..space.space_panel import SpacePanel
        from ..state.presets import PresetShelf
        from ..widgets.mix_panel import MixPanel
        from ..widgets.shelf import RecordingList
        from ..widgets.side_panels import PresetPanel
        from ..widgets.variation_panel import VariationPanel
        from .right_column import RightColumn

        self.instrument = instrument
        session = instrument.session
        self.mix: MixPanel = MixPanel(session)
        self.space: SpacePanel = SpacePanel(instrument, self.renderer)
        self.variation: VariationPanel = VariationPanel(session)
        self.legend = Legend(instrument.points)
        self.legend.changed.connect(self.space.view.redraw)
        self.shelf: RecordingList = RecordingList(instrument, self)
        self.shelf.changed.connect(self._shelf_changed)
        self.shelf.failed.connect(self.say)
        self.shelf.started.connect(lambda: self.side.setCurrentWidget(self.shelf.panel))
        self.shelf.panel.open_asked.connect(self.ask_recordings)
        self.presets: PresetPanel = PresetPanel(PresetShelf(self._presets), self.as_preset, self.say)
        self.presets.chosen.connect(self.take_preset)
        self.space.portrait.play_asked.connect(self.play_again)
        self.space.portrait.drag_asked.connect(self.drag_note_out)
        self.space.path_render_asked.connect(self.save_path)
        self.pad: PadPanel = PadPanel(instrument, self.space)
        pages = (("Points", self.legend), ("Presets", self.presets), ("Recordings", self.shelf.panel))
        self.right: RightColumn = RightColumn(pages, self.pad)
        self.side = self.right.tabs
        for widget in (self.mix, self.space, self.right):
            self.across.addWidget(widget)
        self.across.setSizes([330, 800, 290])
        self.across.setStretchFactor(1, 1)
        self.bottom.insertWidget(0, self.variation)
        self.bottom.setSizes([330, 1100])
        self.bottom.setStretchFactor(1, 1)
        self.mix.setMinimumWidth(236)
        self._fit_panels()
        self._connect(instrument)
        self.state.restore_sound()
        self.stack.setCurrentIndex(1)
        self._session_changed()
        if instrument.synthesizer.notice:
            self.say(instrument.synthesizer.notice)

    def _connect(self, instrument: "Instrument") -> None:
        performer = instrument.performer
        instrument.session.subscribe(self._session_changed)
        self.piano.set_range(*instrument.session.model_range())
        self.piano.pressed.connect(self._piano_pressed)
        self.piano.released.connect(self._piano_released)
        self.keyboard.performer = performer
        instrument.engine.start()
        self.start_controllers(instrument)
        for button in (self.header.render_button, self.header.save):
            button.setEnabled(True)
        self._ticker.start()
        self._saver.start()

    def _unload(self) -> None:
        """Takes the present model out of the window."""
        if self.instrument is None:
            return
        self._ticker.stop()
        self._saver.stop()
        self.stop_controllers()
        self.shelf.close()
        self.keyboard.performer = None
        self.instrument.close()
        self.instrument = None
        for holder in (self.across, self.bottom):
            for i in reversed(range(holder.count())):
                widget = holder.widget(i)
                if widget is not None and not widget.isAncestorOf(self.piano):
                    widget.setParent(None)
                    widget.deleteLater()
        self.piano.pressed.disconnect(self._piano_pressed)
        self.piano.released.disconnect(self._piano_released)

    def _cannot_load(self, why: str) -> None:
        self.busy.hide()
        self.ways_on.show()
        self.words.setText(why[:1].upper() + why[1:])

    def _session_changed(self) -> None:
        """Shows the session everywhere."""
        if self.instrument is None:
            return
        session = self.instrument.session
        self.mix.refresh()
        self.variation.refresh()
        self.space.refresh()
        self.pad.refresh()
        self.piano.set_trained(session.trained_range())
        self.header.title.setText(session.title())
        self.header.title.setToolTip(session.title())
        self.header.undo.setEnabled(session.can_undo)
        self.header.redo.setEnabled(session.can_redo)
        self.send_state()

    def _tick(self) -> None:
        """Moves what moves: meter, playhead, lit keys, a new portrait."""
        instrument = self.instrument
        if instrument is None:
            return
        status, performer = instrument.engine.status(), instrument.performer
        self.header.meter.show_peak(status.peak)
        self.piano.set_sounding({pitch for pitch, _ in tuple(performer.held.values())})
        portrait = instrument.note_renderer.preview
        if portrait is not None and portrait is not self._shown_portrait:
            self._shown_portrait = portrait
            self.space.portrait.show_portrait(portrait, self.portrait_caption(portrait))
        self.space.portrait.set_position(status.playhead_s)
        device = status.device
        words = device.name if not device.is_silent else "no sound device"
        lost = status.n_dropouts if not device.is_silent else 0
        dropouts = f" · {lost} dropouts" if lost else ""
        live = "streaming" if status.is_streaming else "whole notes"
        self.device.setText(f"{words} · {live} · {self.controllers_in_words()}{dropouts}")
        self.device.setToolTip(device.why)

    def _keys_shifted(self) -> None:
        self.piano.update()
        self.say(f"Octave {self.keys.octave}, velocity {self.keys.velocity}")

    def _piano_pressed(self, pitch: int, velocity: int) -> None:
        if self.instrument is not None:
            self.instrument.performer.note_on(pitch, velocity, ("piano", pitch))

    def _piano_released(self, pitch: int) -> None:
        if self.instrument is not None:
            self.instrument.performer.note_off(pitch, ("piano", pitch))

    def _set_volume(self, factor: float) -> None:
        if self.instrument is not None:
            self.instrument.engine.volume = factor

    def _say_from_anywhere(self, words: str) -> None:
        self.courier.send(lambda: self.say(words))

    def _shelf_changed(self) -> None:
        self.space.view.marks = self.shelf.marks()
        self.space.view.redraw()
        if self.shelf.recordings:
            self.side.setCurrentWidget(self.shelf.panel)
            self.remember_file(self.shelf.recordings[-1].path)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Leaves out what a small window has no room for."""
        self.header.set_compact(self.width() < COMPACT_WIDTH)
        if self.instrument is not None:
            self._fit_panels()
        super().resizeEvent(event)

    def _fit_panels(self) -> None:
        self.space.set_compact(self.width() < COMPACT_WIDTH)
        self.right.set_compact(self.height() < COMPACT_HEIGHT)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        """Takes files."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None and mime.hasUrls() and event.source() is None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        """Opens what was dropped: presets, models, or recordings."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None:
            self.open_files([Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()])
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Ends all threads, after what they are writing."""
        self._loading.wait()
        self.state.keep(ended=True)
        self.close_dialogs()
        self._unload()
        self.keyboard.stop()
        self.state.close()
        self._drag_folder.cleanup()
        super().closeEvent(event)
