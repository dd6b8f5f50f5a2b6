import numpy as np
import pytest

from aae.analysis.onset import EARLIEST_FRAMES, measure_onset

FRAME_RATE_HZ = 86.13


def loudness(before: int, rise_db: list[float], after: int = 60) -> np.ndarray:
    return np.array([-80.0] * before + rise_db + [0.0] * after, np.float32)


@pytest.mark.parametrize("before", [2, 10, 25])
def test_an_onset_is_where_the_level_comes_within_20_db_of_its_peak(before: int) -> None:
    """From -80 to 0 dB in one frame: -20 dB is reached after three quarters of it."""
    assert measure_onset(loudness(before, []), FRAME_RATE_HZ) == pytest.approx(before - 1 + 0.75)


def test_a_fraction_of_a_frame_is_told() -> None:
    assert measure_onset(loudness(5, [-40.0]), FRAME_RATE_HZ) == pytest.approx(5.5)


def test_a_note_that_is_cut_into_began_before() -> None:
    assert measure_onset(np.zeros(50, np.float32), FRAME_RATE_HZ) == EARLIEST_FRAMES


def test_a_swell_later_on_is_no_onset() -> None:
    swelling = np.concatenate([loudness(3, [], 50), np.full(50, 12.0, np.float32)])
    assert measure_onset(swelling, FRAME_RATE_HZ) == pytest.approx(2.75)
