"""The parts of the window without a model: context, commands and menus do their work, or nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="Qt's libraries are not installed", exc_type=ImportError)

from PyQt6.QtWidgets import QMainWindow

from gui.state.presets import Preset
from gui.state.saved_session import SavedSession
from gui.state.session import Session
from gui.window.commands import Commands
from gui.window.context import WindowContext, WindowSettings
from gui.window.dialog_commands import DialogCommands
from gui.window.file_commands import FileCommands
from gui.window.menus import Menus
from tests.support.fake_synthesizer import INFO


@pytest.fixture
def context(qapp: object) -> WindowContext:
    return WindowContext(QMainWindow(), WindowSettings(), SavedSession(midi_channel=9))


@pytest.fixture
def loaded() -> list[Path]:
    """Models that were to be opened."""
    return []


@pytest.fixture
def files(context: WindowContext, loaded: list[Path]) -> Iterator[FileCommands]:
    files = FileCommands(context, loaded.append)
    yield files
    files.close()


@pytest.fixture
def menus(context: WindowContext, files: FileCommands) -> Menus:
    return Menus(context, Commands(context), files, DialogCommands(context, files.open_files))


def message_of(context: WindowContext) -> str:
    status_bar = context.window.statusBar()
    assert status_bar is not None
    return status_bar.currentMessage()


def test_without_a_model_commands_do_nothing_and_switches_stay_off(
    context: WindowContext, menus: Menus
) -> None:
    for text in (
        "Undo",
        "Surprise me",
        "Play again",
        "Stop",
        "Record path",
        "Recording: model",
        "Reset view",
    ):
        menus.actions[text].trigger()
    for text in ("Follow the sliders", "Velocity plays dynamics", "Open Sound Control"):
        menus.actions[text].trigger()
        assert not menus.actions[text].isChecked()


def test_without_a_note_there_is_nothing_to_save(context: WindowContext, menus: Menus) -> None:
    menus.actions["Save note …"].trigger()
    assert message_of(context) == "Play a note first."
    menus.actions["Save path …"].trigger()
    assert message_of(context).startswith("Record a path first")


def test_a_model_is_opened_and_first_among_the_recent_files(
    context: WindowContext, files: FileCommands, menus: Menus, loaded: list[Path]
) -> None:
    assert not menus.recent.isEnabled()
    for name in ("a.safetensors", "b.safetensors"):
        files.open_files([Path(name)])
    assert [action.text() for action in menus.recent.actions()] == ["b.safetensors", "a.safetensors"]
    assert context.saved.recent == ("b.safetensors", "a.safetensors")
    menus.recent.actions()[1].trigger()
    assert [path.stem for path in loaded] == ["a", "b", "a"]


def test_the_midi_channel_of_the_last_start_is_checked_and_another_one_is_kept(
    context: WindowContext, menus: Menus
) -> None:
    assert [n for n, action in menus.midi_channels.items() if action.isChecked()] == [9]
    menus.midi_channels[3].trigger()
    assert [n for n, action in menus.midi_channels.items() if action.isChecked()] == [3]
    assert context.saved.midi_channel == 3


def test_a_preset_without_a_model_is_left_alone(files: FileCommands) -> None:
    files.take_preset(Preset("one", Session(INFO).sound, "m"))


def test_no_shortcut_is_used_twice(menus: Menus) -> None:
    keys = [
        action.shortcut().toString() for action in menus.actions.values() if not action.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys)) > 15
