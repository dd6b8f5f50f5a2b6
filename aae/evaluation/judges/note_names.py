"""Semitone and octave of the notes that were asked for, as a pitch tracker hears them.

Conventions: MIDI numbers; a note's octave is that of its scientific name (C4 is MIDI 60); -1 stands for a
note in which no pitch was heard.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.analysis.pitch_trackers import PitchReading
from aae.model.conditioning import N_OCTAVES, N_SEMITONES

NOT_HEARD = -1


def heard_notes(
    midi_pitch: Sequence[int | None], readings: Mapping[int, PitchReading]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Asked and heard MIDI notes `(notes,)` of the pitched notes that were listened to.

    Args:
        midi_pitch: Asked pitch of every note.
        readings: What was heard, by position.
    """
    asked, heard = [], []
    for position, reading in sorted(readings.items()):
        pitch = midi_pitch[position]
        if pitch is not None:
            asked.append(pitch)
            known = np.isfinite(reading.cents)
            heard.append(pitch + round(reading.cents / 100.0) if known else NOT_HEARD)
    return np.array(asked, dtype=np.int64), np.array(heard, dtype=np.int64)


def summarize_note_names(
    midi_pitch: Sequence[int | None], readings: Mapping[int, PitchReading]
) -> dict[str, Any]:
    """Shares of notes whose semitone and whose octave is heard as asked, and both confusion matrices.

    The matrices count `(asked, heard)`; the last column of each is for notes in which no pitch was heard or,
    of octaves, one outside the model's.
    """
    asked, heard = heard_notes(midi_pitch, readings)
    semitones = np.zeros((N_SEMITONES, N_SEMITONES + 1), dtype=np.int64)
    octaves = np.zeros((N_OCTAVES, N_OCTAVES + 1), dtype=np.int64)
    heard_semitone = np.where(heard == NOT_HEARD, N_SEMITONES, heard % N_SEMITONES)
    octave = heard // N_SEMITONES - 1
    heard_octave = np.where((octave >= 0) & (octave < N_OCTAVES), octave, N_OCTAVES)
    asked_octave = np.clip(asked // N_SEMITONES - 1, 0, N_OCTAVES - 1)
    np.add.at(semitones, (asked % N_SEMITONES, heard_semitone), 1)
    np.add.at(octaves, (asked_octave, heard_octave), 1)
    return {
        "notes": len(asked),
        "semitone_share": _share(heard_semitone == asked % N_SEMITONES),
        "octave_share": _share(heard_octave == asked_octave),
        "semitones": semitones.tolist(),
        "octaves": octaves.tolist(),
    }


def _share(right: npt.NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else float("nan")
