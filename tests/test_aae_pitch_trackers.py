import numpy as np
import pytest

from aae.pitch_names import parse_pitch, pitch_frequency_hz
from aae.pitch_trackers import NeuralTracker, PitchTracker, PyinTracker, summarize_deviations
from tests.synth import SAMPLE_RATE, silence, tone

TRACKERS = [NeuralTracker(), PyinTracker()]


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
@pytest.mark.parametrize("note", ["As0", "E1", "C3", "A4", "C6", "C7"])
def test_the_pitch_of_a_tone_is_heard_over_the_whole_range(tracker: PitchTracker, note: str) -> None:
    midi_pitch = parse_pitch(note)
    waveform = tone(pitch_frequency_hz(midi_pitch), 0.8, cents=20.0)
    assert tracker.deviation_cents(waveform, SAMPLE_RATE, midi_pitch) == pytest.approx(20.0, abs=12.0)


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_a_note_an_octave_off_is_not_excused(tracker: PitchTracker) -> None:
    waveform = tone(220.0, 0.6)
    assert tracker.deviation_cents(waveform, SAMPLE_RATE, 69) == pytest.approx(-1200.0, abs=12.0)
    assert tracker.deviation_cents(waveform, SAMPLE_RATE, 45) == pytest.approx(1200.0, abs=12.0)


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_silence_has_no_pitch(tracker: PitchTracker) -> None:
    assert np.isnan(tracker.deviation_cents(silence(0.5), SAMPLE_RATE, 60))


def test_deviations_are_summed_up() -> None:
    scores = summarize_deviations([0.0, -49.0, 51.0, 1210.0, float("nan")])
    assert scores == {
        "within_share": 2 / 5,
        "octave_free_share": 3 / 5,
        "heard_share": 4 / 5,
        "median_cents": 50.0,
    }
    assert np.isnan(summarize_deviations([float("nan")])["median_cents"])
