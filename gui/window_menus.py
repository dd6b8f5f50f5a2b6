"""Menus and shortcuts: everything that the window can do, reachable by keyboard."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu

if TYPE_CHECKING:
    from .main_window import MainWindow

N_CHANNELS = 16
Entry = tuple[str, str, Callable[[], object]] | None


def build_menus(window: "MainWindow") -> dict[str, QAction]:
    """Fills the menu bar; returns actions by their words, for those that can be switched."""
    actions: dict[str, QAction] = {}
    bar = window.menuBar()
    assert bar is not None

    def menu(name: str, entries: Sequence[Entry]) -> QMenu:
        made = bar.addMenu(name)
        assert made is not None
        for entry in entries:
            if entry is None:
                made.addSeparator()
                continue
            words, keys, work = entry
            action = QAction(words, window)
            if keys:
                action.setShortcut(QKeySequence(keys))
            action.triggered.connect(lambda _on, work=work: work())
            made.addAction(action)
            actions[words.replace("&", "")] = action
        return made

    file = menu(
        "&File",
        (
            ("Open &audio files …", "Ctrl+O", window.ask_recordings),
            ("Open &model …", "Ctrl+M", window.ask_model),
            None,
            ("&Save note …", "Ctrl+S", window.save_note),
            ("Save pa&th …", "", window.save_path),
            ("&Render instrument …", "Ctrl+R", window.render_instrument),
            ("Save as &preset …", "Ctrl+P", window.save_preset),
            ("&Train a model …", "", window.train),
            None,
            ("&Quit", "Ctrl+Q", window.close),
        ),
    )
    window.recent_menu = QMenu("Open &recent", window)
    file.insertMenu(actions["Save note …"], window.recent_menu)
    menu(
        "&Edit",
        (
            ("&Undo", "Ctrl+Z", window.undo),
            ("&Redo", "Ctrl+Shift+Z", window.redo),
            None,
            ("New &variation", "N", window.new_variation),
            ("&Surprise me", "M", window.surprise),
        ),
    )
    sound = menu(
        "&Sound",
        (
            ("&Play again", "", window.play_again),
            ("&Stop", "Esc", window.stop_all),
            ("&Follow the sliders", "", window.toggle_follow),
            ("Velocity plays &dynamics", "", window.toggle_dynamics),
            ("&Record path", "R", window.record_path),
            None,
            ("Recording: &original", "1", window.play_original),
            ("Recording: &model", "2", window.play_made),
            None,
            ("Open Sound &Control", "", window.toggle_osc),
        ),
    )
    sound.addMenu(_channel_menu(window))
    menu("&View", (("&Dark or light", "Ctrl+T", window.toggle_theme), ("Reset &view", "", window.reset_view)))
    menu("&Help", (("&Shortcuts", "F1", window.show_help), ("&About", "", window.show_about)))
    for words in ("Follow the sliders", "Velocity plays dynamics", "Open Sound Control"):
        actions[words].setCheckable(True)
    return actions


def _channel_menu(window: "MainWindow") -> QMenu:
    """All MIDI channels, or one of them."""
    channels = QMenu("&MIDI channel", window)
    window.midi_channels = {}
    for channel in (None, *range(N_CHANNELS)):
        action = QAction("&All" if channel is None else str(channel + 1), window)
        action.setCheckable(True)
        action.setChecked(channel == window.saved.midi_channel)
        action.triggered.connect(lambda _on, channel=channel: window.set_midi_channel(channel))
        channels.addAction(action)
        window.midi_channels[channel] = action
    return channels
