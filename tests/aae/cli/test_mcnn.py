"""Training of inverters as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from aae.cli.app import main
from aae.model.model_file import load_model, save_model
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.network.inverter_file import load_inverter
from tests.aae.cli.test_pipeline import SMALL as SMALL_MODEL
from tests.support.toy_bank import write_toy_bank

CLARIOLIN = Path(sys.executable).with_name("clariolin")
SMALL = ["steps=2", "batch_size=4", "frames=24", "validate_every=1"]
SMALL_SHAPE = ["shape.width=16", "shape.blocks=1", "shape.head_width=8"]


def _set(*settings: str) -> list[str]:
    return [part for setting in settings for part in ("--set", setting)]


def _train(notes: Path, out: Path, *others: str) -> int:
    settings = _set(*SMALL, *SMALL_SHAPE)
    return main(["mcnn", "train", str(notes), "--out", str(out), "--device", "cpu", *settings, *others])


def _finetune(model: Path, notes: Path, out: Path, *others: str) -> int:
    command = ["mcnn", "finetune", str(model), str(notes), "--out", str(out), "--device", "cpu"]
    return main([*command, *_set(*SMALL), *others])


def _refused(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that was said."""
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_bank(tmp_path_factory.mktemp("toy") / "notes.h5")


@pytest.fixture(scope="module")
def model(notes: Path) -> Path:
    """A model without inverter."""
    run = notes.parent / "run"
    assert main(["train", str(notes), "--out", str(run), "--device", "cpu", *_set(*SMALL_MODEL)]) == 0
    return run / "model.safetensors"


@pytest.fixture(scope="module")
def inverter(notes: Path) -> Path:
    """An inverter trained through the command line."""
    path = notes.parent / "inverter.safetensors"
    assert _train(notes, path) == 0
    return path


def test_training_says_how_it_goes_and_what_is_next(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "inverter.safetensors"
    assert _train(notes, out) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("48 notes to train on, 6 to validate")
    assert [line.split()[0] for line in lines[2:4]] == ["1", "2"]
    assert lines[-2] == f"The recipe is complete (step 2). The inverter: {out}"
    assert f"clariolin mcnn finetune MODEL {notes} --inverter {out}" in lines[-1]
    assert load_inverter(out)[0].provenance["steps"] in {1, 2}
    assert list((tmp_path / "inverter.safetensors.training" / "tensorboard").iterdir())


def test_the_same_command_continues(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "inverter.safetensors"
    assert _train(notes, out, "--max-minutes", "0") == 0
    assert "The time is up; the same command continues (step 1)" in capsys.readouterr().out
    assert _train(notes, out) == 0
    said = capsys.readouterr().out
    assert "continued at step 1." in said
    assert "The recipe is complete (step 2)" in said


def test_another_recipe_is_refused(inverter: Path, notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = inverter.read_bytes()
    assert _train(notes, inverter, "--set", "seed=4") == 2
    assert "another run (config.seed: 0 there, 4 now)" in _refused(capsys)
    assert inverter.read_bytes() == before


def test_a_file_of_another_origin_is_not_replaced(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "precious.safetensors"
    out.write_text("mine")
    assert _train(notes, out) == 2
    assert "precious.safetensors is there already" in _refused(capsys)
    out.with_name("precious.safetensors.training").mkdir()
    assert _train(notes, out) == 2
    assert "precious.safetensors is truncated or is no inverter file" in _refused(capsys)
    assert out.read_text() == "mine"
    assert list(out.with_name("precious.safetensors.training").iterdir()) == []


@pytest.mark.parametrize(
    ("others", "named"),
    [
        (["--set", "depth=3"], "setting depth"),
        (["--set", "steps=many"], "setting steps"),
        (["--set", "steps"], "'steps' is not of the form"),
        (["--network", "huge"], "'huge'"),
        (["--max-minutes", "-1"], "--max-minutes"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    others: list[str], named: str, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(notes, tmp_path / "inverter.safetensors", *others) == 2
    assert named in _refused(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_foreign_bank_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _train(tmp_path / "none.h5", tmp_path / "out.safetensors") == 2
    assert "no NoteBank at" in _refused(capsys)
    (tmp_path / "text.h5").write_text("not a bank")
    assert _train(tmp_path / "text.h5", tmp_path / "out.safetensors") == 2
    assert "text.h5 is not a NoteBank" in _refused(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["text.h5"]


def test_a_model_that_does_not_tell_its_losses_is_warned_of(
    model: Path, inverter: Path, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded, untold = load_model(model), tmp_path / "untold.safetensors"
    save_model(untold, loaded.info.model_copy(update={"provenance": {}}), loaded.model, loaded.latents)
    for path, is_warned_of in ((model, False), (untold, True)):
        live = tmp_path / f"{path.stem}-live.safetensors"
        assert _finetune(path, notes, live, "--inverter", str(inverter), "--max-minutes", "0") == 0
        assert ("does not tell the losses" in capsys.readouterr().err) == is_warned_of


def test_finetuning_makes_a_model_that_sounds(
    model: Path, inverter: Path, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = tmp_path / "live.safetensors"
    assert _finetune(model, notes, live, "--inverter", str(inverter)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == f"The recipe is complete (step 2). The model with its inverter: {live}"
    assert f"clariolin render --model {live} --inverter mcnn" in lines[-1]
    assert f"clariolin bench {live}" in lines[-1]
    loaded = load_model(live)
    assert loaded.inverter is not None
    mix = {"instrument": {"bright": 1.0}, "dynamics": {"forte": 1.0}}
    (waveform,) = Synthesizer(loaded, loaded.inverter).render([NoteRequest(69, mix, (0.0, 0.0, 0.0))])
    assert np.abs(waveform).max() > 1e-3
    command = ["render", "--model", str(live), "--notes", "A4", "--out", str(tmp_path / "set")]
    assert main(command) == 0
    again = tmp_path / "again.safetensors"
    assert _finetune(live, notes, again, "--max-minutes", "0") == 0
    assert load_model(again).inverter is not None
    other = tmp_path / "other.safetensors"
    assert _finetune(model, notes, other, "--inverter", str(live), "--max-minutes", "0") == 0
    assert load_model(other).inverter is not None


def test_a_model_without_inverter_says_where_to_get_one(
    model: Path, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _finetune(model, notes, tmp_path / "live.safetensors") == 2
    assert "model.safetensors has no inverter: make one with `clariolin mcnn train`" in _refused(capsys)
    assert list(tmp_path.iterdir()) == []


def test_the_model_itself_and_a_swapped_inverter_are_refused(
    model: Path, inverter: Path, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.read_bytes()
    assert _finetune(model, notes, model, "--inverter", str(inverter)) == 2
    assert "model.safetensors is there already" in _refused(capsys)
    assert _finetune(model, notes, tmp_path / "live.safetensors", "--inverter", str(model)) == 2
    assert "model.safetensors has no inverter" in _refused(capsys)
    others = ["--inverter", str(inverter), "--set", "shape.width=32"]
    assert _finetune(model, notes, tmp_path / "live.safetensors", *others) == 2
    assert "its shape cannot change" in _refused(capsys)
    assert model.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_other_front_ends_and_labels_are_refused(
    model: Path,
    inverter: Path,
    notes: Path,
    bank_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "live.safetensors"
    assert _finetune(model, bank_path, out, "--inverter", str(inverter)) == 2
    assert "different front ends: sample_rate 44100 and 16000" in _refused(capsys)
    strange = tmp_path / "strange.safetensors"
    _edit(inverter, strange, lambda info: info["spectrogram"].update(max_frames=40))
    assert _finetune(model, notes, out, "--inverter", str(strange)) == 2
    assert "strange.safetensors have different front ends: max_frames 48 and 40" in _refused(capsys)
    _edit(model, strange, lambda info: info["vocabularies"].update(dynamics=["forte", "mezzo"]))
    assert _finetune(strange, notes, out, "--inverter", str(inverter)) == 2
    assert "differ in the labels of 'dynamics'" in _refused(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["strange.safetensors"]


def _edit(path: Path, to: Path, change: Callable[[Any], None]) -> None:
    """Writes a file anew with other words about it."""
    with safe_open(path, "pt") as file:
        metadata = dict(file.metadata())
    info = json.loads(metadata["info"])
    change(info)
    save_file(load_file(path), to, metadata | {"info": json.dumps(info)})


def test_a_process_trains_the_published_network(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "light.safetensors"
    settings = _set(*SMALL, "shape.heads=2", "shape.layers=4")
    command = ["mcnn", "train", str(notes), "--out", str(out), "--network", "light", "--device", "cpu"]
    done = subprocess.run(
        [CLARIOLIN, *command, *settings],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"The inverter: {out}" in done.stdout
    assert load_inverter(out)[1].name == "mcnn-published"
