import numpy as np
import pytest

from aae.synthesis.limiter import CHORD_KNEE, PHRASE_KNEE, soft_limit


@pytest.mark.parametrize("knee", [CHORD_KNEE, PHRASE_KNEE])
def test_what_is_beyond_the_knee_is_bent_and_never_passes_full_scale(knee: float) -> None:
    samples = np.linspace(-4.0, 4.0, 801).astype(np.float32)
    limited = soft_limit(samples.copy(), knee)
    quiet = np.abs(samples) <= knee
    assert np.array_equal(limited[quiet], samples[quiet])
    assert np.abs(limited).max() <= 1.0
    assert (np.diff(limited) >= 0).all()
    one = soft_limit(np.ones(1, np.float32), knee)
    assert one == pytest.approx(knee + (1 - knee) * np.tanh(1.0))


def test_channels_are_limited_alike_and_in_place() -> None:
    block = np.array([[0.1, -2.0], [2.0, 0.0]], np.float32)
    assert soft_limit(block) is block
    assert block[0, 0] == np.float32(0.1)
    assert block[1, 0] == -block[0, 1] < 1.0
