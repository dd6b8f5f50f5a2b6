"""The state of the window that is kept from one start to the next, and after a crash."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PyQt6.QtCore import QByteArray
from PyQt6.QtWidgets import QSplitter

from .. import theme
from ..input.computer_keys import ComputerKeys
from ..state.latent_path import LatentPath
from ..state.saved_session import write_session
from .context import WindowContext
from .frame import WindowFrame


class StateKeeper:
    """Restores the window, and writes its state into a file whenever it changed.

    Args:
        context: Holds the state and the open model.
        frame: Its splitters are kept.
        keys: Their octave and velocity are kept.
    """

    def __init__(self, context: WindowContext, frame: WindowFrame, keys: ComputerKeys) -> None:
        self._context, self._frame, self._keys = context, frame, keys
        self._writer = ThreadPoolExecutor(1, "state")

    def restore_place(self) -> None:
        """Puts the window where it was."""
        if geometry := self._context.saved.geometry:
            self._context.window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))

    def restore_model(self) -> None:
        """Brings back sound, pad, path, recordings and switches, now that a model is open."""
        opened, saved = self._context.opened, self._context.saved
        if opened is None:
            return
        try:
            path = LatentPath.from_json(saved.path)
        except ValueError:
            path = LatentPath()
        opened.instrument.session.begin_with(saved.pad, path)
        for name, splitter in self._splitters().items():
            if state := saved.splitters.get(name):
                splitter.restoreState(QByteArray.fromBase64(state.encode()))
        opened.instrument.performer.follows = saved.follows
        opened.instrument.session.velocity_plays_dynamics = saved.velocity_plays_dynamics
        self._context.switches_changed.emit()
        opened.recordings.add([Path(path) for path in saved.dropped if Path(path).is_file()])

    def keep(self, ended: bool = False) -> None:
        """Writes the state, if it changed.

        Args:
            ended: Whether the window is being closed; a state without it is one after a crash.
        """
        context = self._context
        if context.opened is None:
            return
        instrument = context.opened.instrument
        splitters = {name: _as_text(splitter.saveState()) for name, splitter in self._splitters().items()}
        state = context.saved.model_copy(
            update={
                "model": str(instrument.path.resolve()),
                "sound": instrument.session.sound,
                "path": instrument.session.path.to_json(),
                "pad": instrument.session.pad,
                "theme": theme.current().name,
                "octave": self._keys.octave,
                "velocity": self._keys.velocity,
                "geometry": _as_text(context.window.saveGeometry()),
                "splitters": context.saved.splitters | splitters,
                "dropped": tuple(str(recording.path) for recording in context.opened.recordings.recordings),
                "follows": instrument.performer.follows,
                "velocity_plays_dynamics": instrument.session.velocity_plays_dynamics,
                "ended": ended,
            }
        )
        if state != context.saved:
            context.saved = state
            self._writer.submit(write_session, context.settings.state_path, state)

    def close(self) -> None:
        """Waits for what is being written."""
        self._writer.shutdown()

    def _splitters(self) -> dict[str, QSplitter]:
        """Splitters with more than one part, by the names they have in the file."""
        splitters = {"across": self._frame.across}
        if opened := self._context.opened:
            splitters |= {"space": opened.space.splitter, "right": opened.right.splitter}
        return {name: splitter for name, splitter in splitters.items() if splitter.count() > 1}


def _as_text(state: QByteArray) -> str:
    return bytes(state.toBase64().data()).decode()
