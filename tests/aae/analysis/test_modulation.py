import numpy as np
import pytest

from aae.analysis.modulation import measure_modulation

FRAME_RATE_HZ = 86.13


def _curve(rate_hz: float, depth: float, frames: int = 172, start: float = 0.0) -> np.ndarray:
    t = np.arange(frames) / FRAME_RATE_HZ
    return (depth * np.cos(2 * np.pi * rate_hz * t + start)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [4.5, 6.0, 9.0])
def test_vibrato_is_found_with_its_rate_and_phase(rate_hz: float) -> None:
    modulation = measure_modulation(
        _curve(rate_hz, 40.0, start=1.0), np.zeros(172, np.float32), FRAME_RATE_HZ
    )
    assert modulation.strength > 0.9
    assert modulation.rate_hz == pytest.approx(rate_hz, abs=0.3)
    core = slice(20, 150)
    expected = 2 * np.pi * rate_hz * np.arange(172) / FRAME_RATE_HZ + 1.0
    error = np.angle(np.exp(1j * (modulation.phase - expected)))[core]
    assert np.abs(error).max() < 0.5


def test_tremolo_is_found_in_the_loudness() -> None:
    modulation = measure_modulation(np.full(172, np.nan, np.float32), _curve(11.0, 4.0), FRAME_RATE_HZ)
    assert modulation.strength > 0.9
    assert modulation.rate_hz == pytest.approx(11.0, abs=0.3)


def test_steady_decaying_and_noisy_notes_have_little() -> None:
    rng = np.random.default_rng(0)
    decay = np.linspace(0, -40, 172).astype(np.float32)
    for f0_cents, loudness_db in [
        (np.zeros(172, np.float32), np.zeros(172, np.float32)),
        (np.zeros(172, np.float32), decay),
        (rng.normal(0, 3, 172).astype(np.float32), rng.normal(0, 0.5, 172).astype(np.float32)),
    ]:
        assert measure_modulation(f0_cents, loudness_db, FRAME_RATE_HZ).strength < 0.2


def test_short_notes_have_none() -> None:
    modulation = measure_modulation(_curve(6.0, 40.0, 30), np.zeros(30, np.float32), FRAME_RATE_HZ)
    assert (modulation.strength, modulation.phase.shape) == (0.0, (30,))
