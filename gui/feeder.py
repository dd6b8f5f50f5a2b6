"""What makes the sound ahead of the device, on a thread of its own. Qt-free.

Between two blocks it does one piece of other work, for several notes at once: frames of notes that will soon
lack them, else the beginnings of notes that were asked for, else frames that will be lacking later. It is
begun only when the blocks that are ready last for longer than it will take.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import signal

from aae.decoding import NoteRequest
from aae.synthesizer import RUMBLE_HZ

from .audio_output import BLOCK
from .note_sources import StreamBank
from .pace import Pace
from .played_notes import PlayedNotes
from .ring_buffer import RingBuffer
from .soft_limit import soft_limit
from .sounding_note import SoundingNote
from .whole_notes import WholeNotes

FEWEST_BLOCKS_AHEAD, MOST_BLOCKS_AHEAD = 2, 10
"""Made in advance: few for a quick answer; on a busy machine one more after every dropout."""
CAPACITY_BLOCKS = 16
BLOCKS_IN_HAND, FEWEST_IN_HAND = 24, 14
"""A note that can sound for longer without decoding needs none yet; for less, it comes before new notes."""
LONG_BLOCKS, SHORT_BLOCKS = 4.0, 2.0
"""What a piece of work may take, in blocks' time, and one that can wait: no key shall wait long for it."""
CAUTION = 1.4
"""By so much a part may take longer than it should, as others come between on a busy machine. Beginnings do
not wait for as much certainty: keys wait for them."""
PATIENCE_BLOCKS = 12
"""A new note waits for no more, even where blocks are hardly made in time."""
NAP_S = 0.002
WARM_UP_NOTES, WARM_UP_BLOCKS = 3, 8


@dataclass(frozen=True)
class Piece:
    """Work that is not a block."""

    seconds: float
    """What it will take."""
    work: Callable[[], None]
    n_fresh: int = 0
    """Notes that it begins."""
    can_wait: bool = False


class Feeder:
    """Keeps the ring buffer filled.

    Args:
        sample_rate: Samples per second.
        bank: Streams notes; None where the model's inverter cannot be streamed.
        whole: Renders notes that are not streamed.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        sample_rate: int,
        bank: StreamBank | None,
        whole: WholeNotes,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.ring = RingBuffer(CAPACITY_BLOCKS * BLOCK)
        self.played = PlayedNotes(sample_rate, bank, whole, self.give)
        self.blocks_ahead = FEWEST_BLOCKS_AHEAD
        self.volume = 1.0
        self.expects = False
        """Whether the device may count on samples."""
        self.on_failure: Callable[[str], object] = lambda _message: None
        """Called from the feeder thread."""
        self._bank, self._clock, self._pace = bank, clock, Pace()
        self._block_s = BLOCK / sample_rate
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._passed = 0
        """Blocks that were made since a note began."""
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
        """Has the feeder thread do something, a moment's work, before it goes on."""
        self._commands.append(command)
        self._wake.set()

    def step(self) -> bool:
        """Does the most urgent piece of work; False if there is none."""
        while self._commands:
            self._guarded(self._commands.popleft(), drops=False)
        self.expects = self.expects and bool(self.played.sounding)
        piece = self._next_piece()
        if self._block_is_due(piece):
            self._guarded(self._feed)
        elif piece is not None:
            self._guarded(piece.work, drops=not piece.n_fresh)
        else:
            return False
        return True

    def warm_up(self, request: NoteRequest) -> None:
        """Makes the beginning of a note unheard: loads what is needed, and learns how long things take."""
        if self._bank is None or request.midi_pitch is None:
            return
        for _ in range(WARM_UP_NOTES):
            self._pace.forget()  # the first one takes longer than any that will come
            self.played.strike(SoundingNote("warm-up", request, 1.0, 0.0))
            self._begin(self.played.to_begin())
            for _ in range(WARM_UP_BLOCKS):
                self._prepare(BLOCKS_IN_HAND, 1)
                self._feed()
                self.ring.read_into(np.zeros(BLOCK, np.float32))
            self.played.drop_all()
        self._rumble_state[:] = 0
        self.expects = False

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # where a person may hurry a thread at all
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
        while not self._ending:
            self._wake.clear()
            if not self.step():
                self._wake.wait(NAP_S if self.played.sounding else 0.5)

    def _block_is_due(self, piece: Piece | None) -> bool:
        """Whether a block comes before a piece of work."""
        if not self.played.sounding:
            return False
        if piece is None or (piece.can_wait and self.ring.n_waiting < self.blocks_ahead * BLOCK):
            return self.ring.n_waiting < self.blocks_ahead * BLOCK
        if piece.n_fresh and self._is_impatient:
            return False
        # The block after it has to be made in time too, and the device may be about to take one.
        seconds = piece.seconds + self._pace.seconds("block", len(self.played.sounding) + piece.n_fresh)
        wanted = min(int(seconds / self._block_s) + 1, CAPACITY_BLOCKS // 2)
        return self.ring.n_waiting < wanted * BLOCK

    @property
    def _is_impatient(self) -> bool:
        return self._passed >= PATIENCE_BLOCKS

    def _next_piece(self) -> Piece | None:
        """The most urgent work that is not a block."""
        if self._bank is None:
            return None
        soon, later = (self._bank.n_poor(n * BLOCK) for n in (FEWEST_IN_HAND, BLOCKS_IN_HAND))
        fresh = self.played.to_begin()
        if soon and not (fresh and self._is_impatient):
            return self._part(FEWEST_IN_HAND, soon, LONG_BLOCKS)
        if fresh:
            most_blocks = self.ring.n_waiting / BLOCK if self._is_impatient else LONG_BLOCKS
            count = min(len(fresh), self._most("beginning", most_blocks))
            seconds = self._pace.seconds("beginning", count)
            return Piece(seconds, lambda: self._begin(fresh[:count]), n_fresh=count)
        return self._part(BLOCKS_IN_HAND, later, SHORT_BLOCKS) if later else None

    def _part(self, n_blocks: int, n_poor: int, most_blocks: float) -> Piece:
        count = min(n_poor, self._most("part", most_blocks / CAUTION))
        seconds = CAUTION * self._pace.seconds("part", count)
        return Piece(seconds, lambda: self._prepare(n_blocks, count), can_wait=n_blocks == BLOCKS_IN_HAND)

    def _most(self, kind: str, n_blocks: float) -> int:
        """For how many notes at once a piece of work takes no longer than some blocks."""
        return self._pace.most_within(kind, n_blocks * self._block_s - self._pace.seconds("block", 1))

    def _guarded(self, work: Callable[[], None], drops: bool = True) -> None:
        """Whatever fails, the thread goes on; where what sounds cannot be made any more, in silence."""
        try:
            work()
        except Exception as error:
            if drops:
                self.played.drop_all()
            self.on_failure(f"the sound failed: {type(error).__name__}: {error}")

    def _prepare(self, n_blocks: int, at_once: int) -> None:
        assert self._bank is not None
        began_s = self._clock()
        n_notes = self._bank.prepare(n_blocks * BLOCK, at_once)
        if n_notes:
            self._pace.learn("part", self._clock() - began_s, n_notes)

    def _begin(self, group: list[SoundingNote]) -> None:
        began_s, self._passed = self._clock(), 0
        self.played.begin(group)
        self._pace.learn("beginning", self._clock() - began_s, len(group))

    def _feed(self) -> None:
        """Makes one block."""
        began_s, n_notes = self._clock(), max(len(self.played.sounding), 1)
        mixed = self.played.mix(BLOCK)
        filtered, self._rumble_state = signal.sosfilt(self._rumble, mixed, zi=self._rumble_state)
        self.ring.write(soft_limit(np.asarray(filtered * self.volume, np.float32)))
        self._pace.learn("block", self._clock() - began_s, n_notes)
        self._passed += 1
        self.expects = True
