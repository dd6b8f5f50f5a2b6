import numpy as np
import pytest

from aae.evaluation.measures.distribution import frechet_distance


def test_frechet_distance_of_known_gaussians() -> None:
    random = np.random.default_rng(0)
    points = random.standard_normal((4000, 3))
    assert frechet_distance(points, points) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(points, points + np.array([3.0, 4.0, 0.0])) == pytest.approx(25.0, abs=1e-6)
    spread = points.std(axis=0, ddof=1)
    assert frechet_distance(points, 2 * points - points.mean(axis=0)) == pytest.approx(
        float((spread**2).sum()), rel=1e-6
    )
