"""Who makes the files of a set: this process, or several beside each other.

Every note is made alone and with one thread, so that a file's bytes depend neither on how many make the set
nor on where an earlier run stopped.
"""

import multiprocessing
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from aae.model.model_file import strongest
from aae.notes import technique_words
from aae.rendering.note_file import NoteFile, OutputSettings, make_note_file
from aae.synthesis.synthesizer import NoteRequest, Synthesizer

WORTH_WORKERS = 24
"""Notes that take longer than starting processes for them."""
NOTES_AHEAD = 4
"""Notes that wait, a worker, while one is made."""


@dataclass(frozen=True)
class NoteTask:
    """One file to make, in words that another process understands.

    Attributes:
        request: What the synthesizer is asked for.
        sample_rate: Of the model's sound, in Hz.
        output: How it is written.
        description: A few words for the file.
    """

    request: NoteRequest
    sample_rate: int
    output: OutputSettings
    description: str


def make_note(synthesizer: Synthesizer, task: NoteTask) -> NoteFile:
    """Renders one note and finishes its file."""
    (waveform,) = synthesizer.render([task.request])
    return make_note_file(
        waveform,
        task.sample_rate,
        task.request.midi_pitch,
        task.output,
        held=is_sustained(task.request.mix.get("technique", {})),
        description=task.description,
        seed=task.request.seed,
    )


def is_sustained(technique: Mapping[str, float]) -> bool:
    """Whether a technique is one that goes on as long as the player wants, as far as its name tells."""
    return technique_words.is_sustained(strongest(technique)) if technique else True


class NoteRenderer(ABC):
    """Makes the files of notes."""

    @abstractmethod
    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """Yields the files of all tasks, in their order."""


class SerialRenderer(NoteRenderer):
    """Makes notes in this process.

    Args:
        synthesizer: The opened model.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """One note at a time."""
        for task in tasks:
            yield make_note(self._synthesizer, task)


class ProcessPoolRenderer(NoteRenderer):
    """Makes notes in several processes. None of them outlives this one, even if it is killed.

    Args:
        model_path: The model file.
        inverter: Name of the way from spectrogram to sound.
        n_workers: Number of processes.
    """

    def __init__(self, model_path: Path, inverter: str, n_workers: int) -> None:
        self._arguments = (str(model_path), inverter)
        self._n_workers = n_workers

    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """Several notes at a time. Left early, what is under way is dropped at once."""
        others = multiprocessing.active_children()
        pool = ProcessPoolExecutor(
            min(self._n_workers, max(1, len(tasks))),
            multiprocessing.get_context("spawn"),
            initializer=_open_model,
            initargs=self._arguments,
        )
        try:
            with closing(_in_order(pool, tasks, self._n_workers * (1 + NOTES_AHEAD))) as made:
                yield from made
        except BaseException:
            for worker in multiprocessing.active_children():
                if worker not in others:
                    worker.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def choose_renderer(
    synthesizer: Synthesizer,
    model_path: Path,
    inverter: str,
    n_notes: int,
    n_workers: int | None,
    scheduler: str | None = None,
) -> NoteRenderer:
    """Who shall make a set.

    Args:
        synthesizer: The opened model.
        model_path: The file it was opened from.
        inverter: Name of the way from spectrogram to sound.
        n_notes: Notes to make.
        n_workers: Processes; if not given, one a core for sets that are worth starting them.
        scheduler: Address of a Dask cluster that makes them instead.

    Raises:
        InputError: If there is no cluster at the address.
    """
    if scheduler is not None and n_notes:
        from aae.rendering.dask_renderer import DaskRenderer

        return DaskRenderer(scheduler, model_path, inverter)
    if n_workers is None:
        n_workers = available_cores() if n_notes >= WORTH_WORKERS else 1
    n_workers = min(n_workers, n_notes)
    if n_workers <= 1:
        return SerialRenderer(synthesizer)
    return ProcessPoolRenderer(model_path, inverter, n_workers)


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_order(
    pool: ProcessPoolExecutor, tasks: Sequence[NoteTask], n_ahead: int
) -> Generator[NoteFile, None, None]:
    """Results in the order of the tasks, of which only a few are under way: memory stays bounded."""
    waiting: deque[Future[NoteFile]] = deque()
    for task in tasks:
        waiting.append(pool.submit(_make_note, task))
        if len(waiting) >= n_ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


_opened: list[Synthesizer] = []
"""The worker's own synthesizer."""


def _open_model(model_path: str, inverter: str) -> None:
    """Begins a worker. An interruption is the first process's business; its end is this one's end."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _opened.append(Synthesizer.open(Path(model_path), inverter))


def _make_note(task: NoteTask) -> NoteFile:
    return make_note(_opened[0], task)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
