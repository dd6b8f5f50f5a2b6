"""The examples that newcomers begin with run as they are."""

import subprocess
import sys
from pathlib import Path

import soundfile

from aae import load_model
from tests.support.toy_bank import write_toy_bank

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def _run(*arguments: str | Path) -> str:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def test_the_rendering_example_makes_a_scale(tmp_path: Path) -> None:
    _run(EXAMPLES / "render_notes.py", tmp_path / "scale")
    files = sorted((tmp_path / "scale").glob("*.wav"))
    assert [file.stem for file in files] == ["60", "62", "64", "65", "67", "69", "71", "72"]
    assert all(soundfile.info(file).duration > 0.2 for file in files)


def test_the_training_example_leaves_a_model(tmp_path: Path) -> None:
    bank = write_toy_bank(tmp_path / "notes.h5")
    said = _run(EXAMPLES / "train_model.py", bank, tmp_path / "run", "0.02")
    model = tmp_path / "run" / "model.safetensors"
    assert f"time: {model}" in said
    assert load_model(model).info.vocabularies["instrument"] == ("bright", "dark")
