"""The performance of a recorded note, in the form that decoders take."""

import numpy as np
import torch

from aae.analysis.modulation import Modulation
from aae.model.performance import Performance
from aae.transform.note_analysis import AnalysedNote, Floats

SLUR_FRAMES = 8
"""A slurred note is decoded from the end of its attack on: this many frames before it are left out."""


def performance_from_note(
    note: AnalysedNote,
    *,
    before: int = 0,
    after: int = 0,
    shift_cents: float = 0.0,
    modulation: Modulation | None = None,
) -> Performance:
    """The performance of one note, batch 1.

    Args:
        note: As measured.
        before: Frames added at its beginning, at the pitch it begins with.
        after: Frames added at its end.
        shift_cents: Added to its fine pitch.
        modulation: Another vibrato or tremolo than its own, over all frames.
    """
    cents = np.pad(note.f0_cents, (before, after), "edge") + np.float32(shift_cents)
    own = note.modulation
    phase = np.pad(own.phase, (before, after), "edge") if modulation is None else modulation.phase
    strength = own.strength if modulation is None else modulation.strength
    return Performance(
        n_frames=torch.tensor([len(cents)]),
        deviation_cents=_row(cents),
        modulation_phase=_row(phase),
        modulation_strength=torch.tensor([strength], dtype=torch.float32),
        onset_frames=torch.tensor([note.onset_frames], dtype=torch.float32),
    )


def _row(values: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values[None], dtype=np.float32))
