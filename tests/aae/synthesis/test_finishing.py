import numpy as np
import pytest
import torch

from aae.analysis.attack import attack_time_ms
from aae.synthesis.finishing import (
    FADE_IN_S,
    FADE_OUT_S,
    MAX_CORRECTION_DB,
    PEAK_LIMIT,
    PRE_ROLL_S,
    RELEASE_S,
    RUMBLE_HZ,
    Floats,
    fade,
    find_onset,
    finish_note,
    level_correction_db,
    limit_peak,
    onset_frame,
    release,
    remove_rumble,
    set_level,
)
from mcnn.spectral.level import loudest_rms_db

SAMPLE_RATE = 44_100


def _sine(frequency_hz: float, duration_s: float = 1.0, peak: float = 0.1) -> Floats:
    times_s = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return (peak * np.sin(2 * np.pi * frequency_hz * times_s)).astype(np.float32)


def test_the_high_pass_halves_the_power_at_its_corner_and_lets_notes_through() -> None:
    def gain_db(frequency_hz: float) -> float:
        steady = slice(SAMPLE_RATE, None)
        sine = _sine(frequency_hz, 2.0)
        power = [np.mean(np.square(x[steady])) for x in (remove_rumble(sine, SAMPLE_RATE), sine)]
        return float(10 * np.log10(power[0] / power[1]))

    assert gain_db(RUMBLE_HZ) == pytest.approx(-3.01, abs=0.05)
    assert gain_db(RUMBLE_HZ / 10) == pytest.approx(-40.0, abs=0.2)
    assert gain_db(220.0) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("late_s", [0.0, 0.1, 0.5])
def test_a_late_note_starts_just_before_its_onset(late_s: float) -> None:
    silence = np.zeros(round(late_s * SAMPLE_RATE), np.float32)
    onset = find_onset(np.concatenate([silence, _sine(440.0)]), SAMPLE_RATE)
    assert onset / SAMPLE_RATE == pytest.approx(max(0.0, late_s - PRE_ROLL_S), abs=0.005)


def test_silence_has_its_onset_at_its_beginning() -> None:
    assert find_onset(np.zeros(1_000, np.float32), SAMPLE_RATE) == 0
    assert find_onset(np.zeros(3, np.float32), SAMPLE_RATE) == 0


def test_raised_cosines_begin_and_end_at_nothing() -> None:
    ones = np.ones(1_000, np.float32)
    faded = fade(ones, 100, 201)
    assert faded[[0, -1]] == pytest.approx([0.0, 0.0], abs=1e-7)
    assert faded[899] == pytest.approx(0.5, abs=1e-6)
    assert (faded[100:799] == 1.0).all()
    assert (ones == 1.0).all()


def test_fades_of_equal_power_keep_the_power_of_two_notes_that_overlap() -> None:
    ones = np.ones(1_000, np.float32)
    ends, begins = fade(ones, 0, 300, "equal-power")[-300:], fade(ones, 300, 0, "equal-power")[:300]
    assert ends**2 + begins**2 == pytest.approx(np.ones(300))
    assert begins[0] < 0.003


def test_fades_of_a_short_sound_meet_in_its_middle() -> None:
    faded = fade(np.ones(10, np.float32), 100, 100)
    assert faded[[0, 4, 5, 9]] == pytest.approx([0.0, 1.0, 1.0, 0.0], abs=1e-6)
    assert len(fade(np.zeros(0, np.float32), 5, 5)) == 0


def test_a_released_note_falls_in_a_straight_line() -> None:
    released = release(np.ones(SAMPLE_RATE, np.float32), SAMPLE_RATE, 0.2)
    at_s = [0.0, 0.2, 0.2 + RELEASE_S / 2, 0.2 + RELEASE_S, 0.9]
    samples = released[[round(s * SAMPLE_RATE) for s in at_s]]
    assert samples == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0], abs=1e-4)


@pytest.mark.parametrize("level_db", [-40.0, -20.0, -6.0])
def test_a_sine_gets_its_level(level_db: float) -> None:
    assert loudest_rms_db(set_level(_sine(440.0), SAMPLE_RATE, level_db), SAMPLE_RATE) == pytest.approx(
        level_db, abs=0.01
    )


def test_a_level_stops_where_the_peak_would_pass_its_limit() -> None:
    loud = set_level(_sine(440.0), SAMPLE_RATE, 0.0)
    assert np.abs(loud).max() == pytest.approx(PEAK_LIMIT)
    silence = np.zeros(1_000, np.float32)
    assert not set_level(silence, SAMPLE_RATE, -20.0).any()


def test_peaks_are_scaled_to_their_limit_and_what_is_below_stays() -> None:
    quiet = _sine(440.0, peak=0.9)
    assert limit_peak(quiet) is quiet
    assert np.abs(limit_peak(_sine(440.0, peak=3.0))).max() == pytest.approx(PEAK_LIMIT)
    assert len(limit_peak(np.zeros(0, np.float32))) == 0


def test_a_finished_note_has_its_attack_onset_level_and_ends() -> None:
    swell = np.minimum(np.arange(SAMPLE_RATE) / (0.08 * SAMPLE_RATE), 1.0).astype(np.float32)
    late = np.concatenate([np.zeros(SAMPLE_RATE // 4, np.float32), _sine(440.0) * swell])
    note = finish_note(late, SAMPLE_RATE, level_db=-23.0, attack_ms=10.0)
    assert attack_time_ms(late, SAMPLE_RATE) > 40
    assert attack_time_ms(note, SAMPLE_RATE) == pytest.approx(10.0, abs=4.0)
    assert len(late) - len(note) > 0.2 * SAMPLE_RATE
    assert loudest_rms_db(note, SAMPLE_RATE) == pytest.approx(-23.0, abs=0.01)
    assert note[[0, -1]] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert FADE_IN_S < PRE_ROLL_S < FADE_OUT_S
    assert not finish_note(np.zeros(5_000, np.float32), SAMPLE_RATE, -20.0, 10.0).any()


def test_the_onset_of_a_streamed_note_is_the_frame_after_its_window_saw_it() -> None:
    log_mel = torch.full((8, 20), -4.0)
    assert onset_frame(log_mel) == 0
    log_mel[3, 7:] = -1.0
    assert onset_frame(log_mel) == 9
    log_mel[3, 0:] = -1.0
    assert onset_frame(log_mel) == 0


def test_short_notes_are_raised_as_far_as_they_stay_under_their_level() -> None:
    rising = torch.linspace(-3.5, -2.5, 32).expand(512, 32)
    assert level_correction_db(rising) == 0.0
    pluck, weaker = rising.flip(1), rising.flip(1) - 0.1
    assert level_correction_db(weaker) == pytest.approx(level_correction_db(pluck) + 2.0, abs=0.1)
    assert level_correction_db(pluck - 1.0) == MAX_CORRECTION_DB
