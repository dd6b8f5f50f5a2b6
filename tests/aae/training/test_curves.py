"""Curves say what was measured, whatever run they come from."""

from pathlib import Path

import pytest
from matplotlib.image import imread

from aae.training.curves import draw_curves, read_curves
from mcnn.errors import InputError

METRICS = (
    "step,epoch,metric,value\n10,0,loss/distance,0.5\n20,0,loss/distance,0.25\n20,0,validation/distance,0.4\n"
)


def _run(folder: Path, text: str = METRICS) -> Path:
    folder.mkdir()
    (folder / "metrics.csv").write_text(text)
    return folder


def test_what_was_logged_is_read(tmp_path: Path) -> None:
    assert read_curves(_run(tmp_path / "run")) == {
        "loss/distance": ([10, 20], [0.5, 0.25]),
        "validation/distance": ([20], [0.4]),
    }


def test_runs_share_a_picture(tmp_path: Path) -> None:
    runs = [_run(tmp_path / "a.safetensors.training"), _run(tmp_path / "b", METRICS + "30,0,loss/mmd,1.0\n")]
    draw_curves(runs, tmp_path / "curves.png")
    height, width, _ = imread(tmp_path / "curves.png").shape
    assert width > 3 * height  # three metrics, side by side


def test_a_folder_without_a_training_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no .*metrics\.csv: give a run folder"):
        read_curves(tmp_path)
