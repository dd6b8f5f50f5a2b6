"""Where notes begin and end, and how they are prepared: known notes in silence, noise and clicks."""

import numpy as np
import numpy.typing as npt
import pytest

from aae.analysis.trimming import find_note, prepare
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from tests.support.synth import SAMPLE_RATE, silence, tone

MAX_SAMPLES = 192 * 512


def hiss(duration_s: float, level: float, seed: int = 0) -> npt.NDArray[np.float32]:
    n_samples = round(duration_s * SAMPLE_RATE)
    return (level * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def test_the_level_is_that_of_the_loudest_50_ms() -> None:
    quiet = tone(440.0, 0.5, amplitudes=(1.0,), peak=0.01, attack_s=0.0, release_s=0.0, noise=0.0)
    loud = tone(440.0, 0.1, amplitudes=(1.0,), peak=0.5, attack_s=0.0, release_s=0.0, noise=0.0)
    sine_db = 20.0 * np.log10(0.5 / np.sqrt(2.0))
    assert loudest_rms_db(np.concatenate([quiet, loud, quiet]), SAMPLE_RATE) == pytest.approx(
        sine_db, abs=0.05
    )
    assert loudest_rms_db(loud[:100], SAMPLE_RATE) == pytest.approx(sine_db, abs=0.3)


@pytest.mark.parametrize("noise", [0.0, 1e-4, 1e-3])
@pytest.mark.parametrize("before_s", [0.0, 0.02, 0.1, 0.7])
def test_a_sharp_onset_is_found_and_ten_milliseconds_kept(before_s: float, noise: float) -> None:
    note = tone(440.0, 0.4, attack_s=0.001, noise=0.0)
    waveform = np.concatenate([silence(before_s), note, silence(0.1)])
    start, _end = find_note(waveform + hiss(len(waveform) / SAMPLE_RATE, noise), SAMPLE_RATE)
    kept_s = before_s - start / SAMPLE_RATE
    assert min(before_s, 0.006) <= kept_s <= 0.021


@pytest.mark.parametrize("attack_s", [0.1, 0.4, 1.0])
def test_a_soft_attack_is_not_cut(attack_s: float) -> None:
    waveform = np.concatenate([silence(0.1), tone(220.0, 1.5, attack_s=attack_s, noise=0.0)])
    waveform += hiss(1.6, 3e-5)
    start, _end = find_note(waveform, SAMPLE_RATE)
    lost = waveform[:start]
    assert start > 0.08 * SAMPLE_RATE
    assert loudest_rms_db(lost, SAMPLE_RATE) < loudest_rms_db(waveform, SAMPLE_RATE) - 38.0


def test_a_click_before_the_note_is_not_its_onset() -> None:
    waveform = np.concatenate([silence(0.5), tone(440.0, 0.4), silence(0.1)])
    waveform[5000:5010] = 0.2
    start, _end = find_note(waveform, SAMPLE_RATE)
    assert start / SAMPLE_RATE == pytest.approx(0.49, abs=0.005)


def test_silence_after_the_note_is_cut_but_no_quiet_tail() -> None:
    tail = tone(440.0, 0.6, peak=0.001, noise=0.0, attack_s=0.0)
    waveform = np.concatenate([tone(440.0, 0.4, noise=0.0, release_s=0.01), tail, silence(1.0)])
    _start, end = find_note(waveform, SAMPLE_RATE)
    assert end / SAMPLE_RATE == pytest.approx(1.0, abs=0.03)


def test_every_note_has_the_reference_level_and_remembers_its_own() -> None:
    for peak in (0.9, 0.05, 0.004):
        waveform = np.concatenate([silence(0.1), tone(440.0, peak=peak, noise=0.0), silence(0.1)])
        prepared = prepare(waveform, SAMPLE_RATE, MAX_SAMPLES)
        assert prepared is not None
        assert loudest_rms_db(prepared.waveform, SAMPLE_RATE) == pytest.approx(REFERENCE_LEVEL_DB, abs=0.01)
        assert prepared.level_db == pytest.approx(loudest_rms_db(waveform, SAMPLE_RATE), abs=0.01)


def test_a_long_note_is_faded_and_a_short_one_ends_without_a_click() -> None:
    long = prepare(tone(440.0, 4.0, release_s=0.0), SAMPLE_RATE, MAX_SAMPLES)
    short = prepare(tone(440.0, 0.5, release_s=0.0), SAMPLE_RATE, MAX_SAMPLES)
    assert long is not None
    assert short is not None
    assert len(long.waveform) == MAX_SAMPLES
    before, in_fade, end = (np.abs(long.waveform[-n:]).max() for n in (8820, 1000, 10))
    assert before > 6.0 * in_fade > 100.0 * end
    assert np.abs(short.waveform[-5:]).max() < 1e-3 * np.abs(short.waveform).max()


def test_silence_is_no_note() -> None:
    assert prepare(silence(1.0), SAMPLE_RATE, MAX_SAMPLES) is None
    assert prepare(hiss(1.0, 1e-5), SAMPLE_RATE, MAX_SAMPLES) is None
    assert prepare(silence(0.0), SAMPLE_RATE, MAX_SAMPLES) is None


@pytest.mark.parametrize("below_db", [45, 35, 30, 25, 20, 15])
@pytest.mark.parametrize("peak", [0.5, 0.01])
def test_loud_noise_before_a_note_is_no_part_of_it(below_db: float, peak: float) -> None:
    note = tone(440.0, 0.6, peak=peak, noise=0.0)
    level = 10.0 ** ((loudest_rms_db(note, SAMPLE_RATE) - below_db) / 20.0)
    waveform = np.concatenate([silence(0.5), note, silence(0.1)])
    start, _end = find_note(waveform + hiss(len(waveform) / SAMPLE_RATE, level), SAMPLE_RATE)
    assert start / SAMPLE_RATE == pytest.approx(0.495, abs=0.01)


@pytest.mark.parametrize("f0_hz", [32.7, 110.0, 880.0, 3520.0])
@pytest.mark.parametrize("below_db", [20, 14])
def test_a_note_that_begins_softly_and_steadily_stays_whole(below_db: float, f0_hz: float) -> None:
    waveform = tone(f0_hz, 1.2, noise=0.0, attack_s=0.01)
    waveform[: SAMPLE_RATE // 2] *= 10.0 ** (-below_db / 20.0)
    waveform += hiss(1.2, 0.1 * 10.0 ** (-below_db / 20.0) * float(np.sqrt(np.mean(waveform**2))))
    start, _end = find_note(waveform, SAMPLE_RATE)
    assert start < 0.01 * SAMPLE_RATE


def test_a_noise_that_swells_is_a_sound_of_its_own() -> None:
    swell = hiss(2.0, 0.1) * np.geomspace(0.05, 1.0, 2 * SAMPLE_RATE).astype(np.float32)
    start, _end = find_note(swell, SAMPLE_RATE)
    assert start == 0
