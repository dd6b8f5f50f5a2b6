import re

import numpy as np
import pytest

from aae.analysis.f0 import measure_pitch
from aae.notes.pitch_names import pitch_frequency_hz
from datasets.pitch_check import check_label, describe_pitch, find_pitch, is_common_mistake
from datasets.reading.recording import SkipReason
from tests.support.synth import SAMPLE_RATE, glissando, silence, tone, trill

HOP_LENGTH = 512


@pytest.mark.parametrize("midi_pitch", [24, 36, 48, 60, 72, 84, 96])
def test_a_true_label_stands(midi_pitch: int) -> None:
    waveform = tone(pitch_frequency_hz(midi_pitch), cents=20.0)
    check = check_label(waveform, SAMPLE_RATE, HOP_LENGTH, midi_pitch)
    assert check.objection is None
    assert check.track.tuning_cents == pytest.approx(20.0, abs=2.0)
    assert check.track.is_steady


@pytest.mark.parametrize("midi_pitch", [36, 48, 60, 72])
@pytest.mark.parametrize("error", [-24, -12, -7, -2, -1, 1, 2, 7, 12])
def test_a_wrong_label_does_not(midi_pitch: int, error: int) -> None:
    waveform = tone(pitch_frequency_hz(midi_pitch))
    check = check_label(waveform, SAMPLE_RATE, HOP_LENGTH, midi_pitch + error)
    assert check.objection is SkipReason.WRONG_PITCH
    assert check.sounds == pytest.approx(midi_pitch, abs=0.3)


def test_the_message_names_both() -> None:
    check = check_label(tone(pitch_frequency_hz(60), cents=10.0), SAMPLE_RATE, HOP_LENGTH, 62)
    assert re.fullmatch(r"labelled D4, sounds C4 \+[0-9]+ cents", check.detail)
    assert describe_pitch(61.88) == "D4 -12 cents"
    assert describe_pitch(140.0) == "MIDI 140 +0 cents"


@pytest.mark.parametrize(
    ("label", "is_common"), [(61, True), (58, True), (72, True), (65, False), (67, False)]
)
def test_what_sounds_is_proposed_and_common_mistakes_are_known(label: int, is_common: bool) -> None:
    check = check_label(tone(pitch_frequency_hz(60)), SAMPLE_RATE, HOP_LENGTH, label)
    assert check.objection is SkipReason.WRONG_PITCH
    assert check.correction == 60
    assert is_common_mistake(60 - label) is is_common


def test_an_offset_under_60_cents_is_tuning_and_above_is_another_note() -> None:
    for cents, objection in ((50.0, None), (-50.0, None), (72.0, SkipReason.WRONG_PITCH)):
        waveform = tone(pitch_frequency_hz(60), cents=cents)
        assert check_label(waveform, SAMPLE_RATE, HOP_LENGTH, 60).objection is objection


@pytest.mark.parametrize("midi_pitch", [48, 67, 79])
def test_a_weak_fundamental_is_no_octave_error(midi_pitch: int) -> None:
    waveform = tone(pitch_frequency_hz(midi_pitch), amplitudes=(0.05, 1.0, 0.5, 0.3, 0.3, 0.1))
    assert check_label(waveform, SAMPLE_RATE, HOP_LENGTH, midi_pitch).objection is None


def test_a_weak_undertone_is_no_octave_error() -> None:
    waveform = tone(pitch_frequency_hz(77), 0.5) + tone(pitch_frequency_hz(65), 0.5, peak=0.003)
    assert check_label(waveform, SAMPLE_RATE, HOP_LENGTH, 77).objection is None


@pytest.mark.parametrize("label", [60, 62])
def test_a_trill_may_be_labelled_by_either_note(label: int) -> None:
    waveform = tone(pitch_frequency_hz(60), 1.5, cents=trill(1.5))
    assert check_label(waveform, SAMPLE_RATE, HOP_LENGTH, label).objection is None


def test_a_glissando_may_start_at_its_label() -> None:
    waveform = tone(pitch_frequency_hz(60), 1.5, cents=glissando(1.5, 0.0, 600.0))
    assert check_label(waveform, SAMPLE_RATE, HOP_LENGTH, 60).objection is None
    assert check_label(waveform, SAMPLE_RATE, HOP_LENGTH, 55).objection is SkipReason.WRONG_PITCH


def test_a_labelled_noise_has_no_pitch() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    check = check_label(noise, SAMPLE_RATE, HOP_LENGTH, 60)
    assert check.objection in (SkipReason.NO_PITCH, None)
    assert check_label(silence(0.5), SAMPLE_RATE, HOP_LENGTH, 60).objection is SkipReason.NO_PITCH


@pytest.mark.parametrize("midi_pitch", [24, 29, 36, 48, 60, 72, 84, 96, 103])
def test_an_unlabelled_note_is_found(midi_pitch: int) -> None:
    assert find_pitch(tone(pitch_frequency_hz(midi_pitch)), SAMPLE_RATE) == midi_pitch


def test_a_note_above_what_the_tracker_hears_is_not_taken_for_an_octave_lower() -> None:
    highest = tone(pitch_frequency_hz(108), 0.3, noise=0.003)
    highest *= np.exp(-5.0 * np.arange(len(highest)) / SAMPLE_RATE).astype(np.float32)
    assert measure_pitch(highest, SAMPLE_RATE).midi_pitch == pytest.approx(96, abs=0.1)
    assert find_pitch(highest, SAMPLE_RATE) == 108


def test_no_pitch_is_found_in_noise() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    assert find_pitch(noise, SAMPLE_RATE) is None
