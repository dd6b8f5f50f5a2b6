"""The window around the shipped model, offscreen; its sound goes to a clock that plays to nobody."""

from pathlib import Path

from PyQt6.QtWidgets import QApplication

from aae.cli.console import SHIPPED_MODEL
from aae.live.audio_output import SilentOutput
from gui import theme
from gui.state.saved_session import SavedSession
from gui.window.main_window import MainWindow
from tests.support.real_desktop import wait_for


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
