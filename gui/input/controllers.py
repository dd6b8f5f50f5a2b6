"""MIDI and Open Sound Control while a model is open: starts, stops and describes them. Qt-free."""

from collections.abc import Callable

from mcnn.errors import InputError

from ..state.performer import Performer
from ..state.project_state import ProjectState
from .midi_input import MidiInput
from .osc_bridge import OscBridge
from .osc_settings import OscSettings


class Controllers:
    """Listens to MIDI keyboards and, where it is switched on, to other programs.

    Args:
        performer: Plays what they send.
        in_window: Makes a call in the window's thread, where the session may be changed.
        osc_settings: Address of Open Sound Control.
        midi_channel: The only one that is listened to, 0 to 15; None listens to all.
        show_message: Shows a person why something failed.
    """

    def __init__(
        self,
        performer: Performer,
        in_window: Callable[[Callable[[], object]], object],
        osc_settings: OscSettings,
        midi_channel: int | None,
        show_message: Callable[[str], object],
    ) -> None:
        self._performer, self._in_window = performer, in_window
        self._osc_settings, self._show_message = osc_settings, show_message
        self.midi = MidiInput(performer, channel=midi_channel)
        self.osc: OscBridge | None = None
        self._osc_sent: ProjectState | None = None
        """The state that other programs know."""
        performer.subscribe_to_notes(self._send_note)
        performer.session.subscribe(self._send_project)
        if osc_settings.is_on_at_start:
            self._start_osc()

    def toggle_osc(self) -> None:
        """Switches Open Sound Control on or off."""
        if self.osc is None:
            self._start_osc()
        else:
            self._stop_osc()

    def in_words(self) -> str:
        """The open MIDI ports, their channel and the port of Open Sound Control: `1 MIDI · OSC 9527`."""
        n_ports, channel = len(self.midi.ports), self.midi.channel
        only = "" if channel is None else f" channel {channel + 1}"
        words = f"{n_ports} MIDI{only}" if n_ports else "no MIDI"
        return f"{words} · OSC {self.osc.port}" if self.osc is not None else words

    def close(self) -> None:
        """Listens to nobody any more."""
        self.midi.close()
        self._stop_osc()

    def _start_osc(self) -> None:
        settings = self._osc_settings
        try:
            self.osc = OscBridge(self._performer, self._in_window, settings.host, settings.port)
            self._osc_sent = self._performer.session.project
        except InputError as error:
            self._show_message(str(error))

    def _stop_osc(self) -> None:
        if self.osc is not None:
            self.osc.close()
            self.osc = None

    def _send_note(self, midi_pitch: int, velocity: int) -> None:
        if self.osc is not None:
            self.osc.send_note(midi_pitch, velocity)

    def _send_project(self) -> None:
        if self.osc is not None:
            self.osc.send_project(self._osc_sent)
            self._osc_sent = self._performer.session.project
