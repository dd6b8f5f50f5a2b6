"""Notes made by a Dask cluster (`--scheduler tcp://…`), started with `dask scheduler` and `dask worker`.

The workers need Clariolin with its extra `cluster`, but no common file system: the model travels to them
once, and the notes come back as bytes. What is written is written here.
"""

import hashlib
import re
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from aae.rendering.note_file import NoteFile
from aae.rendering.note_renderers import NOTES_AHEAD, NoteRenderer, NoteTask, make_note
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError

ANSWER_S = 10
"""How long a scheduler may take to answer."""
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://.+:[0-9]{1,5}")
_opened: dict[tuple[str, str], Synthesizer] = {}
_one_at_a_time = threading.Lock()


class DaskRenderer(NoteRenderer):
    """Makes notes on a Dask cluster.

    Args:
        address: Of the scheduler.
        model_path: The model file, here.
        inverter: Name of the way from spectrogram to sound.

    Raises:
        InputError: If the extra is not installed, or no scheduler answers.
    """

    def __init__(self, address: str, model_path: Path, inverter: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise InputError(f"'{address}' is no scheduler's address such as tcp://127.0.0.1:8786")
        try:
            import distributed
        except ImportError:
            raise InputError(
                "--scheduler needs the extra 'cluster': pip install 'clariolin[cluster]'"
            ) from None
        connect: Any = distributed.Client
        try:
            self._client = connect(address, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"no Dask scheduler answers at '{address}': {error}") from None
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self._n_threads = sum(worker["nthreads"] for worker in workers)
        if not self._n_threads:
            self._client.close()
            raise InputError(f"the Dask cluster at '{address}' has no workers: start 'dask worker {address}'")
        self._model = model_path.read_bytes()
        self._inverter = inverter

    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """As many notes at a time as the cluster has threads."""
        try:
            model = self._client.scatter(self._model, broadcast=True)
            waiting: deque[Any] = deque()
            for task in tasks:
                waiting.append(self._client.submit(_make_note, model, self._inverter, task, pure=False))
                if len(waiting) >= (1 + NOTES_AHEAD) * self._n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            self._client.close()


def _make_note(model: bytes, inverter: str, task: NoteTask) -> NoteFile:
    """On a worker: one note at a time, with a synthesizer that is opened once."""
    with _one_at_a_time:
        key = (hashlib.sha256(model).hexdigest(), inverter)
        if key not in _opened:
            _opened[key] = _open(model, inverter)
        return make_note(_opened[key], task)


def _open(model: bytes, inverter: str) -> Synthesizer:
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(model)
        return Synthesizer.open(path, inverter)
