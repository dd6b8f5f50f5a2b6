"""Processes beside this one: order, a worker that dies, a parent that is interrupted or dies."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mcnn.worker_pool import TASKS_AHEAD, WorkerDiedError, run_in_order

SCRIPT = """
from pathlib import Path
import signal
import sys
from mcnn.worker_pool import run_in_order
from tests.mcnn.test_worker_pool import open_slow_worker

if __name__ == "__main__":
    # Whoever is started in the background of a shell inherits that interruptions are ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for _pid in run_in_order(open_slow_worker, [Path(sys.argv[1]) / str(i) for i in range(1000)], 2):
        pass
"""


def open_worker() -> Callable[[int], tuple[int, int]]:
    """A worker that squares; the later of two tasks is done first."""
    pid = os.getpid()

    def square(number: int) -> tuple[int, int]:
        time.sleep(0.02 * (number % 2 == 0))
        if number < 0:
            os.kill(pid, signal.SIGKILL)
        return number**2, pid

    return square


def open_writer() -> Callable[[Path], None]:
    """A worker that makes a file."""
    return Path.touch


def open_slow_worker() -> Callable[[Path], int]:
    """A worker that says in a file's name which process it is."""

    def work(path: Path) -> int:
        path.with_name(f"pid-{os.getpid()}").touch()
        time.sleep(0.05)
        return os.getpid()

    return work


def test_results_come_in_the_order_of_the_tasks_from_other_processes() -> None:
    results = list(run_in_order(open_worker, range(20), 2))
    assert [square for square, _ in results] == [number**2 for number in range(20)]
    pids = {pid for _, pid in results}
    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids


def test_no_tasks_no_results() -> None:
    assert list(run_in_order(open_worker, [], 2)) == []


def test_a_slow_reader_is_not_worked_far_ahead_of(tmp_path: Path) -> None:
    tasks = [tmp_path / str(number) for number in range(30)]
    with closing(run_in_order(open_writer, tasks, 1)) as results:
        next(results)
        deadline = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 1 + TASKS_AHEAD and time.monotonic() < deadline:
            os.sched_yield()
        assert len(list(tmp_path.iterdir())) == 1 + TASKS_AHEAD


def test_a_worker_that_is_killed_ends_the_work_with_one_line() -> None:
    with pytest.raises(WorkerDiedError, match="a worker process was ended from outside") as caught:
        list(run_in_order(open_worker, [1, 2, -1, 3], 1))
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see the workers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    folder = tmp_path / "pids"
    folder.mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    process = subprocess.Popen(
        [sys.executable, script, folder], env=environment, stderr=subprocess.DEVNULL, process_group=0
    )
    while not (pids := [int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")]):
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"ended with {process.wait(timeout=0.01)} before it could be stopped")
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: the workers get it too
    else:
        process.send_signal(number)
    assert process.wait(timeout=60) != 0
    deadline = time.monotonic() + 60
    while any(_is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker lives on"
        os.sched_yield()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
