"""Loops: exact on what repeats exactly, closed on what does not, none where a note rings out."""

import numpy as np
import numpy.typing as npt
import pytest

from aae.rendering.loops import CROSSFADE_S, loop_note, seam_db

RATE = 44_100
Waveform = npt.NDArray[np.float32]


def _held(duration_s: float = 1.5, f0_hz: float = 220.0, vibrato_cents: float = 0.0) -> Waveform:
    """A note of ten harmonics with a rise of 50 ms and a fall of 200 ms."""
    time_s = np.arange(round(duration_s * RATE)) / RATE
    cents = vibrato_cents * np.sin(2 * np.pi * 5.5 * time_s)
    phase = 2 * np.pi * np.cumsum(f0_hz * 2 ** (cents / 1200)) / RATE
    tone = sum(np.sin(n * phase + n) / n for n in range(1, 11))
    envelope = np.clip(time_s / 0.05, 0, 1) * np.clip((duration_s - time_s) / 0.2, 0, 1)
    return np.asarray(0.2 * tone * envelope, np.float32)


def _played(waveform: Waveform, start: int, end: int, n_samples: int) -> Waveform:
    """What a sampler plays that goes round and round."""
    turns = -(-n_samples // (end + 1 - start))
    return np.concatenate([waveform[: end + 1], np.tile(waveform[start : end + 1], turns)])[:n_samples]


def test_steady_tone_is_looped_over_whole_periods() -> None:
    waveform = _held(f0_hz=RATE / 200)
    looped, loop = loop_note(waveform, RATE, RATE / 200) or pytest.fail("no loop")
    assert (loop.end + 1 - loop.start) % 200 == 0
    assert loop.correlation == pytest.approx(1.0, abs=1e-4)
    assert loop.seam_db < 0.5
    assert abs(loop.level_step_db) < 0.05
    np.testing.assert_allclose(looped[: loop.end], waveform[: loop.end], atol=0.01)


def test_loop_lies_in_the_held_part_and_all_before_and_after_it_stays() -> None:
    waveform = _held(vibrato_cents=15)
    looped, loop = loop_note(waveform, RATE, 220.0) or pytest.fail("no loop")
    overlap = round(CROSSFADE_S * RATE)
    assert 0.05 * RATE < loop.start < loop.end < 1.3 * RATE
    changed = np.flatnonzero(looped != waveform)
    assert changed.min() >= loop.end + 1 - overlap
    assert changed.max() < loop.end + 1 + overlap


def test_ten_seconds_of_a_vibrato_have_no_click_and_one_level() -> None:
    waveform = _held(vibrato_cents=25)
    looped, loop = loop_note(waveform, RATE, 220.0) or pytest.fail("no loop")
    played = _played(looped, loop.start, loop.end, 10 * RATE)[loop.start :]
    bends, own = np.abs(np.diff(played, 4)), np.abs(np.diff(waveform[loop.start : loop.end], 4))
    assert bends.max() < 1.3 * own.max()
    levels = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(played, 100)]
    assert 20 * np.log10(max(levels) / min(levels)) < 1.0


def test_noise_is_looped_at_its_power() -> None:
    """Two stretches of noise have nothing in common; a linear crossfade would lose 3 dB half-way."""
    rng = np.random.default_rng(0)
    hiss = np.concatenate([[0.0], rng.normal(0, 0.1, 2 * RATE)])
    tone = _held(2.0)
    waveform = np.asarray(tone + 0.3 * hiss[: len(tone)] * np.clip(tone.std(), 0.1, 1), np.float32)
    looped, loop = loop_note(waveform, RATE, 220.0) or pytest.fail("no loop")
    end = looped[loop.end - round(CROSSFADE_S * RATE) : loop.end]
    assert 20 * np.log10(end.std() / waveform[RATE // 2 : RATE].std()) == pytest.approx(0, abs=0.7)


@pytest.mark.parametrize("decay_per_s", [3.0, 8.0])
def test_what_rings_out_is_not_looped(decay_per_s: float) -> None:
    time_s = np.arange(2 * RATE) / RATE
    assert loop_note(_held(2.0) * np.exp(-decay_per_s * time_s).astype(np.float32), RATE, 220.0) is None


def test_what_is_short_or_silent_is_not_looped() -> None:
    assert loop_note(_held(0.4), RATE, 220.0) is None
    assert loop_note(np.zeros(RATE, np.float32), RATE, 220.0) is None
    assert loop_note(np.zeros(0, np.float32), RATE, None) is None
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert loop_note(noise, RATE, None) is None


def test_a_seam_is_measured_against_the_sound_around_it() -> None:
    tone = np.sin(2 * np.pi * np.arange(2000) / 100).astype(np.float32)
    assert seam_db(tone, 100, 1099) < 0.5
    assert seam_db(tone, 100, 1099 + 30) > 40


def test_release_is_how_long_the_note_dies_away() -> None:
    _, loop = loop_note(_held(1.5), RATE, 220.0) or pytest.fail("no loop")
    assert loop.release_s == pytest.approx(1.5 - loop.end / RATE, abs=0.05)
