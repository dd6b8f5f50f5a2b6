"""In place of an engine and its worker: what they were asked."""

from typing import Any, cast

from aae.live.offline_renderer import OfflineRenderer
from aae.live.status import SoundEngine
from gui.state.performer import Performer
from gui.state.session import Session
from tests.support.fake_synthesizer import INFO


class Notebook:
    """Writes down what it is asked to play."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def note_on(self, key: object, request: Any, gain: float = 1.0) -> None:
        self.asked.append(("on", request.midi_pitch, round(gain, 3)))

    def note_off(self, key: object) -> None:
        self.asked.append(("off", key))

    def stop_all(self) -> None:
        self.asked.append(("stop",))

    def show(self, request: Any) -> None:
        pass

    def performer(self, session: Session | None = None) -> Performer:
        """Who plays a session on it."""
        session = session or Session(INFO)
        return Performer(session, cast(SoundEngine, self), cast(OfflineRenderer, self))
