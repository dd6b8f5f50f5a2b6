import numpy as np
import numpy.typing as npt
import pytest

from aae.analysis.defects import find_clicks, is_clipped, measure_defects, summarize_defects
from tests.support.synth import SAMPLE_RATE, silence, tone


def pluck(f0_hz: float) -> npt.NDArray[np.float32]:
    """A tone that starts at once and decays."""
    waveform = tone(f0_hz, 1.0, attack_s=1e-3)
    return (waveform * np.exp(-5.0 * np.arange(len(waveform)) / SAMPLE_RATE)).astype(np.float32)


def pulses(f0_hz: float) -> npt.NDArray[np.float32]:
    """All harmonics in phase: as spiky as a low reed."""
    times_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    n_harmonics = int(8_000 / f0_hz)
    waveform = sum(np.cos(2 * np.pi * k * f0_hz * times_s) for k in range(1, n_harmonics))
    fade = np.minimum(1.0, np.minimum(times_s, times_s[::-1]) / 0.05)
    return (0.5 * waveform / n_harmonics * fade).astype(np.float32)


@pytest.mark.parametrize(
    "note",
    [tone(29.1), tone(440.0), tone(3000.0), pluck(200.0), pulses(29.1), pulses(60.0), tone(220.0, 0.15)],
)
def test_a_whole_note_is_whole(note: npt.NDArray[np.float32]) -> None:
    found = measure_defects(np.concatenate([note, silence(0.05)]), SAMPLE_RATE)
    assert not any(
        (
            found.is_silent,
            found.is_split,
            found.has_blip,
            found.has_click,
            found.is_truncated,
            found.is_clipped,
        )
    )
    assert found.end_db < -80
    assert found.dc_db < -40


@pytest.mark.parametrize(
    ("gain", "broken", "blip"), [(0.5, True, True), (0.1, False, True), (0.005, False, False)]
)
def test_a_second_note_after_a_gap_is_a_piece_or_a_blip(gain: float, broken: bool, blip: bool) -> None:
    waveform = np.concatenate([tone(220.0, 0.5), silence(0.2), gain * tone(220.0, 0.3)]).astype(np.float32)
    found = measure_defects(waveform, SAMPLE_RATE)
    assert (found.is_split, found.has_blip) == (broken, blip)


def test_tremolo_and_a_long_crescendo_do_not_break_a_note() -> None:
    times_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tremolo = tone(220.0) * (0.6 + 0.4 * np.cos(2 * np.pi * 8 * times_s))
    crescendo = tone(220.0) * 10 ** (-2 + 2 * times_s)
    for waveform in (tremolo, crescendo):
        found = measure_defects(waveform.astype(np.float32), SAMPLE_RATE)
        assert not found.is_split
        assert not found.has_blip


def test_clicks_are_found_where_they_are() -> None:
    waveform = tone(220.0, noise=0.0)
    waveform[10_000:] += np.float32(0.05)
    waveform[30_000] += np.float32(0.05)
    assert find_clicks(waveform, SAMPLE_RATE) == pytest.approx([10_000, 30_000, len(waveform)], abs=2)
    found = measure_defects(waveform, SAMPLE_RATE)
    assert found.has_click
    assert found.is_truncated


def test_a_note_that_stops_instead_of_ending_is_cut() -> None:
    found = measure_defects(tone(220.0)[:20_000], SAMPLE_RATE)
    assert found.is_truncated
    assert not found.has_click
    assert found.end_db > -10


def test_clipping_is_full_scale_or_flat_peaks() -> None:
    waveform = tone(220.0, peak=0.9)
    assert not is_clipped(waveform)
    assert is_clipped(2.0 * waveform)
    assert is_clipped(np.clip(waveform, -0.5, 0.5))


def test_dc_is_measured_in_decibels_of_the_loudest_part() -> None:
    waveform = np.sin(2 * np.pi * 100 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    offset = np.float32(np.sqrt(0.5) / 100)
    assert measure_defects(waveform + offset, SAMPLE_RATE).dc_db == pytest.approx(-40.0, abs=0.1)


def test_silence_is_only_silent() -> None:
    found = measure_defects(silence(0.5), SAMPLE_RATE)
    assert found.is_silent
    scores = summarize_defects([found, measure_defects(tone(220.0)[:20_000], SAMPLE_RATE)])
    assert scores["silent_share"] == 0.5
    assert scores["cut_share"] == 0.5
    assert scores["broken_share"] == 0.0
    assert scores["loud_end_share"] == 0.5
