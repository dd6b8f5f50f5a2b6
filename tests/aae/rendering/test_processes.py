"""Sets made by several processes: the same bytes; killed at any moment and continued; on a Dask cluster."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aae.cli.app import main
from aae.rendering.manifest import MANIFEST, read_rows

START = "import sys; from aae.cli.app import main; sys.exit(main())"
SET = [
    *("--instrument", "clarinet", "--instrument", "cello", "--notes", "C3-B3", "--duration", "05"),
    *("--dynamics", "forte", "--format", "sf2", "--inverter", "rtpghi"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set, made without a break in this process."""
    folder = tmp_path_factory.mktemp("whole") / "set"
    assert main(["render", *SET, "--out", str(folder), "--workers", "1"]) == 0
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _start_until(folder: Path, n_files: int, n_workers: int) -> subprocess.Popen[bytes]:
    """Starts rendering, and comes back as soon as so many files are there."""
    arguments = ["render", *SET, "--out", str(folder), "--workers", str(n_workers)]
    process = subprocess.Popen([sys.executable, "-c", START, *arguments], stderr=subprocess.DEVNULL)
    while len(list(folder.glob("*.wav"))) < n_files:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"rendering ended with {process.wait(timeout=0.01)} before it could be killed")
    return process


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the workers")
def test_killed_and_continued_is_the_same_to_the_byte(whole: Path, tmp_path: Path) -> None:
    folder, expected = tmp_path / "set", _bytes(whole)
    for n_files, n_workers in ((2, 2), (13, 1)):
        process = _start_until(folder, n_files, n_workers)
        workers = _children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        while any(_is_alive(worker) for worker in workers):
            os.sched_yield()
        left = {name: data for name, data in _bytes(folder).items() if not name.startswith(".")}
        assert n_files <= len(left) - 1 < len(expected) - 2
        for name, data in left.items():
            assert name == MANIFEST or data == expected[name], f"{name} is not whole"
    assert main(["render", *SET, "--out", str(folder), "--workers", "1"]) == 0
    assert _bytes(folder) == expected


def test_made_again_from_its_manifest_by_two_workers(whole: Path, tmp_path: Path) -> None:
    source = str(whole / MANIFEST)
    assert main(["render", "--from", source, "--out", str(tmp_path / "set"), "--workers", "2"]) == 0
    assert _bytes(tmp_path / "set") == _bytes(whole)


def _quietly(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def cluster() -> Iterator[str]:
    """A scheduler and a worker, each a process, as on a farm."""
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    dask = [sys.executable, "-m", "dask"]
    port = address.rpartition(":")[2]
    scheduler = [*dask, "scheduler", "--no-dashboard", "--host", "127.0.0.1", "--port", port]
    worker = [*dask, "worker", address, "--no-dashboard", "--no-nanny", "--nthreads", "1"]
    with _quietly(scheduler) as first, _quietly(worker) as second:
        try:
            yield address
        finally:
            second.kill()
            first.kill()


def test_a_dask_cluster_makes_the_same_bytes(whole: Path, tmp_path: Path, cluster: str) -> None:
    connect: Any = pytest.importorskip("distributed").Client
    with connect(cluster, timeout=200, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=200)
    folder = tmp_path / "set"
    assert (
        main(["render", "--from", str(whole / MANIFEST), "--out", str(folder), "--scheduler", cluster]) == 0
    )
    assert _bytes(folder) == _bytes(whole)


def test_no_cluster_no_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["render", "--notes", "C4", "--out", str(tmp_path / "set"), "--scheduler", "nonsense"]
    assert main(arguments) == 2
    assert "is no scheduler's address such as tcp://127.0.0.1:8786" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_manifest_of_the_whole_set(whole: Path) -> None:
    assert len(read_rows(whole / MANIFEST)) == 24
