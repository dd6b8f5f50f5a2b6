import numpy as np
import pytest

from aae.analysis.attack import attack_envelope_db, attack_time_ms
from aae.evaluation.measures.reconstructed_sound import envelope_distance_db
from aae.notes.technique_words import is_sharp_attack
from tests.support.synth import SAMPLE_RATE, tone


def rising(rise_ms: float, level: float = 0.3) -> np.ndarray:
    """A tone whose amplitude rises by 60 dB, evenly in dB, and then stays."""
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    gain_db = np.minimum(-60.0 + 60.0 * times / (rise_ms * 1e-3), 0.0)
    return (level * 10.0 ** (gain_db / 20.0) * np.sin(2 * np.pi * 880 * times)).astype(np.float32)


@pytest.mark.parametrize("rise_ms", [120.0, 300.0])
def test_an_even_rise_takes_its_share_of_the_way(rise_ms: float) -> None:
    assert attack_time_ms(rising(rise_ms), SAMPLE_RATE) == pytest.approx(rise_ms * 17 / 60, abs=4)


def test_a_sudden_beginning_takes_no_longer_than_the_window() -> None:
    sudden = np.concatenate([np.zeros(4_000, np.float32), tone(880.0, attack_s=0.0, noise=0.0)])
    assert attack_time_ms(sudden, SAMPLE_RATE) <= 5
    assert np.isnan(attack_time_ms(np.zeros(10_000, np.float32), SAMPLE_RATE))


def test_attacks_do_not_know_level_or_silence_before_them() -> None:
    note = rising(200.0)
    assert attack_time_ms(note * np.float32(0.01), SAMPLE_RATE) == attack_time_ms(note, SAMPLE_RATE)
    late = np.concatenate([np.zeros(4_410, np.float32), note])
    assert attack_time_ms(late, SAMPLE_RATE) == pytest.approx(attack_time_ms(note, SAMPLE_RATE), abs=1)


def test_envelopes_are_compared_in_decibels() -> None:
    steady = np.full(SAMPLE_RATE, 0.1, np.float32)
    halved = steady.copy()
    halved[SAMPLE_RATE // 2 :] *= np.float32(0.5)
    assert envelope_distance_db(steady, steady, SAMPLE_RATE) == 0.0
    assert envelope_distance_db(halved, steady, SAMPLE_RATE) == pytest.approx(3.01, abs=0.1)
    assert attack_envelope_db(np.zeros(1_000, np.float32), SAMPLE_RATE).max() == -60.0


def test_sharp_techniques_are_known_by_name() -> None:
    sharp = {"pizz-normal", "snap-pizz", "staccato", "arco-col-legno-battuto", "slap-tongue"}
    others = {"normal", "pizz-glissando", "arco-col-legno-tratto", "tremolo"}
    assert {name for name in sharp | others if is_sharp_attack(name)} == sharp
