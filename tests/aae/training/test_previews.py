from pathlib import Path

import matplotlib.image
import numpy as np
import torch

from aae.training.previews import BANDS_PER_PIXEL, GAP_PIXELS, Preview, draw_previews

BANDS, FRAMES = 16, 10


def test_rows_are_notes_and_columns_recording_reconstruction_and_variation(tmp_path: Path) -> None:
    dark, bright = torch.full((BANDS, FRAMES), -4.0), torch.full((BANDS, FRAMES - 4), -0.5)
    draw_previews([Preview("A4", dark, bright, dark), Preview("B4", dark, dark, dark)], tmp_path / "p.png")
    image = matplotlib.image.imread(tmp_path / "p.png")[..., :3].mean(2)
    height, width = BANDS // BANDS_PER_PIXEL + GAP_PIXELS, FRAMES + GAP_PIXELS
    assert image.shape == (2 * height, 3 * width)
    lit = image > image.min() + 0.1
    expected = np.zeros_like(lit)
    expected[: BANDS // BANDS_PER_PIXEL, width : width + FRAMES - 4] = True
    np.testing.assert_array_equal(lit, expected)


def test_low_notes_are_below(tmp_path: Path) -> None:
    log_mel = torch.full((BANDS, FRAMES), -4.0)
    log_mel[:BANDS_PER_PIXEL] = -0.5
    draw_previews([Preview("A4", log_mel, log_mel, log_mel)], tmp_path / "p.png")
    column = matplotlib.image.imread(tmp_path / "p.png")[: BANDS // BANDS_PER_PIXEL, 0, :3].mean(1)
    assert column.argmax() == BANDS // BANDS_PER_PIXEL - 1


def test_without_notes_nothing_is_written(tmp_path: Path) -> None:
    draw_previews([], tmp_path / "p.png")
    assert not list(tmp_path.iterdir())
