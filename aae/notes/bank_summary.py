"""What is in a NoteBank, counted: notes per label, pitch ranges, combinations of labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.notes.bank import CLIPPING_UNKNOWN, NOT_GIVEN, UNPITCHED, NoteBank, Split

MAX_CLIPPED = 20
"""Clipped notes that a summary names."""


def summarise(bank: NoteBank) -> dict[str, Any]:
    """Counts as plain values.

    Returns:
        `notes`, `duration_s`, `splits`, `midi_pitch` (`low`, `high`, `unpitched`), `attributes` (name to
        label to `notes`, `low`, `high`, `tuning_cents`), `clipping` (`notes`, `unknown`, `worst`),
        `combinations` (each attribute's label, `notes`, `low`, `high`), `front_end` and `provenance`. `low`
        and `high` are MIDI numbers, None where no note has a pitch.
    """
    everything = np.ones(len(bank), dtype=bool)
    unpitched = int((bank.midi_pitch == UNPITCHED).sum())
    pitches = _count(bank, everything)
    return {
        "notes": len(bank),
        "duration_s": round(float(bank.n_samples.sum()) / bank.config.sample_rate, 3),
        "splits": {split.name.lower(): int((bank.split == split).sum()) for split in Split},
        "midi_pitch": {"low": pitches["low"], "high": pitches["high"], "unpitched": unpitched},
        "attributes": {
            name: {
                label: _count(bank, bank.labels[name] == index)
                | {"tuning_cents": _tuning_cents(bank, bank.labels[name] == index)}
                for index, label in enumerate(labels)
            }
            for name, labels in bank.attributes.items()
        },
        "clipping": clipping(bank),
        "combinations": combinations(bank, list(bank.attributes)),
        "front_end": bank.config.model_dump(),
        "provenance": bank.provenance,
    }


def clipping(bank: NoteBank) -> dict[str, Any]:
    """Which notes come from clipped recordings.

    Returns:
        `notes` that do, `unknown` of which it cannot be told, and the `worst`: up to `MAX_CLIPPED` rows of
        `note` and `samples`.
    """
    clipped = np.flatnonzero(bank.clipped > 0)
    worst = clipped[np.argsort(-bank.clipped[clipped], kind="stable")][:MAX_CLIPPED]
    return {
        "notes": len(clipped),
        "unknown": int((bank.clipped == CLIPPING_UNKNOWN).sum()),
        "worst": [{"note": bank.ids[index], "samples": int(bank.clipped[index])} for index in worst],
    }


def combinations(bank: NoteBank, names: Sequence[str]) -> list[dict[str, Any]]:
    """Every combination of labels that occurs, the most frequent first.

    Args:
        bank: The notes.
        names: Attributes that make a combination; the others do not count.

    Returns:
        A row each: the label of every attribute (None where not given), `notes`, `low`, `high`.
    """
    if not names:
        return []
    columns = np.stack([bank.labels[name] for name in names], axis=1)
    distinct, row_of = np.unique(columns, axis=0, return_inverse=True)
    rows = [
        {
            name: None if index == NOT_GIVEN else bank.attributes[name][index]
            for name, index in zip(names, indices, strict=True)
        }
        | _count(bank, row_of.ravel() == number)
        for number, indices in enumerate(distinct)
    ]
    return sorted(rows, key=lambda row: -row["notes"])


def _count(bank: NoteBank, chosen: npt.NDArray[np.bool_]) -> dict[str, int | None]:
    """Number and pitch range of some notes."""
    pitches = bank.midi_pitch[chosen & (bank.midi_pitch != UNPITCHED)]
    return {
        "notes": int(chosen.sum()),
        "low": int(pitches.min()) if len(pitches) else None,
        "high": int(pitches.max()) if len(pitches) else None,
    }


def _tuning_cents(bank: NoteBank, chosen: npt.NDArray[np.bool_]) -> float | None:
    """Median deviation of some notes from equal temperament at A4 = 440 Hz; None if it is not known."""
    known = bank.tuning_cents[chosen & np.isfinite(bank.tuning_cents)]
    return round(float(np.median(known)), 1) if len(known) else None
