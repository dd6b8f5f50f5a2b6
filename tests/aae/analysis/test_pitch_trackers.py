import numpy as np
import pytest

from aae.analysis.pitch_trackers import (
    NeuralTracker,
    PitchReading,
    PitchTracker,
    PyinTracker,
    summarize_readings,
)
from aae.notes.pitch_names import parse_pitch, pitch_frequency_hz
from tests.support.synth import SAMPLE_RATE, silence, tone

TRACKERS = [NeuralTracker(), PyinTracker()]


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
@pytest.mark.parametrize("note", ["As0", "E1", "C3", "A4", "C6", "C7"])
def test_the_pitch_of_a_tone_is_heard_over_the_whole_range(tracker: PitchTracker, note: str) -> None:
    midi_pitch = parse_pitch(note)
    waveform = tone(pitch_frequency_hz(midi_pitch), 0.8, cents=20.0)
    reading = tracker.read(waveform, SAMPLE_RATE, midi_pitch)
    assert reading.cents == pytest.approx(20.0, abs=12.0)
    assert reading.voiced_share > 0.8


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_a_note_an_octave_off_is_not_excused(tracker: PitchTracker) -> None:
    waveform = tone(220.0, 0.6)
    assert tracker.read(waveform, SAMPLE_RATE, 69).cents == pytest.approx(-1200.0, abs=12.0)
    assert tracker.read(waveform, SAMPLE_RATE, 45).cents == pytest.approx(1200.0, abs=12.0)


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_silence_has_no_pitch(tracker: PitchTracker) -> None:
    reading = tracker.read(silence(0.5), SAMPLE_RATE, 60)
    assert np.isnan(reading.cents)
    assert reading.voiced_share == 0.0


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_noise_after_a_note_is_unvoiced_and_does_not_change_its_pitch(tracker: PitchTracker) -> None:
    noise = 0.05 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    reading = tracker.read(np.concatenate([tone(220.0, 0.5), noise]), SAMPLE_RATE, 57)
    assert reading.cents == pytest.approx(0.0, abs=12.0)
    assert 0.2 < reading.voiced_share < 0.5


def test_deviations_are_summed_up() -> None:
    scores = summarize_readings(PitchReading(c, 0.5) for c in (0.0, -49.0, 51.0, 1210.0, float("nan")))
    assert scores == {
        "notes": 5,
        "within_share": 2 / 5,
        "octave_free_share": 3 / 5,
        "heard_share": 4 / 5,
        "median_cents": 50.0,
        "voiced_share": 0.5,
    }
    assert np.isnan(summarize_readings([PitchReading(float("nan"), 0.0)])["median_cents"])
