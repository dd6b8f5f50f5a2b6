import math

import pytest
import torch

from aae.model.config import ModelConfig
from aae.model.traits import INITIAL_TRAITS, MIN_RATE_HZ, Traits, trait_head
from mcnn.spectral.level import REFERENCE_LEVEL_DB


@pytest.mark.parametrize("n_traits", [4, 5, 6])
def test_columns_are_named_and_stacked_again(n_traits: int) -> None:
    columns = torch.arange(3.0 * n_traits).view(3, n_traits)
    traits = Traits.of(columns)
    assert torch.equal(traits.stack(), columns)
    assert traits.log_frames.tolist() == columns[:, 0].tolist()
    assert [trait is not None for trait in traits] == [i < n_traits for i in range(6)]


def test_descriptors_are_told_in_units() -> None:
    columns = [[4.0, -0.5, 0.6, 1.2, math.log(0.5), math.log(0.4)], [4.0, 0.25, 0.1, 0.5, 0.0, math.log(9.0)]]
    traits = Traits.of(torch.tensor(columns))
    assert traits.levels_db() == pytest.approx([REFERENCE_LEVEL_DB - 10.0, REFERENCE_LEVEL_DB + 5.0])
    assert traits.modulation_rates_hz() == pytest.approx([6.0, MIN_RATE_HZ])
    assert traits.modulation_strengths().tolist() == [1.0, 0.5]
    assert traits.attacks_ms() == pytest.approx((15.0, 30.0))
    assert traits.drifts_cents() == pytest.approx([2.0, 6.0])


def test_models_without_attack_and_drift_say_none() -> None:
    traits = Traits.of(torch.zeros(2, 4))
    assert (traits.attacks_ms(), traits.drifts_cents()) == ((None, None), [0.0, 0.0])


@pytest.mark.parametrize(("attack_time", "pitch_drift"), [(False, False), (True, False), (True, True)])
def test_an_untrained_head_predicts_the_initial_traits(attack_time: bool, pitch_drift: bool) -> None:
    config = ModelConfig(style_width=16, attack_time=attack_time, pitch_drift=pitch_drift)
    traits = Traits.of(trait_head(config)(torch.randn(2, 16)))
    for name, value in traits._asdict().items():
        assert value is None or value.tolist() == pytest.approx([INITIAL_TRAITS[name]] * 2)
    assert (traits.log_attack is not None, traits.log_drift is not None) == (attack_time, pitch_drift)
