"""Which pitch does a recording go into the bank with, and does it sound the note that its label says?

Two witnesses are heard. A pitch tracker that knows no label is right about the note, but slips between
octaves. The label-informed track is precise and knows whether the sound has harmonics where the label wants
them, but looks only around the label. `datasets/README.md` has what they found in a real library.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aae.analysis.f0 import MeasuredPitch, track_f0
from aae.analysis.pitch_estimate import (
    ABSENT_DB,
    CONFIDENT,
    LOW_HZ,
    measure_surest,
    own_harmonics_db,
    unlabelled_f0_hz,
)
from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import pitch_frequency_hz, pitch_name

from .reading.recording import SkipReason

FAR_CENTS = 60.0
"""A label further than this from what sounds is wrong."""

_SAME_CENTS = 80.0
_VERY_LOW_HZ, _HIGH_HZ = 45.0, 1_000.0
_STEADY_CENTS = 50.0
_VOICED_SHARE = 0.35
_MIN_VOICED_FRAMES = 4
_COMMON_MISTAKES = frozenset({1, 2, 12})
"""Semitones."""


@dataclass(frozen=True)
class Track:
    """A note's pitch over time.

    Attributes:
        midi_pitch: The nominal pitch, or `UNPITCHED`.
        f0_cents: `(frames,)` deviation from it, NaN where unvoiced.
    """

    midi_pitch: int
    f0_cents: npt.NDArray[np.float32]

    @property
    def tuning_cents(self) -> float:
        """Median deviation; NaN if hardly anything is voiced."""
        voiced = self._voiced
        return float(np.median(voiced)) if len(voiced) >= _MIN_VOICED_FRAMES else float("nan")

    @property
    def voiced_share(self) -> float:
        """Share of voiced frames."""
        return len(self._voiced) / max(1, len(self.f0_cents))

    @property
    def is_steady(self) -> bool:
        """Whether enough is voiced, and half of that keeps within a quarter tone."""
        if self.voiced_share < _VOICED_SHARE or np.isnan(self.tuning_cents):
            return False
        low, high = np.percentile(self._voiced, [25, 75])
        return bool(high - low <= _STEADY_CENTS)

    @property
    def _voiced(self) -> npt.NDArray[np.float32]:
        return self.f0_cents[~np.isnan(self.f0_cents)]


@dataclass(frozen=True)
class LabelCheck:
    """What came of comparing a label with the sound.

    Attributes:
        track: The pitch over time, around the label.
        objection: Why the label cannot stand; None if it may.
        sounds: What sounds instead, as a fractional MIDI number; None if that is not clear either.
        is_confirmed: Whether the tracker, which knew no label, heard the label's note with confidence.
    """

    track: Track
    objection: SkipReason | None = None
    sounds: float | None = None
    is_confirmed: bool = False

    @property
    def correction(self) -> int | None:
        """The note that the label should have said, if what sounds is clear.

        Of a single note only `is_common_mistake` makes it sure enough to be believed.
        """
        if self.sounds is None:
            return None
        midi_pitch = round(self.sounds)
        return midi_pitch if midi_pitch != self.track.midi_pitch and 0 <= midi_pitch <= 127 else None

    @property
    def detail(self) -> str:
        """The label and what sounds, in words: `labelled D3, sounds D#3 -12 cents`."""
        heard = "no clear pitch" if self.sounds is None else describe_pitch(self.sounds)
        return f"labelled {pitch_name(self.track.midi_pitch)}, sounds {heard}"


def is_common_mistake(semitones: int) -> bool:
    """Whether labels are often so far off: a semitone, a tone or an octave.

    Other distances are as likely the tracker's mistake: a string that rings along, a noise.
    """
    return abs(semitones) in _COMMON_MISTAKES


def describe_pitch(midi_pitch: float) -> str:
    """A fractional MIDI number in words: `D#3 -12 cents`."""
    nearest = round(midi_pitch)
    name = pitch_name(nearest) if 0 <= nearest <= 127 else f"MIDI {nearest}"
    return f"{name} {100.0 * (midi_pitch - nearest):+.0f} cents"


def track(waveform: npt.NDArray[np.float32], sample_rate: int, hop_length: int, midi_pitch: int) -> Track:
    """Pitch over time around `midi_pitch`; nothing is voiced if that is `UNPITCHED`."""
    if midi_pitch == UNPITCHED:
        return Track(UNPITCHED, np.full(-(-len(waveform) // hop_length), np.nan, np.float32))
    return Track(midi_pitch, track_f0(waveform, sample_rate, hop_length, pitch_frequency_hz(midi_pitch)))


def check_label(
    waveform: npt.NDArray[np.float32], sample_rate: int, hop_length: int, midi_pitch: int
) -> LabelCheck:
    """Compares a label with the sound.

    Args:
        waveform: `(samples,)` of the note.
        sample_rate: Samples per second.
        hop_length: Samples between frames.
        midi_pitch: What the label says.
    """
    around = track(waveform, sample_rate, hop_length, midi_pitch)
    heard = measure_surest(waveform, sample_rate, _octave_shift(pitch_frequency_hz(midi_pitch)))
    if heard.confidence >= CONFIDENT:
        if not _tracker_agrees(waveform, sample_rate, heard, pitch_frequency_hz(midi_pitch)):
            return LabelCheck(around, SkipReason.WRONG_PITCH, heard.midi_pitch)
        if not heard.is_steady and around.voiced_share < _VOICED_SHARE:
            return LabelCheck(around, SkipReason.WRONG_PITCH, heard.midi_pitch)
    elif np.isnan(around.tuning_cents):
        return LabelCheck(around, SkipReason.NO_PITCH)
    if around.is_steady and abs(around.tuning_cents) > FAR_CENTS:
        return LabelCheck(around, SkipReason.WRONG_PITCH, midi_pitch + around.tuning_cents / 100.0)
    return LabelCheck(around, is_confirmed=heard.confidence >= CONFIDENT)


def find_pitch(waveform: npt.NDArray[np.float32], sample_rate: int) -> int | None:
    """MIDI number of a recording without a label, or None if no pitch is heard with confidence.

    Args:
        waveform: `(samples,)` of the note.
        sample_rate: Samples per second.
    """
    f0_hz = unlabelled_f0_hz(waveform, sample_rate)
    if f0_hz is None:
        return None
    midi_pitch = round(69.0 + 12.0 * np.log2(f0_hz / 440.0))
    return midi_pitch if 0 <= midi_pitch <= 127 else None


def _tracker_agrees(
    waveform: npt.NDArray[np.float32], sample_rate: int, heard: MeasuredPitch, nominal_hz: float
) -> bool:
    """Whether what the tracker heard can be the label's note.

    It can if the steady pitch is within `FAR_CENTS` of it, if an unsteady one (trill, glissando, fingered
    tremolo) touches it, or if the tracker is a whole number of times off while the spectrum speaks for the
    label.
    """
    lowest, highest = (heard.f0_hz,) * 2 if heard.is_steady else (heard.lowest_hz, heard.highest_hz)
    if _cents(lowest, nominal_hz) - FAR_CENTS <= 0.0 <= _cents(highest, nominal_hz) + FAR_CENTS:
        return True
    upwards = heard.f0_hz > nominal_hz
    lower_hz, higher_hz = (nominal_hz, heard.f0_hz) if upwards else (heard.f0_hz, nominal_hz)
    ratio = round(higher_hz / lower_hz)
    if ratio < 2 or abs(_cents(higher_hz, ratio * lower_hz)) > _SAME_CENTS:
        return False
    lower_sounds = own_harmonics_db(waveform, sample_rate, higher_hz / ratio, ratio) > ABSENT_DB
    return lower_sounds if upwards else not lower_sounds


def _octave_shift(nominal_hz: float) -> int:
    """How to bring a note into the middle of what the tracker hears."""
    if nominal_hz > _HIGH_HZ:
        return -1
    return 0 if nominal_hz > LOW_HZ else 1 if nominal_hz > _VERY_LOW_HZ else 2


def _cents(f0_hz: float, nominal_hz: float) -> float:
    return float(1200.0 * np.log2(f0_hz / nominal_hz))
