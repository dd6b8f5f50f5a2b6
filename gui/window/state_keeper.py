"""What of the window is kept from one start to the next, and after a crash."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QByteArray
from PyQt6.QtWidgets import QMainWindow, QSplitter

from .. import theme
from ..state.saved_session import SavedSession, write_session

if TYPE_CHECKING:
    from .main_window import MainWindow


class StateKeeper:
    """Restores a window, and writes its state beside it whenever it changed.

    Args:
        window: Which.
        path: The file.
    """

    def __init__(self, window: "MainWindow", path: Path) -> None:
        self._window, self._path = window, path
        self._writer = ThreadPoolExecutor(1, "state")

    def restore_place(self) -> None:
        """Puts the window where it was."""
        geometry = self._window.saved.geometry
        if geometry:
            QMainWindow.restoreGeometry(self._window, QByteArray.fromBase64(geometry.encode()))

    def restore_sound(self) -> None:
        """Brings back what belonged to the model, now that one is open."""
        from ..state.latent_path import LatentPath

        window, saved = self._window, self._window.saved
        try:
            path = LatentPath.from_json(saved.path)
        except ValueError:
            path = LatentPath()
        if window.instrument is not None:
            window.instrument.session.begin_with(saved.pad, path)
        for name, splitter in self._splitters().items():
            if state := saved.splitters.get(name):
                splitter.restoreState(QByteArray.fromBase64(state.encode()))
        window.set_follow(saved.follows)
        window.set_dynamics(saved.velocity_plays_dynamics)
        window.shelf.add([Path(path) for path in saved.dropped if Path(path).is_file()])
        window.refresh_recent()

    def keep(self, ended: bool = False) -> None:
        """Writes what is to be found again, if it changed."""
        window = self._window
        if window.instrument is None:
            return
        splitters = {
            name: bytes(splitter.saveState().toBase64().data()).decode()
            for name, splitter in self._splitters().items()
        }
        now: SavedSession = window.saved.model_copy(
            update={
                "model": str(window.instrument.path.resolve()),
                "sound": window.instrument.session.sound,
                "path": window.instrument.session.path.to_json(),
                "pad": window.instrument.session.pad,
                "theme": theme.current().name,
                "octave": window.keys.octave,
                "velocity": window.keys.velocity,
                "geometry": bytes(window.saveGeometry().toBase64().data()).decode(),
                "splitters": window.saved.splitters | splitters,
                "dropped": tuple(str(recording.path) for recording in window.shelf.recordings),
                "follows": window.instrument.performer.follows,
                "velocity_plays_dynamics": window.instrument.session.velocity_plays_dynamics,
                "ended": ended,
            }
        )
        if now != window.saved:
            window.saved = now
            self._writer.submit(write_session, self._path, now)

    def _splitters(self) -> dict[str, QSplitter]:
        """By name, those that have something to share out."""
        window = self._window
        named = {
            "across": window.across,
            "space": window.space.splitter,
            "right": window.right.splitter,
        }
        return {name: splitter for name, splitter in named.items() if splitter.count() > 1}

    def close(self) -> None:
        """Waits for what is being written."""
        self._writer.shutdown()
