"""Builds that are killed, and builds whose workers die: nothing is lost, and nothing is done twice."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.build import build
from datasets.plan import BuildSettings, make_plan
from datasets.report import BuildFinished, BuildProgress
from datasets.shards import read_outcomes
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)
SCRIPT = """
import sys
from pathlib import Path

from datasets.libraries.base import Adapter
from datasets.build import build
from datasets.plan import BuildSettings
from mcnn.spectral.config import SpectrogramConfig

plain_read = Adapter.read


def read_aloud(self, source, id_, sample_rate):
    print(id_, flush=True)
    return plain_read(self, source, id_, sample_rate)


Adapter.read = read_aloud
settings = BuildSettings(config=SpectrogramConfig(n_fft=2048, n_mels=32))
for event in build(Path(sys.argv[1]), "philharmonia", Path(sys.argv[2]), settings, workers=1):
    pass
"""


@pytest.fixture(scope="module")
def whole(philharmonia_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What an uninterrupted build gives."""
    out = tmp_path_factory.mktemp("uninterrupted") / "notes.h5"
    for _event in build(philharmonia_folder, "philharmonia", out, BuildSettings(config=SMALL), workers=1):
        pass
    return out.read_bytes()


def test_killed_at_random_moments_it_ends_the_same_and_reads_nothing_twice(
    philharmonia_folder: Path, whole: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "notes.h5"
    plan = make_plan(philharmonia_folder, "philharmonia", out, BuildSettings(config=SMALL))
    chance = random.Random(7)
    done: set[str] = set()
    for kill_after in (chance.randint(25, 40), chance.randint(1, 40), None):
        command = [sys.executable, "-c", SCRIPT, str(philharmonia_folder), str(out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout as lines:
            for number, line in enumerate(lines, start=1):
                assert line.strip() not in done
                if number == kill_after:
                    process.send_signal(signal.SIGKILL)
                    break
            lines.read()
        assert process.wait() == (0 if kill_after is None else -signal.SIGKILL)
        shards = [task.shard for task in plan.tasks if task.shard.exists()]
        done |= {outcome.id for shard in shards for outcome in read_outcomes(shard)}
    assert len(done) >= 24
    assert out.read_bytes() == whole


def test_a_cluster_makes_the_same_bank_though_a_worker_dies(
    philharmonia_folder: Path, whole: bytes, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    out = tmp_path / "notes.h5"
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        scheduler_port=0,
        local_directory=str(tmp_path / "dask"),
    ) as cluster:
        pids = [nanny.process.pid for nanny in cluster.workers.values()]
        events = build(
            philharmonia_folder,
            "philharmonia",
            out,
            BuildSettings(config=SMALL),
            scheduler=cluster.scheduler_address,
        )
        for _ in range(2):
            assert isinstance(next(events), BuildProgress)
        os.kill(pids[0], signal.SIGKILL)
        (*_progress, last) = events
    assert isinstance(last, BuildFinished)
    assert out.read_bytes() == whole


def test_a_scheduler_that_is_not_there_is_one_clear_line(
    philharmonia_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("mcnn.dask_cluster.MAX_ANSWER_S", 1)
    for address, message in (
        ("tcp://127.0.0.1:1", "no Dask scheduler answers"),
        ("nonsense://x", "is no scheduler's address"),
    ):
        with pytest.raises(InputError, match=message):
            list(build(philharmonia_folder, "philharmonia", tmp_path / "n.h5", scheduler=address))
