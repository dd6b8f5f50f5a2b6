"""The context that the parts of the window share: open model, saved state, and the line for messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QMainWindow

from ..background import UiInvoker
from ..input.osc_settings import OscSettings
from ..space.graphics_card import Renderer
from ..state.presets import user_folder
from ..state.saved_session import SavedSession

if TYPE_CHECKING:
    # Types alone: these modules bring torch, which takes seconds to import, and the window is shown before.
    from aae.live.audio_output import AudioOutput

    from ..state.instrument import Instrument
    from .open_model import OpenModel

MESSAGE_MS = 8000


@dataclass(frozen=True)
class WindowSettings:
    """Choices that are made before the window opens."""

    dataset_formats: Sequence[str] = ()
    """Namings of recordings that can be trained on, as `clariolin dataset build --format` takes them."""
    renderer: Renderer = "auto"
    osc: OscSettings = field(default_factory=OscSettings)
    output: "AudioOutput | None" = None
    """A sound device for an engine in this process; None: a process of its own with the system's device."""
    state_path: Path = field(default_factory=lambda: user_folder("state") / "session.json")
    """The file that keeps the state from one start to the next."""
    preset_folder: Path = field(default_factory=lambda: user_folder("data") / "presets")


class WindowContext(QObject):
    """Handed to every part of the window in place of the window itself.

    Args:
        window: Parent of dialogs, and owner of the line for messages.
        settings: Choices that were made before it opened.
        saved: The state of the last start.
    """

    switches_changed = pyqtSignal()
    """Following, touch or Open Sound Control was switched."""
    recent_changed = pyqtSignal()
    """The list of recent files changed."""

    def __init__(self, window: QMainWindow, settings: WindowSettings, saved: SavedSession) -> None:
        super().__init__(window)
        self.window, self.settings, self.saved = window, settings, saved
        self.invoker = UiInvoker(self)
        self.opened: OpenModel | None = None
        """The open model with its panels; None while there is none."""

    @property
    def instrument(self) -> "Instrument | None":
        """The instrument of the open model."""
        return None if self.opened is None else self.opened.instrument

    def show_message(self, message: str) -> None:
        """Shows a line at the bottom of the window, for some seconds."""
        status_bar = self.window.statusBar()
        if status_bar is not None:
            status_bar.showMessage(message, MESSAGE_MS)

    def show_message_from_any_thread(self, message: str) -> None:
        """The same for threads beside the window's."""
        self.invoker.send(lambda: self.show_message(message))

    def remember_file(self, path: Path) -> None:
        """Puts a file first among the recent ones."""
        self.saved = self.saved.with_recent(path)
        self.recent_changed.emit()
