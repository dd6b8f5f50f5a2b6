"""MIDI and Open Sound Control, as the window starts, stops and shows them."""

from typing import TYPE_CHECKING

from mcnn.errors import InputError

if TYPE_CHECKING:
    from PyQt6.QtGui import QAction

    from ..background import UiInvoker
    from ..state.instrument import Instrument
    from ..state.saved_session import SavedSession
    from ..state.scene import ProjectState
    from .midi_input import MidiInput
    from .osc_bridge import OscBridge


class Controllers:
    """What else plays beside mouse and keyboard."""

    courier: "UiInvoker"
    actions_by_name: "dict[str, QAction]"
    instrument: "Instrument | None"
    saved: "SavedSession"
    midi_channels: "dict[int | None, QAction]"
    midi: "MidiInput | None" = None
    osc: "OscBridge | None" = None
    osc_address = ("127.0.0.1", 9527)
    osc_at_start = False
    _osc_told: "ProjectState | None" = None

    def start_controllers(self, instrument: "Instrument") -> None:
        """Begins to listen."""
        from .midi_input import MidiInput

        self.midi = MidiInput(instrument.performer, channel=self.saved.midi_channel)
        instrument.performer.on_play = self._played
        if self.osc_at_start:
            self._start_osc(instrument)

    def stop_controllers(self) -> None:
        """Listens to nobody."""
        if self.midi is not None:
            self.midi.close()
            self.midi = None
        self._stop_osc()

    def set_midi_channel(self, channel: int | None) -> None:
        """Listens to one MIDI channel, 0 to 15, or, with None, to all."""
        self.saved = self.saved.model_copy(update={"midi_channel": channel})
        for number, action in self.midi_channels.items():
            action.setChecked(number == channel)
        if self.midi is not None:
            self.midi.listen_to(channel)

    def toggle_osc(self) -> None:
        """Switches Open Sound Control on or off."""
        if self.instrument is None:
            return
        if self.osc is None:
            self._start_osc(self.instrument)
        else:
            self._stop_osc()

    def send_state(self) -> None:
        """Tells other programs what changed."""
        if self.osc is not None and self.instrument is not None:
            self.osc.send_scene(self._osc_told)
            self._osc_told = self.instrument.session.scene

    def controllers_in_words(self) -> str:
        """What is plugged in."""
        ports = len(self.midi.ports) if self.midi is not None else 0
        channel = self.saved.midi_channel
        only = "" if channel is None else f" channel {channel + 1}"
        words = f"{ports} MIDI{only}" if ports else "no MIDI"
        return f"{words} · OSC {self.osc.port}" if self.osc is not None else words

    def say(self, words: str) -> None:
        """A line at the bottom of the window."""

    def _start_osc(self, instrument: "Instrument") -> None:
        try:
            from .osc_bridge import OscBridge

            self.osc = OscBridge(instrument.performer, self.courier.send, *self.osc_address)
            self._osc_told = instrument.session.scene
        except (InputError, ImportError) as error:
            self.say(str(error))
        self.actions_by_name["Open Sound Control"].setChecked(self.osc is not None)

    def _stop_osc(self) -> None:
        if self.osc is not None:
            self.osc.close()
            self.osc = None
        self.actions_by_name["Open Sound Control"].setChecked(False)

    def _played(self, midi_pitch: int, velocity: int) -> None:
        if self.osc is not None:
            self.osc.send_note(midi_pitch, velocity)
