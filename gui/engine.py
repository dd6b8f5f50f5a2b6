"""The instrument under the window: keys in, sound out, on threads of its own. Qt-free.

The feeder thread decodes, inverts and mixes ahead into a ring buffer; the device's callback only copies.
Where the model's inverter cannot be streamed, a second thread renders whole notes and hands them to the
feeder. Everything that callers give goes through a queue; what they ask is read without a lock.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

import numpy as np
from scipy import signal

from aae.bundle import Bundle
from aae.decoding import NoteRequest
from aae.synthesizer import RUMBLE_HZ
from mcnn.compiled import Floats
from mcnn.primed import PrimedMcnn

from .audio_output import BLOCK, AudioOutput, SilentOutput
from .envelope import CROSSFADE_S, RELEASE_S, STOP_S, Envelope
from .note_sources import Source, StreamBank, WaveSource
from .ring_buffer import RingBuffer
from .soft_limit import soft_limit
from .sounding_note import SoundingNote
from .whole_notes import WholeNotes

MOST_VOICES = 24
"""Notes at once, those that fade out included; the oldest makes room."""
FEWEST_BLOCKS_AHEAD, MOST_BLOCKS_AHEAD = 2, 10
"""Made in advance: few for a quick answer; on a busy machine one more after every dropout."""
CAPACITY_BLOCKS = 16
NAP_S = 0.002
WARM_UP_BLOCKS = 8


class Engine:
    """Plays notes of one model.

    Args:
        bundle: An opened model file.
        whole: Renders whole notes of it; also where notes are streamed.
        output: Where to.
    """

    def __init__(self, bundle: Bundle, whole: WholeNotes, output: AudioOutput) -> None:
        self.sample_rate = bundle.info.spectrogram.sample_rate
        self.output = output
        self.dropouts = 0
        """Blocks that came too late."""
        self.peak = 0.0
        """Largest sample since the meter last looked."""
        self.last: SoundingNote | None = None
        self.volume = 1.0
        self.on_failure: Callable[[str], object] = lambda _message: None
        """Called from the engine's threads."""
        self._whole = whole
        self._bank: StreamBank | None = None
        if isinstance(bundle.inverter, PrimedMcnn):
            self._bank = StreamBank(bundle, bundle.inverter, MOST_VOICES)
        self._ring = RingBuffer(CAPACITY_BLOCKS * BLOCK)
        self.blocks_ahead = FEWEST_BLOCKS_AHEAD
        self._expects = False
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._notes: list[SoundingNote] = []
        self._awaited: list[SoundingNote] = []
        self._rumble = signal.butter(2, RUMBLE_HZ, "highpass", fs=self.sample_rate, output="sos")
        self._rumble_state = np.zeros((len(self._rumble), 2))
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def warm_up(self, request: NoteRequest) -> None:
        """Makes the beginning of a note unheard, so that the first one that counts is as quick as others.

        Call it before `start`.
        """
        if self._bank is not None:
            source = self._bank.begin(request)
            for _ in range(WARM_UP_BLOCKS):
                self._bank.prepare(BLOCK)
                self._bank.advance(BLOCK)
            if source is not None:
                source.stop()

    def start(self) -> None:
        """Begins to play; a device that cannot be started is replaced by silence."""
        self._thread.start()
        try:
            self.output.start(self._fill, self._output_lost)
        except OSError as error:
            self._replace_output(f"the sound device does not start: {error}")

    def close(self) -> None:
        """Ends all threads."""
        self.output.stop()
        self._ending = True
        self._wake.set()
        self._thread.join()

    @property
    def is_streaming(self) -> bool:
        """Whether notes sound while they are made."""
        return self._bank is not None

    @property
    def n_sounding(self) -> int:
        """Notes that sound now."""
        return len(self._notes)

    def note_on(self, key: Hashable, request: NoteRequest, gain: float = 1.0) -> SoundingNote:
        """Presses a key; one that is down already is struck again."""
        note = SoundingNote(key, request, gain, time.perf_counter())
        self.last = note
        self._give(lambda: self._strike(note))
        return note

    def note_off(self, key: Hashable, release_s: float = RELEASE_S) -> None:
        """Lets a key go."""
        self._give(lambda: self._release(key, release_s))

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""
        self._give(self._stop_all)

    def play(self, key: Hashable, waveform: Floats) -> SoundingNote:
        """Plays a waveform `(samples,)` as if it were a note."""
        note = SoundingNote(key, None, 1.0, time.perf_counter())
        self.last = note
        self._give(lambda: self._strike_wave(note, waveform))
        return note

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a note that sounds over to another sound, at the same place in time."""
        self._give(lambda: self._replace(key, request))

    def held(self) -> list[tuple[Hashable, NoteRequest]]:
        """Keys that are down and sound, with what was asked."""
        return [
            (note.key, note.request)
            for note in tuple(self._notes)
            if note.request is not None and not note.is_released
        ]

    def position_s(self, note: SoundingNote) -> float | None:
        """Where in a note the ear is; None before its beginning and after its end."""
        if note.first_sample < 0 or note.source is None:
            return None
        played = self._ring.read - note.first_sample
        place = note.start_s + played / self.sample_rate - self.output.latency_s
        return place if 0 <= place <= note.source.duration_s and not note.is_stopped else None

    def take_peak(self) -> float:
        """Largest sample since the last call."""
        peak, self.peak = self.peak, 0.0
        return peak

    # --- The feeder thread ---

    def _give(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        self._wake.set()

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # where a person may hurry a thread at all
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
        while not self._ending:
            self._wake.clear()
            if self._commands:  # one at a time: a chord must not keep those waiting that sound
                self._guarded(self._commands.popleft())
            if self._notes and self._ring.n_waiting < self.blocks_ahead * BLOCK:
                self._guarded(self._feed)
            elif self._commands:
                continue
            elif self._notes:
                self._guarded(self._rest)
            else:
                self._expects = False
                self._wake.wait(0.5)

    def _rest(self) -> None:
        """Between two blocks: makes what notes will need, or waits."""
        if self._bank is None or not self._bank.prepare(BLOCK):
            self._wake.wait(NAP_S)

    def _guarded(self, work: Callable[[], None]) -> None:
        """One bad note must not end all others."""
        try:
            work()
        except Exception as error:
            self._notes.clear()
            self.on_failure(f"the sound failed: {type(error).__name__}: {error}")

    def _strike(self, note: SoundingNote) -> None:
        self._release(note.key, STOP_S)
        assert note.request is not None
        if self._bank is None or note.request.midi_pitch is None:
            self._await(note)  # without a pitch no sample is ready before all frames are
            return
        self._make_room()
        source = self._bank.begin(note.request, note.start_s)
        if source is not None:
            self._begin(note, source)

    def _await(self, note: SoundingNote) -> None:
        """Has a whole note rendered; it begins when it is there."""
        assert note.request is not None
        self._awaited.append(note)

        def ready(waveform: Floats | None) -> None:
            self._give(lambda: self._arrived(note, waveform))

        self._whole.ask(note.request, ready)

    def _arrived(self, note: SoundingNote, waveform: Floats | None) -> None:
        if note in self._awaited:
            self._awaited.remove(note)
            if waveform is not None:
                start = round(note.start_s * self.sample_rate)
                self._make_room()
                self._begin(note, WaveSource(waveform, self.sample_rate, start))
                if note.is_released and note.envelope is not None:
                    note.envelope.fall(RELEASE_S)

    def _strike_wave(self, note: SoundingNote, waveform: Floats) -> None:
        self._release(note.key, STOP_S)
        self._make_room()
        self._begin(note, WaveSource(waveform, self.sample_rate))

    def _begin(self, note: SoundingNote, source: Source) -> None:
        note.source = source
        rise_s = CROSSFADE_S if note.start_s else None
        note.envelope = (
            Envelope(self.sample_rate, note.gain, rise_s) if rise_s else Envelope(self.sample_rate, note.gain)
        )
        note.first_sample = self._ring.written
        self._notes.append(note)

    def _release(self, key: Hashable, release_s: float) -> None:
        for note in [*self._notes, *self._awaited]:
            if note.key == key:
                note.is_released = True
                if note.envelope is not None:
                    note.envelope.fall(release_s, at_once=release_s == STOP_S)

    def _stop_all(self) -> None:
        self._awaited.clear()
        for note in self._notes:
            note.is_released = note.is_stopped = True
            assert note.envelope is not None
            note.envelope.fall(STOP_S, at_once=True)

    def _replace(self, key: Hashable, request: NoteRequest) -> None:
        for note in [note for note in self._notes if note.key == key and not note.is_released]:
            assert note.envelope is not None
            place = note.start_s + (self._ring.written - note.first_sample) / self.sample_rate
            fresh = SoundingNote(key, request, note.gain, time.perf_counter(), start_s=place)
            if self._bank is not None and request.midi_pitch is not None:
                self._make_room()
                source = self._bank.begin(request, place)
                if source is not None:
                    self._begin(fresh, source)
            else:
                self._await(fresh)
            note.is_released = True
            note.envelope.fall(CROSSFADE_S)
            self.last = fresh

    def _make_room(self) -> None:
        while len(self._notes) >= MOST_VOICES:
            fading = [note for note in self._notes if note.is_released]
            oldest = (fading or self._notes)[0]
            assert oldest.source is not None
            oldest.source.stop()
            self._notes.remove(oldest)

    def _feed(self) -> None:
        """Makes one block."""
        mixed: Floats = np.zeros(BLOCK, np.float32)
        if self._bank is not None:
            self._bank.advance(BLOCK)
        for note in self._notes:
            assert note.source is not None
            assert note.envelope is not None
            block = note.source.take(BLOCK)
            note.envelope.apply(block)
            mixed += block
        for note in [n for n in self._notes if n.envelope is not None and n.envelope.is_silent]:
            assert note.source is not None
            note.source.stop()
        self._notes = [n for n in self._notes if n.source is not None and not n.source.is_over]
        filtered, self._rumble_state = signal.sosfilt(self._rumble, mixed, zi=self._rumble_state)
        self._ring.write(soft_limit(np.asarray(filtered * self.volume, np.float32)))
        self._expects = True

    # --- The device's thread ---

    def _fill(self, out: Floats) -> None:
        if self._ring.read_into(out) < len(out) and self._expects:
            self.dropouts += 1
            self.blocks_ahead = min(self.blocks_ahead + 1, MOST_BLOCKS_AHEAD)
        peak = float(np.abs(out).max(initial=0.0))
        self.peak = max(self.peak, peak)
        last = self.last
        if last is not None and not last.heard_s and 0 <= last.first_sample < self._ring.read:
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
