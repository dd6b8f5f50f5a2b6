"""Menus and shortcuts: everything that the window can do, reachable by keyboard."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu

from ..state.latent_pad import N_CORNERS

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
    sound.insertMenu(actions["Recording: original"], _pad_menu(window))
    menu("&View", (("&Dark or light", "Ctrl+T", window.toggle_theme), ("Reset &view", "", window.reset_view)))
    menu("&Help", (("&Shortcuts", "F1", window.show_help), ("&About", "", window.show_about)))
    for words in ("Follow the sliders", "Velocity plays dynamics", "Open Sound Control"):
        actions[words].setCheckable(True)
    return actions


def _pad_menu(window: "MainWindow") -> QMenu:
    """The pad, for the keyboard."""
    made = QMenu("&Pad", window)

    def with_pad(work: Callable[[], object]) -> Callable[[bool], None]:
        def act(_on: bool) -> None:
            if window.instrument is not None:
                work()

        return act

    entries: list[tuple[str, str, Callable[[], object]]] = [
        ("&Go to the pad", "B", lambda: window.right.show_pad()),
        ("Corners by &chance", "", lambda: window.pad.fill.click()),
        ("&Empty the corners", "", lambda: window.pad.clear.click()),
    ]
    for n in range(1, N_CORNERS + 1):
        entries.append((f"Corner &{n} from the cursor", f"Ctrl+{n}", partial(_take_corner, window, n)))
    for words, keys, work in entries:
        action = QAction(words, window)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(with_pad(work))
        made.addAction(action)
    return made


def _take_corner(window: "MainWindow", number: int) -> None:
    assert window.instrument is not None
    window.instrument.session.set_corner_here(number)


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
