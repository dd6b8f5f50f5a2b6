"""Makes the sound ahead of the device, on a thread of its own.

The producer makes a block whenever fewer than a few are ready. Meanwhile another thread decodes the frames
that voices will lack and the onsets of new ones (`decoding_thread`); the producer says which are the most
urgent, and takes them in between two blocks.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import signal

from aae.live.audio_output import BLOCK
from aae.live.decoding_thread import (
    DecodeJob,
    DecodeResult,
    Decoding,
    DecodingInPlace,
    DecodingThread,
    OnDone,
    OnResult,
    run_job,
)
from aae.live.live_voice import LiveVoice
from aae.live.note_sources import StreamBank
from aae.live.offline_renderer import RenderNote
from aae.live.priority import PRODUCER_NICENESS, raise_priority
from aae.live.ring_buffer import RingBuffer
from aae.live.voice_allocator import VoiceAllocator
from aae.synthesis.finishing import rumble_filter
from aae.synthesis.limiter import soft_limit
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats

MIN_BLOCKS_AHEAD, MAX_BLOCKS_AHEAD = 3, 10
"""Blocks that are kept ready; one more after every dropout. A note after silence waits for none of them."""
RING_BLOCKS = 16
"""Blocks that the ring buffer can hold."""
MIN_DECODED_BLOCKS, ENOUGH_DECODED_BLOCKS = 14, 24
"""A voice with fewer decoded blocks comes before the onsets of new notes; one with enough can wait."""
MAX_VOICES_PER_JOB = 10
"""Decoded together: a chord of two hands, so that no key waits for more."""
MAX_PENDING_JOBS = 2
"""Submitted at once, so that the decoding thread need not wait until a block is made."""
MAX_BLOCKS_BEFORE_RESULT = 4
"""After so many blocks a decoded result is taken in, even where blocks are hardly made in time."""
OVERLOAD_SHARE = 0.9
"""Of a block's duration; from there on making it takes too long."""
LOAD_SMOOTHING = 0.3
"""Weight of the last block in the smoothed time that making one takes."""
POLL_INTERVAL_S = 0.002
"""Between two looks at the ring buffer while notes sound."""
IDLE_INTERVAL_S = 0.5
WARM_UP_NOTES, WARM_UP_BLOCKS = 3, 8


@dataclass(frozen=True)
class Timing:
    """The producer's relation to time: what else runs beside it, and the clock of its load."""

    decoding: Callable[[OnResult], Decoding] = DecodingThread
    """Made with the function that takes each result."""
    clock: Callable[[], float] = time.perf_counter
    """Seconds, to measure how long a block takes to make."""


def _no_time_passes() -> float:
    return 0.0


REAL_TIME = Timing()
OFFLINE = Timing(DecodingInPlace, _no_time_passes)
"""All on the thread that asks; no block takes too long. The same commands give the same samples."""


class AudioProducer:
    """Keeps the ring buffer filled.

    In real time `start` begins the producer thread, which alone calls `step`; `post` is for any thread and
    `read_into` for the device's. Offline nothing is started: the thread that calls `produce` is the producer
    thread, and the device's too.

    Args:
        sample_rate: Samples per second.
        bank: Streams notes; None where the model's inverter cannot be streamed.
        render: Renders whole notes, where they are not streamed.
        on_failure: Called by the producer thread with one line that says what went wrong.
        on_replaced: Called by the producer thread with a voice that takes the place of another one.
        timing: `REAL_TIME` or `OFFLINE`.
    """

    def __init__(
        self,
        sample_rate: int,
        bank: StreamBank | None,
        render: RenderNote,
        on_failure: Callable[[str], object],
        on_replaced: Callable[[LiveVoice], object] = lambda _voice: None,
        timing: Timing = REAL_TIME,
    ) -> None:
        self.ring = RingBuffer(RING_BLOCKS * BLOCK)
        self.voices = VoiceAllocator(sample_rate, bank, render, self.post, on_replaced)
        self.volume = 1.0
        """Factor of all that is heard; any thread may set it."""
        self.is_promised = False
        """Whether the device may count on samples; written by the producer thread."""
        self.n_dropouts = 0
        """Blocks that the device lacked while it counted on them; written by the device's thread."""
        self.n_stolen = 0
        """Notes that ended early because blocks took too long for all of them; written by the producer."""
        self._bank, self._on_failure, self._clock = bank, on_failure, timing.clock
        self._block_s = BLOCK / sample_rate
        self._commands: deque[Callable[[], object]] = deque()
        self._decoding = timing.decoding(self._receive)
        self._pending: list[DecodeJob] = []
        """Submitted, and not taken in yet."""
        self._results: deque[DecodeResult] = deque()
        self._wake = threading.Event()
        self._blocks_since_result = 0
        self._load_s = 0.0
        """Smoothed time that making a block takes."""
        self._highpass = rumble_filter(sample_rate)
        self._highpass_state = np.zeros((len(self._highpass), 2))
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="audio-producer", daemon=True)

    @property
    def blocks_ahead(self) -> int:
        """Blocks that are kept ready."""
        return min(MIN_BLOCKS_AHEAD + self.n_dropouts, MAX_BLOCKS_AHEAD)

    def start(self) -> None:
        """Begins to make blocks, on the producer thread."""
        self._decoding.start()
        self._thread.start()

    def close(self) -> None:
        """Ends the threads, if they were started."""
        self._is_closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._decoding.close()

    def post(self, command: Callable[[], object]) -> None:
        """Has the producer thread do something, a moment's work, before its next block. From any thread."""
        self._commands.append(command)
        self._wake.set()

    def read_into(self, out: Floats, was_late: bool) -> None:
        """Takes the next samples, or silence, and counts a dropout if there should have been some.

        From the device's thread.

        Args:
            out: `(samples,)`, overwritten.
            was_late: Whether the device says that it lost a block.
        """
        was_promised = self.is_promised  # before reading: a note may begin at this moment
        is_short = self.ring.read_into(out) < len(out)
        self.n_dropouts += was_promised and (is_short or was_late)

    def produce(self, n_samples: int) -> None:
        """Works until so many samples are ready, at most `MIN_BLOCKS_AHEAD` blocks, or no note sounds."""
        while self.ring.n_waiting < n_samples and self._step_or_drop():
            pass

    def step(self) -> bool:
        """Does the most urgent work; False if there is none."""
        while self._commands:
            self._execute(self._commands.popleft())
        self.is_promised = self.is_promised and bool(self.voices.sounding)
        self._submit_jobs()
        is_due = self._block_is_due()
        if self._results and (not is_due or self._blocks_since_result >= MAX_BLOCKS_BEFORE_RESULT):
            self._blocks_since_result = 0
            self._take_in(self._results.popleft())
        elif is_due:
            self._make_block()
        else:
            return False
        return True

    def warm_up(self, request: NoteRequest) -> None:
        """Makes the beginning of a note unheard: all that is needed is loaded. Call it before `start`."""
        if self._bank is None or request.midi_pitch is None:
            return
        for _ in range(WARM_UP_NOTES):
            self.voices.note_on(LiveVoice("warm-up", request, 1.0, 0.0))
            for _ in range(WARM_UP_BLOCKS):
                while (job := self._next_job()) is not None:
                    self._pending.append(job)
                    self._take_in(run_job(job))
                self._make_block()
                self.ring.read_into(np.zeros(BLOCK, np.float32))
            self.voices.drop_all()
        self._highpass_state[:] = 0
        self._load_s = 0.0
        self.is_promised = False

    def _run(self) -> None:
        raise_priority(PRODUCER_NICENESS)
        while not self._is_closing:
            self._wake.clear()
            if not self._step_or_drop():
                self._wake.wait(POLL_INTERVAL_S if self.voices.sounding else IDLE_INTERVAL_S)

    def _step_or_drop(self) -> bool:
        """A step; what sounds is given up where it cannot be made any more, and the thread goes on."""
        try:
            return self.step()
        except Exception as error:
            self.voices.drop_all()
            self._report_failure(error)
            return False

    def _receive(self, result: DecodeResult) -> None:
        """Has the producer thread take a result in, between two blocks. From the decoding thread."""
        self._results.append(result)
        self._wake.set()

    def _block_is_due(self) -> bool:
        """Whether a block is lacking that can be made."""
        if not self.voices.sounding or self.ring.n_waiting >= self.blocks_ahead * BLOCK:
            return False
        return self._bank is None or self._bank.can_advance(BLOCK)

    def _submit_jobs(self) -> None:
        """Keeps the decoding thread at work."""
        while len(self._pending) < MAX_PENDING_JOBS and (job := self._next_job()) is not None:
            self._pending.append(job)
            self._decoding.submit(job)

    def _next_job(self) -> DecodeJob | None:
        """The most urgent job; what can wait is no job while another one is pending."""
        return (
            self._next_frames_job(MIN_DECODED_BLOCKS)
            or self.voices.next_onset_job(MAX_VOICES_PER_JOB)
            or (None if self._pending else self._next_frames_job(ENOUGH_DECODED_BLOCKS))
        )

    def _next_frames_job(self, n_blocks: int) -> DecodeJob | None:
        """The next frames of voices that cannot sound for so many blocks without."""
        bank = self._bank
        sources = bank.underfed(n_blocks * BLOCK, MAX_VOICES_PER_JOB) if bank is not None else []
        if bank is None or not sources:
            return None
        for source in sources:
            source.is_awaited = True

        def decode() -> OnDone:
            parts = bank.decode(sources)
            return lambda: bank.push(sources, parts)

        return DecodeJob(decode, on_failure=self.voices.drop_all)

    def _take_in(self, result: DecodeResult) -> None:
        """Takes decoded frames in; a failure ends the voices that they were for, and is reported."""
        self._pending.remove(result.job)
        if result.on_done is not None:
            result.on_done()
        else:
            result.job.on_failure()
            self._report_failure(result.failure)

    def _execute(self, command: Callable[[], object]) -> None:
        """Does what was posted; a failure ends no voice."""
        try:
            command()
        except Exception as error:
            self._report_failure(error)

    def _report_failure(self, error: Exception | None) -> None:
        self._on_failure(f"the sound failed: {type(error).__name__}: {error}")

    def _make_block(self) -> None:
        """Makes one block; where that takes too long for the notes that sound, they become fewer."""
        started_s = self._clock()
        mixed = self.voices.mix(BLOCK)
        filtered, self._highpass_state = signal.sosfilt(self._highpass, mixed, zi=self._highpass_state)
        self.ring.write(soft_limit(np.asarray(filtered * self.volume, np.float32)))
        self._load_s += LOAD_SMOOTHING * (self._clock() - started_s - self._load_s)
        if self._load_s > OVERLOAD_SHARE * self._block_s and self.ring.n_waiting <= BLOCK:
            self.n_stolen += self.voices.steal_voice()
            self._load_s = 0.0
        self._blocks_since_result += 1
        self.is_promised = True
