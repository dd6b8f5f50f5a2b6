"""Shards made by a Dask cluster: `dask scheduler` on one machine, `dask worker tcp://...` on any number.

All of them must see the recordings and the bank's folder under the same paths. A worker that dies loses
nothing: what it had finished is on disk, what it had not is given to another.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from mcnn.errors import InputError

from .shards import Task, make_shard, use_one_thread

_ANSWER_WITHIN_S = 15
_WAITING_PER_WORKER = 4


def made_on_cluster(tasks: Sequence[Task], scheduler: str) -> Iterator[Task]:
    """Makes shards on a cluster; yields each task when its shard is there.

    Args:
        tasks: What to make.
        scheduler: Such as `tcp://127.0.0.1:8786`.

    Raises:
        InputError: If Dask is not installed, nobody answers there, or the scheduler has no workers.
    """
    client, distributed = _connect(scheduler)
    with client:
        _require_workers(client, scheduler)
        waiting = deque(tasks)
        by_key: dict[str, Task] = {}
        completed = distributed.as_completed(loop=client.loop)

        def hand_out() -> None:
            n_ahead = _WAITING_PER_WORKER * max(1, sum(client.nthreads().values()))
            while waiting and len(by_key) < n_ahead:
                task = waiting.popleft()
                there = replace(task, source=task.source.resolve(), shard=task.shard.resolve())
                future = client.submit(make_shard_there, there, key=f"shard-{task.shard.stem}", pure=False)
                by_key[future.key] = task
                completed.add(future)

        hand_out()
        while by_key:
            future = next(completed)
            task = by_key.pop(future.key)
            try:
                future.result()
            except distributed.KilledWorker as error:
                first = task.recordings[0].id
                raise InputError(
                    f"workers of {scheduler} died again and again over the recordings from {first} on: give"
                    " them more memory, or build that folder without a cluster"
                ) from error
            if not task.shard.exists():
                raise InputError(
                    f"a worker of {scheduler} made {task.shard.name}, but it is not in {task.shard.parent}:"
                    " all machines must see the same folders under the same paths"
                )
            hand_out()
            yield task


def make_shard_there(task: Task) -> str:
    """What a worker of the cluster runs."""
    use_one_thread()
    return make_shard(task).name


def _connect(scheduler: str) -> tuple[Any, Any]:
    try:
        import distributed
    except ImportError as error:
        raise InputError("--scheduler needs Dask: pip install -e '.[cluster]'") from error
    connect: Any = distributed.Client
    try:
        client = connect(scheduler, timeout=_ANSWER_WITHIN_S, name="clariolin", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {scheduler}: start one with `dask scheduler` and give its address,"
            " for example tcp://127.0.0.1:8786"
        ) from error
    return client, distributed


def _require_workers(client: Any, scheduler: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_ANSWER_WITHIN_S)
    except TimeoutError as error:
        raise InputError(
            f"the Dask scheduler at {scheduler} has no workers: start some with `dask worker {scheduler}`"
        ) from error
