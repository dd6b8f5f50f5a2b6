"""The window around the shipped model, offscreen; its sound goes to a clock that plays to nobody."""

from pathlib import Path

from PyQt6.QtWidgets import QApplication

from aae.cli_console import SHIPPED_MODEL
from gui import theme
from gui.audio_output import SilentOutput
from gui.main_window import MainWindow
from gui.saved_session import SavedSession
from tests.real_desktop import wait_for


def opened(folder: Path, saved: SavedSession | None = None) -> MainWindow:
    """A window whose model is loaded."""
    theme.use(theme.DARK)
    made = MainWindow(
        saved or SavedSession(), folder / "session.json", folder / "presets", SilentOutput(44_100, "a test")
    )
    made.show()
    made.load(SHIPPED_MODEL)
    wait_for(lambda: QApplication.processEvents() or made.instrument)
    return made
