import numpy as np
import pytest

from aae.live.velocity import VelocityCurve, velocity_gain


def test_velocities_are_dynamics_in_the_order_of_their_loudness() -> None:
    curve = VelocityCurve({"dynamics": ("forte", "pianissimo", "crescendo", "mezzo-forte")})
    assert curve.steps == ["pianissimo", "mezzo-forte", "forte"]
    assert curve.mix(1) == {"dynamics": {"pianissimo": 1.0}}
    assert curve.mix(64) == {"dynamics": {"mezzo-forte": 1.0}}
    assert curve.mix(127) == {"dynamics": {"forte": 1.0}}
    assert set(curve.mix(32)["dynamics"]) == {"pianissimo", "mezzo-forte"}
    assert VelocityCurve({"instrument": ("violin",)}).mix(64) == {}


def test_velocity_is_loudness_in_even_steps() -> None:
    assert velocity_gain(127) == 1.0
    assert 20 * np.log10(velocity_gain(1)) == pytest.approx(-24.0)
    assert 20 * np.log10(velocity_gain(64)) == pytest.approx(-12.0)
