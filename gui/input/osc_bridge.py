"""Open Sound Control: other programs play notes, set mixes and points, and get every change sent. Qt-free.

Loopback unless asked otherwise. Messages in and out have the same addresses; what a message
changed is sent back like any other change.
"""

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

from mcnn.errors import InputError

from ..state.latent_pad import N_CORNERS
from ..state.performer import Performer
from ..state.project_state import ProjectState

CLEAR = "clear"


class OscBridge:
    """Listens at one UDP port and sends to another.

    Args:
        performer: Plays.
        in_window: Makes a call in the window's thread, where the session may be changed.
        host: Address to listen at.
        port: To listen at.
        send_port: To send to, on the host of whoever wrote last, at first on this one.

    Raises:
        InputError: If the port is taken.
    """

    def __init__(
        self,
        performer: Performer,
        in_window: Callable[[Callable[[], object]], object],
        host: str = "127.0.0.1",
        port: int = 9527,
        send_port: int | None = None,
    ) -> None:
        self._performer, self._in_window = performer, in_window
        dispatcher = Dispatcher()
        for name, handler in (
            ("note", self._note),
            ("weight", self._weight),
            ("latent", self._latent),
            ("variation", self._variation),
            ("pad", self._pad),
            ("corner", self._corner),
            ("stop", lambda _address: self._performer.stop_all()),
            ("state", lambda _address: self._in_window(lambda: self.send_project(None))),
        ):
            dispatcher.map(f"/clariolin/{name}", _forgiving(handler))
        try:
            self._server = BlockingOSCUDPServer((host, port), dispatcher)
        except OSError as error:
            raise InputError(
                f"Open Sound Control cannot listen at {host}:{port} ({error.strerror})"
            ) from None
        self.port = int(self._server.server_address[1])
        self._client = SimpleUDPClient("127.0.0.1", send_port or self.port + 1)
        self._thread = threading.Thread(target=self._server.serve_forever, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._client.close()
        self._thread.join()

    def send_note(self, midi_pitch: int, velocity: int) -> None:
        """Sends a note that is played."""
        self._send("note", [midi_pitch, velocity])

    def send_project(self, before: ProjectState | None) -> None:
        """Sends what differs from an earlier project state; all of it, if there is none."""
        project = self._performer.session.project
        sound, old_sound = project.sound, before.sound if before is not None else None
        for attribute, mix in sound.mixes.items():
            old = old_sound.mixes[attribute].weights if old_sound is not None else {}
            for label in mix.weights.keys() | old.keys():
                weight = mix.weights.get(label, 0.0)
                if old_sound is None or weight != old.get(label, 0.0):
                    self._send("weight", [attribute, label, float(weight)])
        if old_sound is None or sound.latent != old_sound.latent:
            self._send("latent", list(sound.latent))
        if sound.variation is not None and (old_sound is None or sound.variation != old_sound.variation):
            self._send("variation", [float(sound.variation)])
        self._send_pad(project, before)

    def _send_pad(self, project: ProjectState, before: ProjectState | None) -> None:
        pad = project.pad
        for i, corner in enumerate(pad.corners):
            if before is None or corner != before.pad.corners[i]:
                self._send("corner", [i + 1, *(corner.latent if corner is not None else (CLEAR,))])
        if before is None or pad.place != before.pad.place:
            self._send("pad", list(pad.place))

    def _send(self, name: str, values: list[Any]) -> None:
        with contextlib.suppress(OSError):  # nobody listens
            self._client.send_message(f"/clariolin/{name}", values)

    def _note(self, _address: str, pitch: float, velocity: float = 100) -> None:
        key = ("osc", int(pitch))
        if velocity > 0:
            self._performer.note_on(int(pitch), min(127, int(velocity)), key)
        else:
            self._performer.note_off(int(pitch), key)

    def _weight(self, _address: str, attribute: str, label: str, weight: float) -> None:
        session = self._performer.session
        if label not in session.info.vocabularies[attribute]:
            return
        (finite,) = _finite((weight,))
        self._in_window(lambda: session.set_weight(attribute, label, finite))

    def _latent(self, _address: str, *values: float) -> None:
        session = self._performer.session
        if len(values) == session.info.latent_size:
            latent = _finite(values)
            self._in_window(lambda: session.set_latent(latent))

    def _pad(self, _address: str, x: float, y: float) -> None:
        x, y = _finite((x, y))
        self._in_window(lambda: self._performer.session.move_puck(x, y))

    def _corner(self, _address: str, number: float, *values: float | str) -> None:
        session, corner = self._performer.session, int(number)
        if not 1 <= corner <= N_CORNERS:
            return
        if not values:
            self._in_window(lambda: session.set_corner_here(corner))
        elif values == (CLEAR,):
            self._in_window(lambda: session.set_corner(corner, None))
        elif len(values) == session.info.latent_size:
            latent = _finite(values)
            self._in_window(lambda: session.set_corner(corner, latent, "OSC"))

    def _variation(self, _address: str, variation: float) -> None:
        (number,) = _finite((variation,))
        self._in_window(lambda: self._performer.session.set_variation(number))


def _finite(values: Sequence[float | str]) -> tuple[float, ...]:
    """The numbers of a message; those that are not finite are refused here, not in the window's thread."""
    numbers = tuple(float(value) for value in values)
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{numbers} are not finite")
    return numbers


def _forgiving(handler: Callable[..., object]) -> Callable[..., None]:
    """Wraps a handler so that a message that makes no sense does not end the thread that listens."""

    def handle(*values: Any) -> None:
        with contextlib.suppress(TypeError, ValueError, KeyError, OverflowError):
            handler(*values)

    return handle
