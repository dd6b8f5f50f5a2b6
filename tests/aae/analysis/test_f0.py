import numpy as np
import numpy.typing as npt
import pytest

from aae.analysis.f0 import measure_pitch, track_f0
from tests.support.synth import SAMPLE_RATE, glissando, silence, tone, trill, vibrato

HOP_LENGTH = 512
EDGE_FRAMES = 10


def tracked(waveform: npt.NDArray[np.float32], nominal_hz: float) -> npt.NDArray[np.float32]:
    return track_f0(waveform, SAMPLE_RATE, HOP_LENGTH, nominal_hz)


def at_frames(cents: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return cents[::HOP_LENGTH]


def inner(frames: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return frames[EDGE_FRAMES:-EDGE_FRAMES]


@pytest.mark.parametrize("nominal_hz", [29.14, 41.2, 65.4, 110.0, 440.0, 1760.0, 4186.0])
@pytest.mark.parametrize("cents", [-120.0, 17.3])
def test_a_steady_note_is_measured_to_two_cents(nominal_hz: float, cents: float) -> None:
    deviation = tracked(tone(nominal_hz, cents=cents), nominal_hz)
    assert len(deviation) == -(-SAMPLE_RATE // HOP_LENGTH)
    assert np.nanmedian(np.abs(inner(deviation) - cents)) < 2.0
    assert np.isnan(inner(deviation)).mean() < 0.05


def test_a_note_whose_fundamental_is_missing_is_measured() -> None:
    waveform = tone(58.27, cents=-25.0, amplitudes=(0.0, 0.01, 0.3, 1.0, 0.8, 0.9, 0.4, 0.3))
    assert np.nanmedian(tracked(waveform, 58.27)) == pytest.approx(-25.0, abs=2.0)


@pytest.mark.parametrize("nominal_hz", [58.27, 196.0, 880.0, 3520.0])
def test_vibrato_is_followed_with_its_depth(nominal_hz: float) -> None:
    cents = vibrato(1.5)
    deviation = inner(tracked(tone(nominal_hz, 1.5, cents=cents), nominal_hz))
    depth = (np.nanpercentile(deviation, 95) - np.nanpercentile(deviation, 5)) / 2.0
    true_depth = np.percentile(cents, 95)
    assert depth == pytest.approx(true_depth, rel=0.15)
    assert np.nanmedian(np.abs(deviation - inner(at_frames(cents)))) < 6.0


@pytest.mark.parametrize("nominal_hz", [196.0, 880.0])
def test_both_notes_of_a_trill_are_found(nominal_hz: float) -> None:
    cents = trill(1.5)
    deviation = inner(tracked(tone(nominal_hz, 1.5, cents=cents), nominal_hz))
    error = np.abs(deviation - inner(at_frames(cents)))
    assert np.nanmedian(error) < 2.0
    assert (error < 30.0).mean() > 0.8


@pytest.mark.parametrize("nominal_hz", [110.0, 880.0])
def test_a_glissando_is_followed(nominal_hz: float) -> None:
    cents = glissando(2.0, -300.0, 300.0)
    deviation = inner(tracked(tone(nominal_hz, 2.0, cents=cents), nominal_hz))
    assert np.nanmedian(np.abs(deviation - inner(at_frames(cents)))) < 2.0


def test_silence_and_noise_have_no_pitch() -> None:
    assert np.isnan(tracked(silence(0.5), 440.0)).all()
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    assert np.isnan(tracked(noise, 440.0)).mean() > 0.9
    assert len(tracked(silence(0.0), 440.0)) == 0


def test_the_silence_around_a_note_is_unvoiced() -> None:
    waveform = np.concatenate([tone(440.0, 0.5, noise=0.0), silence(0.5)])
    deviation = tracked(waveform, 440.0)
    assert not np.isnan(deviation[5:35]).any()
    assert np.isnan(deviation[50:]).all()


@pytest.mark.parametrize(
    ("f0_hz", "octave_shift"), [(29.14, 2), (58.27, 1), (110.0, 0), (440.0, 0), (1760.0, -1), (3520.0, -1)]
)
def test_an_unknown_note_is_measured(f0_hz: float, octave_shift: int) -> None:
    measured = measure_pitch(tone(f0_hz), SAMPLE_RATE, octave_shift)
    assert abs(1200.0 * np.log2(measured.f0_hz / f0_hz)) < 20.0
    assert measured.confidence > 0.8
    assert measured.is_steady


def test_midi_numbers_are_those_of_equal_temperament() -> None:
    assert measure_pitch(tone(440.0), SAMPLE_RATE).midi_pitch == pytest.approx(69.0, abs=0.15)


def test_a_trill_is_not_steady() -> None:
    measured = measure_pitch(tone(440.0, 1.5, cents=trill(1.5)), SAMPLE_RATE)
    assert not measured.is_steady
    assert 1200.0 * np.log2(measured.highest_hz / measured.lowest_hz) == pytest.approx(200.0, abs=40.0)


def test_silence_has_no_measured_pitch() -> None:
    measured = measure_pitch(silence(0.5), SAMPLE_RATE)
    assert measured.confidence == 0.0
    assert np.isnan(measured.f0_hz)
