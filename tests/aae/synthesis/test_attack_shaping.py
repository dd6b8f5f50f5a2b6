import numpy as np
import pytest
import torch

from aae.analysis.attack import attack_time_ms
from aae.synthesis.attack_shaping import MAX_SHAPED_MS, attack_gain, shape_attack
from mcnn.spectral.spectrogram import Spectrogram
from tests.aae.evaluation.measures.test_reconstructed_sound import rising
from tests.support.synth import SAMPLE_RATE, tone
from tests.support.toy_bank import CONFIG


@pytest.mark.parametrize("attack_ms", [5.0, 15.0, 30.0])
def test_a_slow_attack_is_made_as_short_as_asked(attack_ms: float) -> None:
    slow = np.concatenate([np.zeros(2_000, np.float32), rising(300.0)])
    shaped = shape_attack(slow, SAMPLE_RATE, attack_ms)
    assert attack_time_ms(slow, SAMPLE_RATE) > 80
    assert attack_time_ms(shaped, SAMPLE_RATE) == pytest.approx(attack_ms, abs=3)
    changed = np.flatnonzero(shaped != slow)
    assert changed[-1] < 2_000 + 0.3 * SAMPLE_RATE  # what follows the attack stays
    assert np.abs(shaped).max() == np.abs(slow).max()


def test_what_needs_no_shaping_is_left_alone() -> None:
    slow = rising(300.0)
    for attack_ms in (None, MAX_SHAPED_MS + 1):
        assert shape_attack(slow, SAMPLE_RATE, attack_ms) is slow
    sudden = np.concatenate([np.zeros(4_000, np.float32), tone(880.0, attack_s=0.0, noise=0.0)])
    assert attack_time_ms(shape_attack(sudden, SAMPLE_RATE, 20.0), SAMPLE_RATE) <= 5
    silence = np.zeros(1_000, np.float32)
    assert shape_attack(silence, SAMPLE_RATE, 5.0) is silence


def test_a_played_attack_is_shaped_by_its_log_mel() -> None:
    slow = np.concatenate([np.zeros(2_000, np.float32), rising(150.0)])
    log_mel = Spectrogram(CONFIG)(torch.from_numpy(slow)[None])[0].numpy()
    gain = attack_gain(log_mel, 10.0, CONFIG.frame_rate_hz, CONFIG.sample_rate)
    played = slow.copy()
    played[: len(gain)] *= gain
    assert (np.diff(gain) >= 0).all()
    assert gain[-1] == pytest.approx(1.0, abs=0.05)
    assert attack_time_ms(slow, SAMPLE_RATE) > 35
    assert attack_time_ms(played, SAMPLE_RATE) < 20
    assert len(attack_gain(log_mel, None, CONFIG.frame_rate_hz, CONFIG.sample_rate)) == 0
