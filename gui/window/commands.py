"""What menus, buttons and shortcuts do with the present sound and with the view of it."""

from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction

from .. import theme
from ..input.controllers import Controllers

if TYPE_CHECKING:
    from ..space.space_panel import SpacePanel
    from ..state.instrument import Instrument
    from ..widgets.header import Header
    from ..widgets.shelf import RecordingList
    from .main_window import MainWindow

MESSAGE_MS = 8000


class WindowCommands(Controllers):
    """The part of `MainWindow` that plays."""

    instrument: "Instrument | None"
    header: "Header"
    space: "SpacePanel"
    shelf: "RecordingList"
    actions_by_name: dict[str, QAction]

    @property
    def _window(self) -> "MainWindow":
        return self  # type: ignore[return-value]

    def say(self, words: str) -> None:
        """A line at the bottom of the window."""
        status = self._window.statusBar()
        if status is not None:
            status.showMessage(words, MESSAGE_MS)

    def undo(self) -> None:
        """Takes the last change back."""
        if self.instrument:
            self.instrument.session.undo()

    def redo(self) -> None:
        """Makes it again."""
        if self.instrument:
            self.instrument.session.redo()

    def new_variation(self) -> None:
        """Another note of the same mix."""
        if self.instrument:
            self.instrument.session.new_variation()

    def surprise(self) -> None:
        """Another mix."""
        if self.instrument:
            self.instrument.session.surprise()

    def play_again(self) -> None:
        """The present sound at the last pitch."""
        if self.instrument:
            self.instrument.performer.play_again()

    def stop_all(self) -> None:
        """Silence."""
        if self.instrument:
            self.space.play.setChecked(False)
            self._window.pad.stop_picking()
            self.instrument.performer.stop_all()

    def toggle_follow(self) -> None:
        """Has sounding notes follow the sliders, or not."""
        if self.instrument:
            self.set_follow(not self.instrument.performer.follows)

    def set_follow(self, follows: bool) -> None:
        """Sets it, and shows it in both places."""
        assert self.instrument is not None
        self.instrument.performer.follows = follows
        self.header.follow.setChecked(follows)
        self.actions_by_name["Follow the sliders"].setChecked(follows)

    def toggle_dynamics(self) -> None:
        """Has velocity choose the dynamics, or not."""
        if self.instrument:
            self.set_dynamics(not self.instrument.session.velocity_plays_dynamics)

    def set_dynamics(self, plays: bool) -> None:
        """Sets it, and shows it in both places."""
        assert self.instrument is not None
        self.instrument.session.velocity_plays_dynamics = plays
        self.header.dynamics.setChecked(plays)
        self.actions_by_name["Velocity plays dynamics"].setChecked(plays)

    def record_path(self) -> None:
        """Begins or ends to record the cursor."""
        if self.instrument:
            self.space.record.toggle()

    def reset_view(self) -> None:
        """Looks at the space from where it began."""
        from ..state.camera import Camera

        if self.instrument:
            self.space.view.set_camera(Camera())

    def play_original(self) -> None:
        """The chosen recording itself."""
        if self.instrument:
            self.shelf.play_original(self.shelf.current)

    def play_made(self) -> None:
        """What the model makes of it."""
        if self.instrument:
            self.shelf.play_made(self.shelf.current)

    def toggle_theme(self) -> None:
        """Dark or light."""
        dark = theme.current() is theme.DARK
        theme.use(theme.LIGHT if dark else theme.DARK)
        if self.instrument:
            self._window.legend.refresh()
