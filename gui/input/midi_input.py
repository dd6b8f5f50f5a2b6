"""MIDI keyboards: every one plays, also those that are plugged in later. Qt-free.

Without MIDI on the machine, or without its library, nothing is opened and `problem` gives the reason.
"""

import threading
from typing import Any

from ..state.performer import Performer

LOOK_EVERY_S = 2.0
"""Between two looks for new keyboards."""
ALL_NOTES_OFF, ALL_SOUND_OFF, SUSTAIN = 123, 120, 64


class MidiInput:
    """Opens every input port there is, and looks for new ones.

    Args:
        performer: Plays the notes.
        channel: Only this one, 0 to 15; None listens to all.
        backend: Another of mido's backends, such as `mido.backends.rtmidi/UNIX_JACK`.
    """

    def __init__(
        self,
        performer: Performer,
        channel: int | None = None,
        backend: str | None = None,
    ) -> None:
        self._performer, self.channel = performer, channel
        self.ports: dict[str, Any] = {}
        """Open ports by name."""
        self.problem: str | None = None
        """The reason if there is no MIDI."""
        self._sustained: set[tuple[str, int, int]] = set()
        self._pedals: set[tuple[str, int]] = set()
        self._ending = threading.Event()
        self._mido: Any = None
        try:
            import mido

            self._mido = mido.Backend(backend, load=True) if backend else mido
            self._mido.get_input_names()
        except Exception as error:  # rtmidi, ALSA and mido each have errors of their own
            self.problem = f"no MIDI: {error}"
            return
        self._thread = threading.Thread(target=self._look, name="midi", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes all ports."""
        self._ending.set()
        if self.problem is None:
            self._thread.join()
        for port in self.ports.values():
            port.close()
        self.ports.clear()

    def listen_to(self, channel: int | None) -> None:
        """Takes another channel, and ends the notes of the one before."""
        if channel != self.channel:
            self.channel = channel
            self._pedals.clear()
            self._sustained.clear()
            self._performer.stop_all()

    def receive(self, port: str, message: Any) -> None:
        """Plays a message, a `mido.Message`."""
        if self.channel is not None and getattr(message, "channel", self.channel) != self.channel:
            return
        channel = getattr(message, "channel", 0)
        if message.type == "note_on" and message.velocity > 0:
            key = (port, channel, message.note)
            self._sustained.discard(key)
            self._performer.note_on(message.note, message.velocity, ("midi", *key))
        elif message.type in ("note_on", "note_off"):
            key = (port, channel, message.note)
            if (port, channel) in self._pedals:
                self._sustained.add(key)
            else:
                self._performer.note_off(message.note, ("midi", *key))
        elif message.type == "control_change":
            self._control(port, channel, message.control, message.value)

    def _control(self, port: str, channel: int, control: int, value: int) -> None:
        if control in (ALL_NOTES_OFF, ALL_SOUND_OFF):
            self._performer.stop_all()
        elif control == SUSTAIN and value >= 64:
            self._pedals.add((port, channel))
        elif control == SUSTAIN:
            self._pedals.discard((port, channel))
            for key in [key for key in self._sustained if key[:2] == (port, channel)]:
                self._sustained.discard(key)
                self._performer.note_off(key[2], ("midi", *key))

    def _let_go(self, port: str) -> None:
        """Ends the notes of a keyboard that was pulled out."""
        self._pedals = {pedal for pedal in self._pedals if pedal[0] != port}
        self._sustained = {key for key in self._sustained if key[0] != port}
        for key in [
            key for key in self._performer.held if isinstance(key, tuple) and key[:2] == ("midi", port)
        ]:
            self._performer.note_off(key[3], key)

    def _look(self) -> None:
        while True:
            try:
                self._open_new()
            except Exception as error:
                self.problem = f"MIDI failed: {error}"
            if self._ending.wait(LOOK_EVERY_S):
                return

    def _open_new(self) -> None:
        names = set(self._mido.get_input_names())
        for name in names - self.ports.keys():
            self.ports[name] = self._mido.open_input(
                name, callback=lambda message, name=name: self.receive(name, message)
            )
        for name in self.ports.keys() - names:
            self.ports.pop(name).close()
            self._let_go(name)
