"""What a recording sounds is compared with every note that its name may mean; see `names.places`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .pitch_check import check_label
from .reading.recording import SkipReason


@dataclass(frozen=True, slots=True)
class ReadingCheck:
    """One way to read a name, and what the sound says to it; the fields are those of `shards.Outcome`.

    Attributes:
        midi_pitch: MIDI number that the name means if it is read so.
        objection: Why that cannot stand, as (reason, detail); None if it may.
        is_confirmed: Whether this note was heard with confidence.
        sounds: What sounds instead, as a fractional MIDI number; NaN if that is not clear.
    """

    midi_pitch: int
    objection: tuple[SkipReason, str] | None
    is_confirmed: bool
    sounds: float

    @property
    def is_measured(self) -> bool:
        """Whether the sound tells anything for or against it."""
        return self.is_confirmed or self.sounds == self.sounds


def check_readings(
    waveform: npt.NDArray[np.float32], sample_rate: int, hop_length: int, readings: Mapping[str, int]
) -> dict[str, ReadingCheck]:
    """Compares a sound with every way to read its name.

    Args:
        waveform: `(samples,)` of the note.
        sample_rate: Samples per second.
        hop_length: Samples between frames.
        readings: As in `Recording`.
    """
    checked = {}
    for how, midi_pitch in readings.items():
        check = check_label(waveform, sample_rate, hop_length, midi_pitch)
        objection = None if check.objection is None else (check.objection, check.detail)
        sounds = float("nan") if check.sounds is None else check.sounds
        checked[how] = ReadingCheck(midi_pitch, objection, check.is_confirmed, sounds)
    return checked
