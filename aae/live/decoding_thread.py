"""Frames of notes are decoded beside the blocks that sound, on a thread of their own. Qt-free.

Decoding needs more time than is left between two blocks, and how much more is not known before; so which of
the two threads runs is the system's to say, not a guess of ours. What sounds is the feeder's alone: a piece
of work is made here of what no other thread changes meanwhile, and the feeder takes it in.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

TakeIn = Callable[[], object]
"""What the feeder does with work that is done."""


@dataclass(frozen=True)
class DecodeJob:
    """Some frames of some notes."""

    make: Callable[[], TakeIn]
    """Run by the decoding thread."""
    give_up: Callable[[], object]
    """Run by the feeder if it failed."""


@dataclass(frozen=True)
class DecodeResult:
    """A piece on its way back to the feeder."""

    piece: DecodeJob
    take_in: TakeIn | None
    """None if it failed."""
    failure: Exception | None = None


def make_piece(piece: DecodeJob) -> DecodeResult:
    """Does the work, whatever becomes of it."""
    try:
        return DecodeResult(piece, piece.make())
    except Exception as error:
        return DecodeResult(piece, None, error)


class DecodingThread:
    """Makes pieces in the order in which they are asked.

    Args:
        done: Called on this thread with each one.
    """

    def __init__(self, done: Callable[[DecodeResult], object]) -> None:
        self._done = done
        self._asked: queue.SimpleQueue[DecodeJob | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="decoding", daemon=True)

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def ask(self, piece: DecodeJob) -> None:
        """Has a piece made after those that were asked before."""
        self._asked.put(piece)

    def close(self) -> None:
        """Ends the thread, if it was ever started."""
        if self._thread.is_alive():
            self._asked.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (piece := self._asked.get()) is not None:
            self._done(make_piece(piece))
