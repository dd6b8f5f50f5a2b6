import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from aae.model.model_file import load_model
from aae.training.events import Finished, Progress, Started, Validated
from aae.training.recipe import Config, load_config
from aae.training.trainer import Trainer
from mcnn.errors import InputError
from tests.support.toy_bank import write_toy_bank

SMALL = [
    "model.encoder_width=16",
    "model.decoder_width=16",
    "model.decoder_blocks=1",
    "model.style_width=16",
    "training.batch_size=8",
    "training.epochs=6",
    "training.fewest_steps=1",
    "training.warmup_steps=4",
    "training.precision=32-true",
    "losses.fader=0.5",
]

SCRIPT = """
import sys
from pathlib import Path
import aae.training.loop
import aae.training.trainer
from aae.training.recipe import load_config
aae.training.loop.CHECKPOINT_EVERY_S = 0.0
bank, run, processes, *settings = sys.argv[1:]
for event in aae.training.trainer.Trainer(
    load_config("orchestra", settings), Path(bank), Path(run), "cpu", int(processes)
).fit():
    print(type(event).__name__, getattr(event, "step", ""), flush=True)
"""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_bank(tmp_path_factory.mktemp("bank") / "toy.h5")


def _config(*settings: str) -> Config:
    return load_config("orchestra", [*SMALL, *settings])


def _process(bank: Path, run: Path, processes: int = 1, *settings: str) -> subprocess.Popen[bytes]:
    script = run.parent / "train.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    with (run.parent / f"{run.name}.log").open("a") as log:
        return subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                str(script),
                str(bank),
                str(run),
                str(processes),
                *SMALL,
                *settings,
            ],
            stdout=log,
            stderr=log,
            env=environment,
        )


def _curve(run: Path) -> list[list[str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_training_learns_and_leaves_a_playable_model(bank: Path, tmp_path: Path) -> None:
    events = list(Trainer(_config(), bank, tmp_path / "run", "cpu").fit())
    assert isinstance(events[0], Started)
    assert (events[0].n_train, events[0].n_validation) == (48, 6)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "complete"
    errors = [event.metrics["validation/reconstruction"] for event in events if isinstance(event, Validated)]
    assert len(errors) == 6
    assert errors[-1] < 0.9 * errors[0]
    assert any(isinstance(event, Progress) and event.notes_per_s > 0 for event in events)
    loaded = load_model(tmp_path / "run" / "model.safetensors")
    assert loaded.latents["latent"].shape == (48, 3)
    assert loaded.info.provenance["notes"] == {"source": "toy"}
    assert (tmp_path / "run" / "preview.png").read_bytes().startswith(b"\x89PNG")


def test_killed_and_continued_is_as_if_nothing_had_happened(bank: Path, tmp_path: Path) -> None:
    whole, killed = (_process(bank, tmp_path / name) for name in ("whole", "killed"))
    log = tmp_path / "killed.log"
    while "Progress" not in log.read_text() and killed.poll() is None:
        time.sleep(0.001)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait(30) == -signal.SIGKILL
    assert whole.wait(120) == 0, (tmp_path / "whole.log").read_text()
    assert _process(bank, tmp_path / "killed").wait(120) == 0, log.read_text()
    assert _curve(tmp_path / "killed") == _curve(tmp_path / "whole")
    weights = [
        torch.load(tmp_path / run / "checkpoint.pt", weights_only=True)["model"]
        for run in ("whole", "killed")
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_two_processes_train_one_model(bank: Path, tmp_path: Path) -> None:
    pair = _process(bank, tmp_path / "pair", 2, "training.epochs=2")
    log = tmp_path / "pair.log"
    assert pair.wait(200) == 0, log.read_text()
    assert "Finished 6" in log.read_text()
    assert load_model(tmp_path / "pair" / "model.safetensors").info.latent_size == 3


def test_time_limit_ends_in_a_checkpoint_and_a_model(bank: Path, tmp_path: Path) -> None:
    events = list(Trainer(_config(), bank, tmp_path / "run", "cpu").fit(max_minutes=0))
    assert isinstance(events[-1], Finished)
    assert (events[-1].reason, events[-1].step) == ("time", 1)
    assert events[-1].model_path.exists()
    assert (tmp_path / "run" / "checkpoint.pt").exists()


def test_another_recipe_s_folder_is_refused_by_name(bank: Path, tmp_path: Path) -> None:
    list(Trainer(_config(), bank, tmp_path / "run", "cpu").fit(max_minutes=0))
    with pytest.raises(InputError, match=r"config.losses.mmd: 5.0 there, 1.0 now"):
        list(Trainer(_config("losses.mmd=1.0"), bank, tmp_path / "run", "cpu").fit())


def test_without_notes_to_validate_on_the_latest_is_kept(tmp_path: Path) -> None:
    few, run = write_toy_bank(tmp_path / "few.h5", 8), tmp_path / "run"
    settings = ("training.epochs=3", "training.patience_epochs=1")
    events = list(Trainer(_config(*settings), few, run, "cpu").fit())
    assert [event.best for event in events if isinstance(event, Validated)] == [True, True, True]
    provenance = load_model(run / "model.safetensors").info.provenance
    assert (provenance["steps"], provenance["validation"]) == (3, {})


def test_a_model_that_was_taken_away_is_written_again(bank: Path, tmp_path: Path) -> None:
    config, model = _config("training.epochs=1"), tmp_path / "run" / "model.safetensors"
    list(Trainer(config, bank, tmp_path / "run", "cpu").fit())
    before = load_model(model).model.state_dict()
    model.unlink()
    events = list(Trainer(config, bank, tmp_path / "run", "cpu").fit())
    assert [type(event) for event in events] == [Started, Validated, Finished]
    after = load_model(model).model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_more_epochs_continue_a_run(bank: Path, tmp_path: Path) -> None:
    list(Trainer(_config("training.epochs=1"), bank, tmp_path / "run", "cpu").fit())
    events = list(Trainer(_config("training.epochs=2"), bank, tmp_path / "run", "cpu").fit())
    assert isinstance(events[0], Started)
    assert (events[0].step, events[0].n_steps) == (6, 12)


def test_early_stopping_on_validation(bank: Path, tmp_path: Path) -> None:
    config = _config("training.epochs=50", "training.patience_epochs=1", "training.learning_rate=1e-9")
    events = list(Trainer(config, bank, tmp_path / "run", "cpu").fit())
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "early stop"
    assert events[-1].step < 50 * 6


def test_a_training_begins_where_another_ended(bank: Path, tmp_path: Path) -> None:
    first = list(Trainer(_config(), bank, tmp_path / "first", "cpu").fit())
    start = load_model(tmp_path / "first" / "model.safetensors")
    config = _config("training.epochs=1", "training.learning_rate=1e-6", "training.ema_decay=0.0")
    second = list(Trainer(config, bank, tmp_path / "second", "cpu", start=start).fit())
    ended, began = (
        [e.metrics["validation/reconstruction"] for e in events if isinstance(e, Validated)][-1]
        for events in (first, second)
    )
    assert began == pytest.approx(ended, rel=0.05)
    about = load_model(tmp_path / "second" / "model.safetensors").info.provenance
    assert about["started_from"]["steps"] == start.info.provenance["steps"]
    with pytest.raises(InputError, match=r"model.latent_size: 2 here, 3 in the model to start from"):
        list(Trainer(_config("model.latent_size=2"), bank, tmp_path / "third", "cpu", start=start).fit())
    assert not (tmp_path / "third").exists()
    with pytest.raises(InputError, match=r"second holds another run \(trained_from"):
        list(Trainer(config, bank, tmp_path / "second", "cpu").fit())


def test_a_damaged_checkpoint_is_named(bank: Path, tmp_path: Path) -> None:
    list(Trainer(_config(), bank, tmp_path / "run", "cpu").fit(max_minutes=0))
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match=r"checkpoint.*cannot be read"):
        list(Trainer(_config(), bank, tmp_path / "run", "cpu").fit())


@pytest.mark.parametrize("preset", ["wae-mmd", "wae-note", "wae-style", "wae-fader"])
def test_every_preset_of_the_paper_trains(preset: str, bank: Path, tmp_path: Path) -> None:
    config = load_config(preset, [*SMALL[:-1], "model.decoder_width=32"])
    events = list(Trainer(config, bank, tmp_path / "run", "cpu").fit(max_minutes=0))
    assert isinstance(events[-1], Finished)
