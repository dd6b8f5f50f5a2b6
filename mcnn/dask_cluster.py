"""Tasks done by a Dask cluster: `dask scheduler` on one machine, `dask worker tcp://…` on any number.

The workers need Clariolin with its extra `cluster`. A worker that dies loses nothing: Dask gives what it had
to another.
"""

import re
from collections import deque
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, TypeVar

from mcnn.errors import InputError
from mcnn.worker_pool import TASKS_AHEAD

Task = TypeVar("Task")

MAX_ANSWER_S = 15
"""Time that a scheduler may take to answer, and to have its first worker."""
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://.+:[0-9]{1,5}")


class DaskCluster:
    """A connection to a Dask scheduler. Use it as a context manager.

    Args:
        address: Of the scheduler, such as `tcp://127.0.0.1:8786`.

    Raises:
        InputError: If the extra is not installed, no scheduler answers, or it has no workers.
    """

    def __init__(self, address: str) -> None:
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
            self._client = connect(address, timeout=MAX_ANSWER_S, name="clariolin", set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"no Dask scheduler answers at {address}: start one with 'dask scheduler', give its address"
            ) from error
        self._address = address
        self._killed: type[Exception] = distributed.KilledWorker
        try:
            self._client.wait_for_workers(1, timeout=MAX_ANSWER_S)
        except TimeoutError as error:
            self._client.close()
            raise InputError(
                f"the Dask cluster at {address} has no workers: start some with 'dask worker {address}'"
            ) from error

    def __enter__(self) -> "DaskCluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def send(self, value: Any) -> Any:
        """Sends a value to all workers once; what it returns stands for it in the arguments of tasks."""
        return self._client.scatter(value, broadcast=True)

    def run_in_order(
        self,
        function: Callable[..., Any],
        tasks: Sequence[Task],
        *common: Any,
        describe: Callable[[Task], str] = str,
    ) -> Generator[Any, None, None]:
        """Does tasks on the workers; yields their results in the order of the tasks.

        Args:
            function: Called with a task and what is common to all.
            tasks: What to do.
            common: Further arguments of every call.
            describe: A task in a few words, for messages.

        Raises:
            InputError: If workers die over a task again and again.
        """
        waiting: deque[tuple[Task, Any]] = deque()
        for task in tasks:
            waiting.append((task, self._client.submit(function, task, *common, pure=False)))
            if len(waiting) >= (1 + TASKS_AHEAD) * self._n_threads():
                yield self._result(*waiting.popleft(), describe)
        while waiting:
            yield self._result(*waiting.popleft(), describe)

    def _n_threads(self) -> int:
        """Tasks that the workers of this moment do at a time."""
        n_threads: int = sum(self._client.nthreads().values())
        return max(1, n_threads)

    def _result(self, task: Task, future: Any, describe: Callable[[Task], str]) -> Any:
        try:
            return future.result()
        except self._killed as error:
            raise InputError(
                f"workers of {self._address} died again and again over {describe(task)}: give them more "
                "memory, or do it without a cluster"
            ) from error
