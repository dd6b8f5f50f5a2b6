"""Makes the shards of a build: in this process, in several on this machine, or on a cluster.

All write the same files; whoever makes a shard, it is the same shard. On a cluster all machines must see the
recordings and the bank's folder under the same paths.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from mcnn.dask_cluster import DaskCluster
from mcnn.errors import InputError
from mcnn.worker_pool import run_in_order

from .shards import Task, make_shard, use_one_thread


def run_tasks(tasks: Sequence[Task], workers: int, scheduler: str | None = None) -> Iterator[Task]:
    """Makes shards; yields each task when its shard is there, in their order.

    Args:
        tasks: What to make.
        workers: Processes on this machine; 1 stays in this process.
        scheduler: Address of a Dask scheduler, whose workers are used instead.

    Raises:
        InputError: If the scheduler does not answer or has no workers, or a shard that its workers made is
            not here.
    """
    if scheduler is not None:
        yield from _run_on_cluster(tasks, scheduler)
    elif workers <= 1:
        yield from _run_here(tasks)
    else:
        with closing(run_in_order(_begin_worker, tasks, workers)) as shards:
            for task, _shard in zip(tasks, shards, strict=True):
                yield task


def _run_here(tasks: Sequence[Task]) -> Iterator[Task]:
    import torch

    n_threads = torch.get_num_threads()
    for task in tasks:
        use_one_thread()
        try:
            make_shard(task)
        finally:
            torch.set_num_threads(n_threads)
        yield task


def _run_on_cluster(tasks: Sequence[Task], scheduler: str) -> Iterator[Task]:
    resolved = [replace(task, source=task.source.resolve(), shard=task.shard.resolve()) for task in tasks]
    with DaskCluster(scheduler) as cluster:
        names = cluster.run_in_order(make_shard_there, resolved, describe=_describe)
        for task, name in zip(tasks, names, strict=True):
            if not task.shard.exists():
                raise InputError(
                    f"a worker of {scheduler} made {name}, but it is not in {task.shard.parent}:"
                    " all machines must see the same folders under the same paths"
                )
            yield task


def make_shard_there(task: Task) -> str:
    """Makes a shard on a worker of a cluster; its name."""
    use_one_thread()
    return make_shard(task).name


def _describe(task: Task) -> str:
    return f"the recordings from {task.recordings[0].id} on"


def _begin_worker() -> Callable[[Task], Path]:
    """Begins a worker process."""
    use_one_thread()
    return make_shard
