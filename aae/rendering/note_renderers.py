"""Renderers of a set's notes: this process, several beside each other, or a cluster."""

import functools
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import torch

from aae.rendering.dask_renderer import DaskRenderer
from aae.rendering.note_file import NoteFile
from aae.rendering.note_task import NoteRenderer, NoteTask, SerialRenderer, make_note
from aae.synthesis.synthesizer import Synthesizer
from mcnn.worker_pool import available_cores, run_in_order

WORTH_WORKERS = 24
"""Notes that take longer than starting processes for them."""


class ProcessPoolRenderer(NoteRenderer):
    """Makes notes in several processes, each with the model opened once.

    Args:
        model_path: The model file.
        inverter: Name of the way from spectrogram to sound.
        n_workers: Number of processes.
    """

    def __init__(self, model_path: Path, inverter: str, n_workers: int) -> None:
        self._make_worker = functools.partial(_open_worker, model_path, inverter)
        self._n_workers = n_workers

    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """Yields the files of all tasks, in their order. Left early, what is under way is dropped at once."""
        return run_in_order(self._make_worker, tasks, self._n_workers)


def choose_renderer(
    synthesizer: Synthesizer,
    model_path: Path,
    inverter: str,
    n_notes: int,
    n_workers: int | None,
    scheduler: str | None = None,
) -> NoteRenderer:
    """The renderer of a set.

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
    if scheduler is not None:
        return DaskRenderer(scheduler, model_path, inverter)
    if n_workers is None:
        n_workers = available_cores() if n_notes >= WORTH_WORKERS else 1
    n_workers = min(n_workers, n_notes)
    if n_workers <= 1:
        return SerialRenderer(synthesizer)
    return ProcessPoolRenderer(model_path, inverter, n_workers)


def _open_worker(model_path: Path, inverter: str) -> Callable[[NoteTask], NoteFile]:
    """Begins a worker process."""
    torch.set_num_threads(1)
    return functools.partial(make_note, Synthesizer.open(model_path, inverter))
