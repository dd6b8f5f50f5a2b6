"""Processes that work beside this one: results in order, few tasks ahead, and none outlives its parent.

joblib's pool ("loky") was tried and keeps two of these promises less well: it bounds the tasks that run, not
the results that wait for a slow reader, and its workers live on for minutes if their parent is killed.
"""

import atexit
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

TASKS_AHEAD = 4
"""Tasks that wait, a worker, while one is done; more would only take memory."""


class WorkerDiedError(RuntimeError):
    """A worker process ended without a result: the system ended it, or a library crashed in it."""


def run_in_order(
    make_worker: Callable[[], Callable[[Task], Result]], tasks: Sequence[Task], n_workers: int
) -> Generator[Result, None, None]:
    """Does tasks in several processes; yields their results in the order of the tasks.

    An interruption (Ctrl-C) is this process's business, the workers do not hear of it. When the generator is
    closed, or fails, what is under way is dropped at once. If this process is killed, its workers end too.

    Args:
        make_worker: Called once in each process; what it returns does one task after another there. Both it
            and the tasks must be picklable.
        tasks: What to do.
        n_workers: Number of processes, at least 1.

    Raises:
        WorkerDiedError: If a worker process was ended from outside.
    """
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(
        max(1, min(n_workers, len(tasks))),
        multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(make_worker,),
    )
    try:
        waiting: deque[Future[Result]] = deque()
        for task in tasks:
            waiting.append(pool.submit(_do_task, task))
            if len(waiting) >= n_workers * (1 + TASKS_AHEAD):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException as error:
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise WorkerDiedError(
                "a worker process was ended from outside, perhaps for want of memory; what is whole stays, "
                "the same command continues (--workers 1 takes least memory)"
            ) from error
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_worker_of_this_process: Callable[[Any], Any] | None = None
"""Set once in a worker process, never in the process that started it."""


def _begin_worker(make_worker: Callable[[], Callable[[Any], Any]]) -> None:
    global _worker_of_this_process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A worker has nothing to tidy, and native libraries may hang when they do.
    atexit.register(os._exit, 0)
    _worker_of_this_process = make_worker()


def _do_task(task: Any) -> Any:
    assert _worker_of_this_process is not None
    return _worker_of_this_process(task)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
