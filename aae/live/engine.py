"""The engine of one model: keys in, sound out.

The producer thread inverts and mixes ahead into a ring buffer what the decoding thread decodes; the device's
thread only copies. Where the model's inverter cannot be streamed, whole notes are rendered and handed to the
producer. What callers order goes through a queue; what they ask is read without a lock.
"""

import threading
import time
from collections.abc import Callable, Hashable

import numpy as np

from aae.live.audio_output import AudioOutput, SilentOutput
from aae.live.audio_producer import OFFLINE, REAL_TIME, AudioProducer
from aae.live.live_voice import LiveVoice
from aae.live.note_sources import StreamBank
from aae.live.offline_renderer import RenderNote
from aae.live.status import Device, SoundStatus
from aae.live.voice_allocator import MAX_VOICES
from aae.model.model_file import LoadedModel
from aae.synthesis.finishing import RELEASE_S
from aae.synthesis.inverters import streaming_inverter
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats


class Engine:
    """Plays notes of one model on one output; any thread may call it.

    Args:
        loaded: An opened model file.
        render: Renders whole notes of it, where they cannot be streamed.
        output: Where the sound goes. If it is offline, no thread is started: reading it makes the sound.
        on_failure: Called with one line that says what went wrong, by any of the engine's threads.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        render: RenderNote,
        output: AudioOutput,
        on_failure: Callable[[str], object] = lambda _message: None,
    ) -> None:
        self.sample_rate = loaded.info.spectrogram.sample_rate
        self.output = output
        self._on_failure = on_failure
        inverter = streaming_inverter(loaded)
        self._bank = None if inverter is None else StreamBank(loaded, inverter, MAX_VOICES)
        self.producer = AudioProducer(
            self.sample_rate,
            self._bank,
            render,
            on_failure,
            on_replaced=self._set_last,
            timing=OFFLINE if output.is_offline else REAL_TIME,
        )
        self._last: LiveVoice | None = None
        """The voice that position and latency are told of; replaced in one step."""
        self._peak = 0.0
        """Largest sample since `take_peak`; written by the device's thread."""
        self._n_late = 0
        """`output.n_late` at the last block; written by the device's thread."""

    def warm_up(self, request: NoteRequest) -> None:
        """Makes the beginning of a note unheard, so that the first one that counts is as quick as others.

        Call it before `start`.
        """
        self.producer.warm_up(request)

    def start(self) -> None:
        """Begins to play; a device that cannot be started is replaced by silence."""
        if not self.output.is_offline:
            self.producer.start()
        try:
            self.output.start(self._fill, self._output_lost)
        except OSError as error:
            self._replace_output(f"the sound device does not start: {error}")

    def close(self) -> None:
        """Ends all threads."""
        self.output.stop()
        self.producer.close()

    @property
    def is_streaming(self) -> bool:
        """Whether notes sound while they are made."""
        return self._bank is not None

    @property
    def n_sounding(self) -> int:
        """Notes that sound now."""
        return len(self.producer.voices.sounding)

    @property
    def n_dropouts(self) -> int:
        """Blocks that came too late."""
        return self.producer.n_dropouts

    @property
    def volume(self) -> float:
        """Factor of all that is heard."""
        return self.producer.volume

    @volume.setter
    def volume(self, factor: float) -> None:
        self.producer.volume = factor

    def set_volume(self, factor: float) -> None:
        """Sets `volume`."""
        self.volume = factor

    def status(self) -> SoundStatus:
        """Its state now; `peak` is that since the last call."""
        output, last = self.output, self._last
        return SoundStatus(
            Device(output.name, output.is_silent, output.why),
            self.is_streaming,
            self.n_sounding,
            self.n_dropouts,
            self.producer.n_stolen,
            self.take_peak(),
            None if last is None else self.position_s(last),
            last.heard_s - last.pressed_s if last is not None and last.heard_s else None,
        )

    def note_on(self, key: Hashable, request: NoteRequest, gain: float = 1.0) -> LiveVoice:
        """Presses a key; one that is down already begins anew."""
        voice = self._last = LiveVoice(key, request, gain, time.perf_counter())
        self.producer.post(lambda: self.producer.voices.note_on(voice))
        return voice

    def note_off(self, key: Hashable, release_s: float = RELEASE_S) -> None:
        """Lets a key go."""
        self.producer.post(lambda: self.producer.voices.release(key, release_s))

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""
        self.producer.post(self.producer.voices.stop_all)

    def play(self, key: Hashable, waveform: Floats) -> LiveVoice:
        """Plays a waveform `(samples,)` as if it were a note."""
        voice = self._last = LiveVoice(key, None, 1.0, time.perf_counter())
        self.producer.post(lambda: self.producer.voices.play_waveform(voice, waveform))
        return voice

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a note that sounds over to another sound, at the same place in time."""
        self.producer.post(lambda: self.producer.voices.replace(key, request))

    def position_s(self, voice: LiveVoice) -> float | None:
        """Position in a note of what is heard now; None before its beginning and after its end."""
        if voice.first_sample < 0 or voice.source is None:
            return None
        n_played = self.producer.ring.read - voice.first_sample
        position_s = voice.start_s + n_played / self.sample_rate - self.output.latency_s
        return position_s if 0 <= position_s <= voice.source.duration_s and not voice.is_stopped else None

    def take_peak(self) -> float:
        """Largest sample since the last call."""
        peak, self._peak = self._peak, 0.0
        return peak

    def _set_last(self, voice: LiveVoice) -> None:
        self._last = voice

    # --- The device's thread ---

    def _fill(self, out: Floats) -> None:
        """The next samples `(samples,)`, for the device."""
        if self.output.is_offline:
            self.producer.produce(len(out))
        n_late = self.output.n_late
        self.producer.read_into(out, was_late=n_late > self._n_late)
        self._n_late = n_late
        self._peak = max(self._peak, float(np.abs(out).max(initial=0.0)))
        last = self._last
        if last is not None and not last.heard_s and 0 <= last.first_sample < self.producer.ring.read:
            last.heard_s = time.perf_counter()

    def _output_lost(self) -> None:
        """Replaces the device, on another thread: its own must not wait for itself to end."""
        threading.Thread(
            target=self._replace_output, args=("the sound device went away",), daemon=True
        ).start()

    def _replace_output(self, why: str) -> None:
        self.output.stop()
        self.output = SilentOutput(self.sample_rate, why)
        self.output.start(self._fill, lambda: None)
        self._on_failure(f"{why}; the rest goes on in silence")
