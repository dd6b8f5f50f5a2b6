"""Decodes frames of notes beside the blocks that sound, on a thread of its own.

Decoding takes longer than the time between two blocks, so the operating system divides the processor between
the two threads. A job only reads, and only what no other thread changes meanwhile; the producer thread, which
owns all that sounds, takes its result in.
"""

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

OnDone = Callable[[], object]
"""Takes decoded frames in; called by the producer thread."""


@dataclass(frozen=True)
class DecodeJob:
    """Frames of some notes that are to be decoded."""

    decode: Callable[[], OnDone]
    """Called by the decoding thread."""
    on_failure: Callable[[], object]
    """Called by the producer thread if `decode` failed."""


@dataclass(frozen=True)
class DecodeResult:
    """A job on its way back to the producer thread."""

    job: DecodeJob
    on_done: OnDone | None
    """None if it failed."""
    failure: Exception | None = None


OnResult = Callable[[DecodeResult], object]


def run_job(job: DecodeJob) -> DecodeResult:
    """Decodes; a failure is a result too."""
    try:
        return DecodeResult(job, job.decode())
    except Exception as error:
        return DecodeResult(job, None, error)


class Decoding(ABC):
    """Runs jobs in the order in which they are submitted.

    Args:
        on_result: Called with each one.
    """

    def __init__(self, on_result: OnResult) -> None:
        self._on_result = on_result

    @abstractmethod
    def start(self) -> None:
        """Begins to work."""

    @abstractmethod
    def submit(self, job: DecodeJob) -> None:
        """Has a job run after those that were submitted before."""

    @abstractmethod
    def close(self) -> None:
        """Ends what `start` began."""


class DecodingInPlace(Decoding):
    """Runs each job while it is submitted, on the thread that submits it."""

    def start(self) -> None:
        """Needs nothing."""

    def submit(self, job: DecodeJob) -> None:
        """Runs it."""
        self._on_result(run_job(job))

    def close(self) -> None:
        """Leaves nothing."""


class DecodingThread(Decoding):
    """Runs jobs on the decoding thread, which also calls `on_result`."""

    def __init__(self, on_result: OnResult) -> None:
        super().__init__(on_result)
        self._jobs: queue.SimpleQueue[DecodeJob | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="decoding", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def submit(self, job: DecodeJob) -> None:
        """Has a job run after those that were submitted before."""
        self._jobs.put(job)

    def close(self) -> None:
        """Ends the thread, if it was ever started."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._on_result(run_job(job))
