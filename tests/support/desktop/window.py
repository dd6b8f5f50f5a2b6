"""The window around the shipped model, offscreen; its sound goes to a clock that plays to nobody."""

from pathlib import Path

from PyQt6.QtWidgets import QApplication

from aae.cli.console import SHIPPED_MODEL
from aae.live.audio_output import SilentOutput
from gui import theme
from gui.state.saved_session import SavedSession
from gui.window.context import WindowSettings
from gui.window.main_window import MainWindow
from gui.window.open_model import OpenModel
from tests.support.desktop.real_desktop import wait_for


def opened(folder: Path, saved: SavedSession | None = None) -> MainWindow:
    """A window whose model is loaded."""
    theme.use(theme.DARK)
    settings = WindowSettings(
        ["auto", "folder"],
        output=SilentOutput(44_100, "a test"),
        state_path=folder / "session.json",
        preset_folder=folder / "presets",
    )
    window = MainWindow(saved or SavedSession(), settings)
    window.show()
    window.load(SHIPPED_MODEL)
    wait_for(lambda: QApplication.processEvents() or window.opened)
    return window


def model_of(window: MainWindow) -> OpenModel:
    """The model that is open in a window."""
    assert window.opened is not None
    return window.opened
