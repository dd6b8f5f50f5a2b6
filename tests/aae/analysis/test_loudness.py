"""Levels: the standard's reference tone, the gain that is asked for, words that are refused."""

import numpy as np
import pytest

from aae.analysis.loudness import TargetLevel, momentary_loudness_lufs, parse_level
from mcnn.errors import InputError


def _tone(amplitude: float, duration_s: float, rate: int = 48_000, frequency_hz: float = 997.0) -> np.ndarray:
    time_s = np.arange(round(duration_s * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def test_the_reference_tone_has_the_reference_loudness() -> None:
    """A full-scale 997 Hz sine in one channel is −3.01 LUFS within the 0.1 LU that meters may differ by."""
    assert momentary_loudness_lufs(_tone(1.0, 2.0), 48_000) == pytest.approx(-3.01, abs=0.1)
    assert momentary_loudness_lufs(_tone(0.1, 2.0), 48_000) == pytest.approx(-23.01, abs=0.1)


def test_loudness_does_not_depend_on_what_follows_a_note() -> None:
    note = _tone(0.1, 1.0, 44_100)
    with_silence = np.concatenate([note, np.zeros(3 * 44_100, np.float32)])
    assert momentary_loudness_lufs(with_silence, 44_100) == pytest.approx(
        momentary_loudness_lufs(note, 44_100), abs=1e-6
    )


def test_short_notes_and_silence() -> None:
    """Half of a 400 ms window is half the power."""
    assert momentary_loudness_lufs(_tone(0.1, 0.2), 48_000) == pytest.approx(-26.02, abs=0.1)
    assert momentary_loudness_lufs(np.zeros(100, np.float32), 48_000) == -np.inf
    assert momentary_loudness_lufs(np.zeros(0, np.float32), 48_000) == -np.inf


def test_gain_brings_a_note_to_its_target() -> None:
    note = _tone(0.1, 1.0)
    assert parse_level("lufs:-30").gain_db(note, 48_000) == pytest.approx(-30 + 23.01, abs=0.1)
    assert parse_level("rms:-20").gain_db(note, 48_000) == pytest.approx(-20 + 23.01, abs=0.02)
    assert TargetLevel().gain_db(note, 48_000) == 0.0
    assert parse_level("rms:-20").gain_db(np.zeros(9, np.float32), 48_000) == 0.0


@pytest.mark.parametrize("text", ["natural", "lufs:-23", "rms:-18.5"])
def test_words_come_back(text: str) -> None:
    assert str(parse_level(text)) == text


@pytest.mark.parametrize("text", ["", "loud", "lufs", "lufs:", "lufs:x", "lufs:5", "rms:nan", "natural:3"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not natural, lufs:-23 or rms:-20"):
        parse_level(text)
