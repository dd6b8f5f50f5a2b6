import math

import numpy as np
import pytest
import torch

from aae.model.traits import Traits
from aae.synthesis.performance import MIN_FRAMES, oscillate, pitch_random_walk, sample_performance
from tests.support.toy_bank import CONFIG

FRAME_RATE_HZ = 86.13


def test_a_seed_means_the_same_whatever_is_made_with_it() -> None:
    columns = torch.tensor([[math.log(n), 0.0, 0.6, 1.0, 0.0, 1.0] for n in (20, 48, 33)])
    together = sample_performance(Traits.of(columns), [0, 1, 2], [0.0, 30.0, 0.0], CONFIG, whole_length=False)
    assert together.drift_cents is not None
    for i, n_frames in enumerate(together.n_frames.tolist()):
        alone = sample_performance(
            Traits.of(columns[i : i + 1]), [i], [30.0 * (i == 1)], CONFIG, whole_length=False
        )
        assert alone.drift_cents is not None
        assert torch.equal(together.modulation_phase[i, :n_frames], alone.modulation_phase[0])
        assert torch.equal(together.drift_cents[i, :n_frames], alone.drift_cents[0])


def test_lengths_and_strengths_are_those_of_the_traits_within_bounds() -> None:
    columns = torch.tensor([[math.log(n), 0.0, 0.6, s] for n, s in ((1, -0.5), (30, 0.25), (9_999, 1.5))])
    performance = sample_performance(Traits.of(columns), [0, 1, 2], [0.0] * 3, CONFIG, whole_length=False)
    assert performance.n_frames.tolist() == [MIN_FRAMES, 30, CONFIG.max_frames]
    assert performance.modulation_strength.tolist() == [0.0, 0.25, 1.0]
    whole = sample_performance(Traits.of(columns), [0, 1, 2], [0.0] * 3, CONFIG, whole_length=True)
    assert whole.n_frames.tolist() == [CONFIG.max_frames] * 3


def test_a_pitch_walk_is_a_first_order_process_of_unit_variance() -> None:
    curve = pitch_random_walk(40_000, np.random.default_rng(0))
    assert abs(curve.mean()) < 0.05
    assert curve.std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(curve[1:], curve[:-1])[0, 1] == pytest.approx(0.9, abs=0.01)


def test_a_new_oscillation_has_the_asked_rate_and_follows_from_its_seed() -> None:
    phase = oscillate(6.0, 172, FRAME_RATE_HZ, np.random.default_rng(1))
    assert (phase[-1] - phase[0]) / (2 * np.pi) / (171 / FRAME_RATE_HZ) == pytest.approx(6.0, rel=0.1)
    assert (phase == oscillate(6.0, 172, FRAME_RATE_HZ, np.random.default_rng(1))).all()
