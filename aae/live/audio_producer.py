"""What makes the sound ahead of the device, on a thread of its own. Qt-free.

It makes a block whenever fewer than a few are ready. Frames that notes will lack, and the beginnings of notes
that were asked for, are decoded on another thread meanwhile (`decoding_thread`); the feeder says which are
the most urgent, and takes them in between two blocks.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from scipy import signal

from aae.live.audio_output import BLOCK
from aae.live.decoding_thread import DecodeJob, DecodeResult, DecodingThread, TakeIn, make_piece
from aae.live.live_voice import LiveVoice
from aae.live.note_sources import StreamBank
from aae.live.offline_renderer import OfflineRenderer
from aae.live.priority import MAX_HURRY, hurry
from aae.live.ring_buffer import RingBuffer
from aae.live.voice_allocator import VoiceAllocator
from aae.synthesis.limiter import soft_limit
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import RUMBLE_HZ

MIN_BLOCKS_AHEAD, MAX_BLOCKS_AHEAD = 3, 10
"""Made in advance; one more after every dropout. A note after silence waits for none of them."""
CAPACITY_BLOCKS = 16
BLOCKS_IN_HAND, MIN_IN_HAND = 24, 14
"""A note that can sound for longer without decoding needs none yet; for less, it comes before new notes."""
NOTES_AT_ONCE = 10
"""Decoded together, at most: a chord of two hands, and no key waits for more."""
PIECES_AHEAD = 2
"""Asked of the decoding thread at once, so that it need not wait for a block to be made."""
PATIENCE_BLOCKS = 4
"""What is decoded is taken in after no more, even where blocks are hardly made in time."""
OVERLOAD = 0.9
"""Share of the time there is for a block from which its making is too slow."""
CALMING = 0.3
"""Share of a block's time in what is expected of the next one."""
NAP_S = 0.002
WARM_UP_NOTES, WARM_UP_BLOCKS = 3, 8


class AudioProducer:
    """Keeps the ring buffer filled.

    Args:
        sample_rate: Samples per second.
        bank: Streams notes; None where the model's inverter cannot be streamed.
        whole: Renders notes that are not streamed.
        clock: Tells the time in seconds.
        decoding: Makes the thread that decodes, from what is called with each piece that is done.
    """

    def __init__(
        self,
        sample_rate: int,
        bank: StreamBank | None,
        whole: OfflineRenderer,
        clock: Callable[[], float] = time.perf_counter,
        decoding: Callable[[Callable[[DecodeResult], object]], DecodingThread] = DecodingThread,
    ) -> None:
        self.ring = RingBuffer(CAPACITY_BLOCKS * BLOCK)
        self.played = VoiceAllocator(sample_rate, bank, whole, self.give)
        self.blocks_ahead = MIN_BLOCKS_AHEAD
        self.volume = 1.0
        self.expects = False
        """Whether the device may count on samples."""
        self.n_shed = 0
        """Notes that ended early because blocks took too long for all of them."""
        self.on_failure: Callable[[str], object] = lambda _message: None
        """Called from the feeder thread."""
        self._bank, self._clock = bank, clock
        self._block_s = BLOCK / sample_rate
        self._commands: deque[Callable[[], object]] = deque()
        self._decoding = decoding(self._receive)
        self._asked: list[DecodeJob] = []
        """Of the decoding thread, and not taken in yet."""
        self._done: deque[DecodeResult] = deque()
        self._wake = threading.Event()
        self._passed = 0
        """Blocks that were made since something was taken in."""
        self._took_s = 0.0
        """What blocks take lately."""
        self._rumble = signal.butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos")
        self._rumble_state = np.zeros((len(self._rumble), 2))
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def start(self) -> None:
        """Begins to make blocks."""
        self._decoding.start()
        self._thread.start()

    def close(self) -> None:
        """Ends the threads."""
        self._ending = True
        self._wake.set()
        self._thread.join()
        self._decoding.close()

    def give(self, command: Callable[[], object]) -> None:
        """Has the feeder thread do something, a moment's work, before it goes on."""
        self._commands.append(command)
        self._wake.set()

    def step(self) -> bool:
        """Does the most urgent work; False if there is none."""
        while self._commands:
            self._obey(self._commands.popleft())
        self.expects = self.expects and bool(self.played.sounding)
        self._ask_for_frames()
        is_due = self._block_is_due()
        if self._done and (not is_due or self._passed >= PATIENCE_BLOCKS):
            self._passed = 0
            self._finish(self._done.popleft())
        elif is_due:
            self._feed()
        else:
            return False
        return True

    def warm_up(self, request: NoteRequest) -> None:
        """Makes the beginning of a note unheard: all that is needed is loaded. Call it before `start`."""
        if self._bank is None or request.midi_pitch is None:
            return
        for _ in range(WARM_UP_NOTES):
            self.played.strike(LiveVoice("warm-up", request, 1.0, 0.0))
            for _ in range(WARM_UP_BLOCKS):
                while (piece := self._next_piece()) is not None:
                    self._asked.append(piece)
                    self._finish(make_piece(piece))
                self._feed()
                self.ring.read_into(np.zeros(BLOCK, np.float32))
            self.played.drop_all()
        self._rumble_state[:] = 0
        self._took_s = 0.0
        self.expects = False

    def _receive(self, done: DecodeResult) -> None:
        """Has the feeder thread take in what was decoded, between two blocks. From the decoding thread."""
        self._done.append(done)
        self._wake.set()

    def _run(self) -> None:
        hurry(MAX_HURRY)
        while not self._ending:
            self._wake.clear()
            try:
                has_worked = self.step()
            except Exception as error:  # what sounds cannot be made any more; the thread goes on
                self.played.drop_all()
                self._tell(error)
                has_worked = False
            if not has_worked:
                self._wake.wait(NAP_S if self.played.sounding else 0.5)

    def _block_is_due(self) -> bool:
        """Whether a block is lacking that can be made."""
        if not self.played.sounding or self.ring.n_waiting >= self.blocks_ahead * BLOCK:
            return False
        return self._bank is None or self._bank.can_advance(BLOCK)

    def _ask_for_frames(self) -> None:
        """Keeps the decoding thread at work."""
        while len(self._asked) < PIECES_AHEAD and (piece := self._next_piece()) is not None:
            self._asked.append(piece)
            self._decoding.ask(piece)

    def _next_piece(self) -> DecodeJob | None:
        """What is to be decoded next; what can wait is not asked while anything else is."""
        return (
            self._next_part(MIN_IN_HAND)
            or self.played.next_beginning(NOTES_AT_ONCE)
            or (None if self._asked else self._next_part(BLOCKS_IN_HAND))
        )

    def _next_part(self, n_blocks: int) -> DecodeJob | None:
        """Frames of notes that cannot sound for so many blocks without."""
        bank = self._bank
        sources = bank.poor(n_blocks * BLOCK, NOTES_AT_ONCE) if bank is not None else []
        if bank is None or not sources:
            return None
        for source in sources:
            source.is_awaited = True

        def make() -> TakeIn:
            parts = bank.decode(sources)
            return lambda: bank.push(sources, parts)

        return DecodeJob(make, self.played.drop_all)

    def _finish(self, done: DecodeResult) -> None:
        """Takes in what was decoded; a failure ends what it was for, and is told."""
        self._asked.remove(done.piece)
        if done.take_in is not None:
            done.take_in()
        else:
            done.piece.give_up()
            self._tell(done.failure)

    def _obey(self, command: Callable[[], object]) -> None:
        """Does what it is told; what fails ends no note."""
        try:
            command()
        except Exception as error:
            self._tell(error)

    def _tell(self, error: Exception | None) -> None:
        self.on_failure(f"the sound failed: {type(error).__name__}: {error}")

    def _feed(self) -> None:
        """Makes one block; where that takes too long for the notes that sound, they become fewer."""
        began_s = self._clock()
        mixed = self.played.mix(BLOCK)
        filtered, self._rumble_state = signal.sosfilt(self._rumble, mixed, zi=self._rumble_state)
        self.ring.write(soft_limit(np.asarray(filtered * self.volume, np.float32)))
        self._took_s += CALMING * (self._clock() - began_s - self._took_s)
        if self._took_s > OVERLOAD * self._block_s and self.ring.n_waiting <= BLOCK:
            self.n_shed += self.played.shed()
            self._took_s = 0.0
        self._passed += 1
        self.expects = True
