"""Who makes the shards: this process, several on this machine, or a cluster's.

All write the same files; whoever makes a shard, it is the same shard.
"""

import atexit
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from .shards import Task, make_shard, use_one_thread

_WAITING_PER_WORKER = 4
"""Tasks handed out ahead of time; more would only take memory."""


def made(tasks: Sequence[Task], workers: int, scheduler: str | None = None) -> Iterator[Task]:
    """Makes shards; yields each task when its shard is there.

    Args:
        tasks: What to make.
        workers: Processes on this machine; 1 stays in this process.
        scheduler: Address of a Dask scheduler, whose workers are used instead.

    Raises:
        InputError: If the scheduler does not answer or has no workers.
    """
    if scheduler is not None:
        from .cluster import made_on_cluster

        yield from made_on_cluster(tasks, scheduler)
    elif workers <= 1:
        yield from _made_here(tasks)
    else:
        yield from _made_by_processes(tasks, workers)


def _made_here(tasks: Sequence[Task]) -> Iterator[Task]:
    import torch

    n_threads = torch.get_num_threads()
    for task in tasks:
        use_one_thread()
        try:
            make_shard(task)
        finally:
            torch.set_num_threads(n_threads)
        yield task


def _made_by_processes(tasks: Sequence[Task], workers: int) -> Iterator[Task]:
    waiting = deque(tasks)
    running: dict[Future[Path], Task] = {}
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    try:
        while waiting or running:
            while waiting and len(running) < _WAITING_PER_WORKER * workers:
                task = waiting.popleft()
                running[executor.submit(make_shard, task)] = task
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                future.result()
                yield task
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Leaves interrupts to the parent, and ends the worker when the parent has ended, however it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A worker has nothing to tidy, what it made is on disk; and native libraries may hang when they tidy.
    atexit.register(os._exit, 0)
    use_one_thread()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
