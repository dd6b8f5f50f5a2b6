import numpy as np
import pytest

from aae.analysis.artefacts import measure_artefacts, summarize_artefacts
from tests.support.synth import SAMPLE_RATE, tone

FRAME_RATE_HZ = SAMPLE_RATE / 512


def test_a_grid_at_the_frame_rate_stands_out() -> None:
    clean = tone(300.0, 1.0)
    times = np.arange(len(clean)) / SAMPLE_RATE
    grid = (1.0 + 0.1 * np.cos(2 * np.pi * 2 * FRAME_RATE_HZ * times)).astype(np.float32)
    without = measure_artefacts(clean, SAMPLE_RATE, FRAME_RATE_HZ, 300.0).grid_db
    assert without < 10
    assert measure_artefacts(clean * grid, SAMPLE_RATE, FRAME_RATE_HZ, 300.0).grid_db > without + 15


def test_a_note_whose_own_period_lies_on_the_grid_is_not_blamed() -> None:
    note = tone(FRAME_RATE_HZ, 1.0)
    assert measure_artefacts(note, SAMPLE_RATE, FRAME_RATE_HZ).grid_db > 30
    assert np.isnan(measure_artefacts(note, SAMPLE_RATE, FRAME_RATE_HZ, FRAME_RATE_HZ).grid_db)


@pytest.mark.parametrize("noise_db", [-50.0, -70.0])
def test_noise_after_the_end_is_measured(noise_db: float) -> None:
    note = tone(440.0, 0.5, noise=0.0)
    loudest_db = 20 * np.log10(np.sqrt(np.mean(note[10_000:12_205] ** 2)))
    tail = np.random.default_rng(0).standard_normal(20_000) * 10 ** ((loudest_db + noise_db) / 20)
    found = measure_artefacts(np.concatenate([note, tail.astype(np.float32)]), SAMPLE_RATE, FRAME_RATE_HZ)
    assert found.tail_db == pytest.approx(noise_db, abs=1.0)


def test_a_file_that_ends_with_its_note_has_no_tail() -> None:
    notes = [measure_artefacts(tone(440.0, 0.5), SAMPLE_RATE, FRAME_RATE_HZ, 440.0)]
    notes.append(measure_artefacts(np.zeros(10_000, np.float32), SAMPLE_RATE, FRAME_RATE_HZ))
    assert all(np.isnan(note.tail_db) for note in notes)
    summary = summarize_artefacts(notes)
    assert summary["tail_share"] == 0.0
    assert np.isnan(summary["tail_db_median"])
    assert np.isfinite(summary["grid_db_median"])
