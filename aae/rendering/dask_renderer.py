"""Notes made by a Dask cluster (`--scheduler tcp://…`).

The workers need no common file system: the model travels to them once, and the notes come back as bytes.
What is written is written here.
"""

import functools
import tempfile
import threading
from collections.abc import Generator, Sequence
from pathlib import Path

import torch

from aae.rendering.note_file import NoteFile
from aae.rendering.note_task import NoteRenderer, NoteTask, make_note
from aae.synthesis.synthesizer import Synthesizer
from mcnn.dask_cluster import DaskCluster

_ONE_NOTE_AT_A_TIME = threading.Lock()
"""A worker may have several threads; a synthesizer has one user."""


class DaskRenderer(NoteRenderer):
    """Makes notes on a Dask cluster.

    Args:
        address: Of the scheduler.
        model_path: The model file, here.
        inverter: Name of the way from spectrogram to sound.

    Raises:
        InputError: If the extra is not installed, no scheduler answers, or it has no workers.
    """

    def __init__(self, address: str, model_path: Path, inverter: str) -> None:
        self._cluster = DaskCluster(address)
        self._model = model_path.read_bytes()
        self._inverter = inverter

    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """Yields the files of all tasks, in their order."""
        with self._cluster as cluster:
            model = cluster.send(self._model)
            yield from cluster.run_in_order(
                _make_note, tasks, model, self._inverter, describe=lambda task: task.description
            )


def _make_note(task: NoteTask, model: bytes, inverter: str) -> NoteFile:
    """Makes a note on a worker, whose synthesizer is opened once."""
    with _ONE_NOTE_AT_A_TIME:
        return make_note(_synthesizer(model, inverter), task)


@functools.lru_cache(maxsize=1)
def _synthesizer(model: bytes, inverter: str) -> Synthesizer:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(model)
        return Synthesizer.open(path, inverter)
