import numpy as np
import pytest

from aae.evaluation.judges.public_embedding import PublicEmbedding
from aae.evaluation.measures.distribution import frechet_distance
from tests.support.synth import SAMPLE_RATE, TIMBRES, tone


def test_frechet_distance_of_known_gaussians() -> None:
    random = np.random.default_rng(0)
    points = random.standard_normal((4000, 3))
    assert frechet_distance(points, points) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(points, points + np.array([3.0, 4.0, 0.0])) == pytest.approx(25.0, abs=1e-6)
    spread = points.std(axis=0, ddof=1)
    assert frechet_distance(points, 2 * points - points.mean(axis=0)) == pytest.approx(
        float((spread**2).sum()), rel=1e-6
    )


def test_the_public_model_hears_timbre_and_not_level() -> None:
    embed = PublicEmbedding(SAMPLE_RATE)
    flute, clarinet = (tone(440.0, 0.6, amplitudes=TIMBRES[name]) for name in ("flute", "clarinet"))
    once, other = embed(flute), embed(clarinet)
    assert once.shape == (192,)
    assert np.abs(embed(0.01 * flute) - once).max() < 1e-3
    longer = embed(tone(440.0, 0.8, amplitudes=TIMBRES["flute"]))
    assert np.linalg.norm(longer - once) < 0.2 * np.linalg.norm(other - once)
    assert np.isfinite(embed(np.zeros(100, np.float32))).all()
