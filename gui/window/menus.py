"""Menus and shortcuts: everything that the window can do, reachable by keyboard."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu

from ..state.latent_pad import N_CORNERS
from .commands import Commands
from .context import WindowContext
from .dialog_commands import DialogCommands
from .file_commands import FileCommands

N_CHANNELS = 16


class Entry(NamedTuple):
    """A line of a menu; `&` stands before the letter that chooses it."""

    text: str
    shortcut: str
    run: Callable[[], object]
    is_switch: bool = False


class Menus:
    """The menu bar of the window.

    Args:
        context: Knows which switches are on, and which files are recent.
        commands: Run by most entries.
        files: Run by the entries that open and save.
        dialogs: Run by the entries that open dialogs.
    """

    def __init__(
        self, context: WindowContext, commands: Commands, files: FileCommands, dialogs: DialogCommands
    ) -> None:
        self._context, self._commands, self._files, self._dialogs = context, commands, files, dialogs
        self.actions: dict[str, QAction] = {}
        """Entries of the menu bar by their text, without `&`."""
        self.midi_channels: dict[int | None, QAction] = {}
        """Entries by channel, 0 to 15; None is the one for all channels."""
        self.recent = QMenu("Open &recent", context.window)
        """Files that were opened, the last one first."""
        self._add_file_menu()
        self._add_edit_menu()
        self._add_sound_menu()
        self._add_view_and_help_menus()
        context.switches_changed.connect(self._show_switches)
        context.recent_changed.connect(self._show_recent)
        self._show_recent()

    def _add_file_menu(self) -> None:
        files, dialogs = self._files, self._dialogs
        menu = self._add_menu(
            "&File",
            (
                Entry("Open &audio files …", "Ctrl+O", files.ask_recordings),
                Entry("Open &model …", "Ctrl+M", files.ask_model),
                None,
                Entry("&Save note …", "Ctrl+S", files.save_note),
                Entry("Save pa&th …", "", files.save_path),
                Entry("&Render instrument …", "Ctrl+R", dialogs.render_instrument),
                Entry("Save as &preset …", "Ctrl+P", files.save_preset),
                Entry("&Train a model …", "", dialogs.train),
                None,
                Entry("&Quit", "Ctrl+Q", self._context.window.close),
            ),
        )
        menu.insertMenu(self.actions["Save note …"], self.recent)

    def _add_edit_menu(self) -> None:
        commands = self._commands
        self._add_menu(
            "&Edit",
            (
                Entry("&Undo", "Ctrl+Z", commands.undo),
                Entry("&Redo", "Ctrl+Shift+Z", commands.redo),
                None,
                Entry("New &variation", "N", commands.new_variation),
                Entry("&Surprise me", "M", commands.surprise),
            ),
        )

    def _add_sound_menu(self) -> None:
        commands = self._commands
        menu = self._add_menu(
            "&Sound",
            (
                Entry("&Play again", "", commands.play_again),
                Entry("&Stop", "Esc", commands.stop_all),
                Entry("&Follow the sliders", "", commands.toggle_follow, is_switch=True),
                Entry("Velocity plays &dynamics", "", commands.toggle_dynamics, is_switch=True),
                Entry("&Record path", "R", commands.record_path),
                None,
                Entry("Recording: &original", "1", commands.play_original),
                Entry("Recording: &model", "2", commands.play_model),
                None,
                Entry("Open Sound &Control", "", commands.toggle_osc, is_switch=True),
            ),
        )
        menu.addMenu(self._channel_menu())
        menu.insertMenu(self.actions["Recording: original"], self._pad_menu())

    def _add_view_and_help_menus(self) -> None:
        commands, dialogs = self._commands, self._dialogs
        self._add_menu(
            "&View",
            (
                Entry("&Dark or light", "Ctrl+T", commands.toggle_theme),
                Entry("Reset &view", "", commands.reset_view),
            ),
        )
        self._add_menu(
            "&Help",
            (Entry("&Shortcuts", "F1", dialogs.show_help), Entry("&About", "", dialogs.show_about)),
        )

    def _pad_menu(self) -> QMenu:
        """The commands of the pad, for the keyboard."""
        commands, menu = self._commands, QMenu("&Pad", self._context.window)
        entries = [
            Entry("&Go to the pad", "B", commands.show_pad),
            Entry("Corners by &chance", "", commands.fill_pad),
            Entry("&Empty the corners", "", commands.clear_pad),
        ]
        for n in range(1, N_CORNERS + 1):
            run = partial(commands.set_corner_here, n)
            entries.append(Entry(f"Corner &{n} from the cursor", f"Ctrl+{n}", run))
        for entry in entries:
            menu.addAction(self._action(entry))
        return menu

    def _channel_menu(self) -> QMenu:
        """The choice of all MIDI channels, or one of them."""
        menu = QMenu("&MIDI channel", self._context.window)
        for channel in (None, *range(N_CHANNELS)):
            text = "&All" if channel is None else str(channel + 1)
            action = self._action(Entry(text, "", partial(self._choose_channel, channel), is_switch=True))
            action.setChecked(channel == self._context.saved.midi_channel)
            menu.addAction(action)
            self.midi_channels[channel] = action
        return menu

    def _add_menu(self, title: str, entries: Sequence[Entry | None]) -> QMenu:
        """Adds a menu to the bar; None is a line between entries."""
        bar = self._context.window.menuBar()
        assert bar is not None
        menu = bar.addMenu(title)
        assert menu is not None
        for entry in entries:
            if entry is None:
                menu.addSeparator()
                continue
            action = self._action(entry)
            menu.addAction(action)
            self.actions[entry.text.replace("&", "")] = action
        return menu

    def _action(self, entry: Entry) -> QAction:
        action = QAction(entry.text, self._context.window)
        if entry.shortcut:
            action.setShortcut(QKeySequence(entry.shortcut))
        action.setCheckable(entry.is_switch)
        action.triggered.connect(lambda _on: entry.run())
        return action

    def _choose_channel(self, channel: int | None) -> None:
        self._commands.set_midi_channel(channel)
        for number, action in self.midi_channels.items():
            action.setChecked(number == channel)

    def _show_switches(self) -> None:
        """Checks the entries of what is switched on."""
        opened = self._context.opened
        for text, is_on in (
            ("Follow the sliders", opened is not None and opened.instrument.performer.follows),
            (
                "Velocity plays dynamics",
                opened is not None and opened.instrument.session.velocity_plays_dynamics,
            ),
            ("Open Sound Control", opened is not None and opened.controllers.osc is not None),
        ):
            self.actions[text].setChecked(is_on)

    def _show_recent(self) -> None:
        """Fills the menu of recent files."""
        self.recent.clear()
        for name in self._context.saved.recent:
            path = Path(name)
            action = self._action(Entry(path.name, "", partial(self._files.open_files, [path])))
            action.setToolTip(name)
            self.recent.addAction(action)
        self.recent.setEnabled(bool(self._context.saved.recent))
