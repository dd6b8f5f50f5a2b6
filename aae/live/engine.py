"""The instrument under the window: keys in, sound out, on threads of its own. Qt-free.

The feeder thread inverts and mixes ahead into a ring buffer what another one decodes; the device's callback
only copies. Where the model's inverter cannot be streamed, one more renders whole notes and hands them to the
feeder. Everything that callers give goes through a queue; what they ask is read without a lock.
"""

import threading
import time
from collections.abc import Callable, Hashable

import numpy as np

from aae.live.audio_output import AudioOutput, SilentOutput
from aae.live.envelope import RELEASE_S
from aae.live.feeder import MAX_BLOCKS_AHEAD, AudioProducer
from aae.live.note_sources import StreamBank
from aae.live.played_notes import MAX_VOICES, VoiceAllocator
from aae.live.sounding_note import LiveVoice
from aae.live.status import Device, SoundStatus
from aae.live.whole_notes import OfflineRenderer
from aae.model.model_file import LoadedModel
from aae.synthesis.decoding import NoteRequest
from aae.synthesis.inverters import streaming_inverter
from mcnn.compiled import Floats


class Engine:
    """Plays notes of one model.

    Args:
        loaded: An opened model file.
        whole: Renders whole notes of it; also where notes are streamed.
        output: Where to.
    """

    def __init__(self, loaded: LoadedModel, whole: OfflineRenderer, output: AudioOutput) -> None:
        self.sample_rate = loaded.info.spectrogram.sample_rate
        self.output = output
        self.dropouts = 0
        """Blocks that came too late."""
        self._n_late = 0
        self.peak = 0.0
        """Largest sample since the meter last looked."""
        self.last: LiveVoice | None = None
        self.on_failure: Callable[[str], object] = lambda _message: None
        """Called from the engine's threads."""
        inverter = streaming_inverter(loaded)
        self._bank = None if inverter is None else StreamBank(loaded, inverter, MAX_VOICES)
        self.feeder = AudioProducer(self.sample_rate, self._bank, whole)
        self.played: VoiceAllocator = self.feeder.played
        self.feeder.on_failure = lambda message: self.on_failure(message)
        self.played.on_replaced = self._replaced

    def warm_up(self, request: NoteRequest) -> None:
        """Makes the beginning of a note unheard, so that the first one that counts is as quick as others.

        Call it before `start`.
        """
        self.feeder.warm_up(request)

    def start(self) -> None:
        """Begins to play; a device that cannot be started is replaced by silence."""
        self.feeder.start()
        try:
            self.output.start(self._fill, self._output_lost)
        except OSError as error:
            self._replace_output(f"the sound device does not start: {error}")

    def close(self) -> None:
        """Ends all threads."""
        self.output.stop()
        self.feeder.close()

    @property
    def is_streaming(self) -> bool:
        """Whether notes sound while they are made."""
        return self._bank is not None

    @property
    def n_sounding(self) -> int:
        """Notes that sound now."""
        return len(self.played.sounding)

    @property
    def volume(self) -> float:
        """Factor of all that is heard."""
        return self.feeder.volume

    @volume.setter
    def volume(self, factor: float) -> None:
        self.set_volume(factor)

    def set_volume(self, factor: float) -> None:
        """Sets `volume`."""
        self.feeder.volume = factor

    def status(self) -> SoundStatus:
        """How it is now."""
        output, last = self.output, self.last
        return SoundStatus(
            Device(output.name, output.is_silent, getattr(output, "why", "")),
            self.is_streaming,
            self.n_sounding,
            self.dropouts,
            self.feeder.n_shed,
            self.take_peak(),
            None if last is None else self.position_s(last),
            last.heard_s - last.asked_s if last is not None and last.heard_s else None,
        )

    def note_on(self, key: Hashable, request: NoteRequest, gain: float = 1.0) -> LiveVoice:
        """Presses a key; one that is down already is struck again."""
        note = LiveVoice(key, request, gain, time.perf_counter())
        self.last = note
        self.feeder.give(lambda: self.played.strike(note))
        return note

    def note_off(self, key: Hashable, release_s: float = RELEASE_S) -> None:
        """Lets a key go."""
        self.feeder.give(lambda: self.played.release(key, release_s))

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""
        self.feeder.give(self.played.stop_all)

    def play(self, key: Hashable, waveform: Floats) -> LiveVoice:
        """Plays a waveform `(samples,)` as if it were a note."""
        note = LiveVoice(key, None, 1.0, time.perf_counter())
        self.last = note
        self.feeder.give(lambda: self.played.strike_wave(note, waveform))
        return note

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a note that sounds over to another sound, at the same place in time."""
        self.feeder.give(lambda: self.played.replace(key, request))

    def position_s(self, note: LiveVoice) -> float | None:
        """Where in a note the ear is; None before its beginning and after its end."""
        if note.first_sample < 0 or note.source is None:
            return None
        played = self.feeder.ring.read - note.first_sample
        place = note.start_s + played / self.sample_rate - self.output.latency_s
        return place if 0 <= place <= note.source.duration_s and not note.is_stopped else None

    def take_peak(self) -> float:
        """Largest sample since the last call."""
        peak, self.peak = self.peak, 0.0
        return peak

    def _replaced(self, note: LiveVoice) -> None:
        self.last = note

    # --- The device's thread ---

    def _fill(self, out: Floats) -> None:
        expected = self.feeder.expects  # before reading: a note may begin at this moment
        is_short = self.feeder.ring.read_into(out) < len(out)
        was_late, self._n_late = self.output.n_late > self._n_late, self.output.n_late
        if expected and (is_short or was_late):
            self.dropouts += 1
            self.feeder.blocks_ahead = min(self.feeder.blocks_ahead + 1, MAX_BLOCKS_AHEAD)
        peak = float(np.abs(out).max(initial=0.0))
        self.peak = max(self.peak, peak)
        last = self.last
        if last is not None and not last.heard_s and 0 <= last.first_sample < self.feeder.ring.read:
            last.heard_s = time.perf_counter()

    def _output_lost(self) -> None:
        """The sound server went away; from its own thread, which must not wait for itself."""
        threading.Thread(
            target=self._replace_output, args=("the sound device went away",), daemon=True
        ).start()

    def _replace_output(self, why: str) -> None:
        self.output.stop()
        self.output = SilentOutput(self.sample_rate, why)
        self.output.start(self._fill, lambda: None)
        self.on_failure(f"{why}; the rest goes on in silence")
