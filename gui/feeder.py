"""What sounds, and what is made of it ahead of the device. Qt-free.

Everything that callers give goes through a queue; the feeder thread takes it out, decodes, inverts and mixes
into a ring buffer.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

import numpy as np
from scipy import signal

from aae.decoding import NoteRequest
from aae.synthesizer import RUMBLE_HZ
from mcnn.compiled import Floats

from .audio_output import BLOCK
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


class Feeder:
    """Keeps the ring buffer filled, on a thread of its own.

    Args:
        sample_rate: Samples per second.
        bank: Streams notes; None where the model's inverter cannot be streamed.
        whole: Renders notes that are not streamed.
    """

    def __init__(self, sample_rate: int, bank: StreamBank | None, whole: WholeNotes) -> None:
        self.sample_rate = sample_rate
        self.ring = RingBuffer(CAPACITY_BLOCKS * BLOCK)
        self.blocks_ahead = FEWEST_BLOCKS_AHEAD
        self.volume = 1.0
        self.notes: list[SoundingNote] = []
        """Those that sound."""
        self.expects = False
        """Whether the device may count on samples."""
        self.on_failure: Callable[[str], object] = lambda _message: None
        """Called from the feeder thread."""
        self.on_replaced: Callable[[SoundingNote], object] = lambda _note: None
        """Called, from the feeder thread, with a note that takes the place of another one."""
        self._bank, self._whole = bank, whole
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._awaited: list[SoundingNote] = []
        self._rumble = signal.butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos")
        self._rumble_state = np.zeros((len(self._rumble), 2))
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def start(self) -> None:
        """Begins to make blocks."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    def give(self, command: Callable[[], None]) -> None:
        """Has the feeder thread do something before it goes on."""
        self._commands.append(command)
        self._wake.set()

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # where a person may hurry a thread at all
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
        while not self._ending:
            self._wake.clear()
            if self._commands:  # one at a time: a chord must not keep those waiting that sound
                self._guarded(self._commands.popleft())
            if self.notes and self.ring.n_waiting < self.blocks_ahead * BLOCK:
                self._guarded(self._feed)
            elif self._commands:
                continue
            elif self.notes:
                self._guarded(self._rest)
            else:
                self.expects = False
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
            self.notes.clear()
            self.on_failure(f"the sound failed: {type(error).__name__}: {error}")

    def strike(self, note: SoundingNote) -> None:
        """A key goes down."""
        self.release(note.key, STOP_S)
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
            self.give(lambda: self._arrived(note, waveform))

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

    def strike_wave(self, note: SoundingNote, waveform: Floats) -> None:
        """A waveform `(samples,)` plays as if it were a note."""
        self.release(note.key, STOP_S)
        self._make_room()
        self._begin(note, WaveSource(waveform, self.sample_rate))

    def _begin(self, note: SoundingNote, source: Source) -> None:
        note.source = source
        rise_s = CROSSFADE_S if note.start_s else None
        note.envelope = (
            Envelope(self.sample_rate, note.gain, rise_s) if rise_s else Envelope(self.sample_rate, note.gain)
        )
        note.first_sample = self.ring.written
        self.notes.append(note)

    def release(self, key: Hashable, release_s: float) -> None:
        """A key comes up."""
        for note in [*self.notes, *self._awaited]:
            if note.key == key:
                note.is_released = True
                if note.envelope is not None:
                    note.envelope.fall(release_s, at_once=release_s == STOP_S)

    def stop_all(self) -> None:
        """Every note ends, without a click."""
        self._awaited.clear()
        for note in self.notes:
            note.is_released = note.is_stopped = True
            assert note.envelope is not None
            note.envelope.fall(STOP_S, at_once=True)

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """A note that sounds fades over to another one, at the same place in time."""
        for note in [note for note in self.notes if note.key == key and not note.is_released]:
            assert note.envelope is not None
            place = note.start_s + (self.ring.written - note.first_sample) / self.sample_rate
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
            self.on_replaced(fresh)

    def _make_room(self) -> None:
        while len(self.notes) >= MOST_VOICES:
            fading = [note for note in self.notes if note.is_released]
            oldest = (fading or self.notes)[0]
            assert oldest.source is not None
            oldest.source.stop()
            self.notes.remove(oldest)

    def _feed(self) -> None:
        """Makes one block."""
        mixed: Floats = np.zeros(BLOCK, np.float32)
        if self._bank is not None:
            self._bank.advance(BLOCK)
        for note in self.notes:
            assert note.source is not None
            assert note.envelope is not None
            block = note.source.take(BLOCK)
            note.envelope.apply(block)
            mixed += block
        for note in [n for n in self.notes if n.envelope is not None and n.envelope.is_silent]:
            assert note.source is not None
            note.source.stop()
        self.notes = [n for n in self.notes if n.source is not None and not n.source.is_over]
        filtered, self._rumble_state = signal.sosfilt(self._rumble, mixed, zi=self._rumble_state)
        self.ring.write(soft_limit(np.asarray(filtered * self.volume, np.float32)))
        self.expects = True
