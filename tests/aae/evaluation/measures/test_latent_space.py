import numpy as np
import pytest

from aae.evaluation.measures.latent_space import match_prior, read_labels


def test_labels_that_the_points_tell_are_read_and_others_are_not() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 1500)
    apart = random.standard_normal((1500, 3)) + 6.0 * labels[:, None]
    told = read_labels(apart, labels, 1000, seed=0)
    assert told["share"] > 0.98
    assert told["points_above_chance"] > 50
    assert told["balanced_chance"] == pytest.approx(1 / 3)
    hidden = read_labels(random.standard_normal((1500, 3)), labels, 1000, seed=0)
    assert abs(hidden["points_above_chance"]) < 8
    assert hidden["balanced_share"] == pytest.approx(1 / 3, abs=0.06)


def test_a_label_that_nothing_tests_has_no_score() -> None:
    points = np.random.default_rng(0).standard_normal((20, 2))
    labels = np.array([0, 1] * 5 + [-1] * 10)
    assert np.isnan(read_labels(points, labels, 10, seed=0)["share"])


def test_the_prior_matches_itself_and_nothing_else() -> None:
    points = np.random.default_rng(1).standard_normal((800, 3))
    found = match_prior(points, seed=0)
    assert abs(found["mmd"]) < 0.004
    assert found["energy_distance"] < 0.02
    assert found["mean"] == pytest.approx([0.0] * 3, abs=0.12)
    shifted = match_prior(points + 1.0, seed=0)
    assert shifted["mmd"] > 20 * abs(found["mmd_of_prior"])
    assert shifted["energy_distance"] > 0.3
    narrow = match_prior(0.3 * points, seed=0)
    assert narrow["standard_deviation"] == pytest.approx([0.3] * 3, abs=0.03)
    assert narrow["energy_distance"] > 0.1
