"""Report on a rendered set, in a few lines or as JSON: files, levels, tuning, loops."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aae.model.coverage import Coverage, strongest_labels
from aae.notes.pitch_names import pitch_name
from aae.rendering.output import OutputSettings
from aae.rendering.plan import RenderPlan
from mcnn.plain import duration_in_words

Rows = Sequence[Mapping[str, Any]]


def untrained_notices(coverage: Coverage, plan: RenderPlan) -> list[str]:
    """A line for each sound of which some notes were not in the training data, and which notes were.

    Args:
        coverage: Of the model.
        plan: The notes.
    """
    total: Counter[str] = Counter()
    untrained: Counter[str] = Counter()
    ranges: dict[str, str] = {}
    for note in plan.notes:
        mix = note.request.mix
        sound = ", ".join(label for label in strongest_labels(mix).values() if label)
        total[sound] += 1
        untrained[sound] += not note.trained
        if sound not in ranges:
            ranges[sound] = _trained_range(coverage.pitch_range(mix))
    return [
        f"{sound} {ranges[sound]}: {count} of {total[sound]} notes are a guess"
        for sound, count in untrained.items()
        if count
    ]


def _trained_range(bounds: tuple[int, int] | None) -> str:
    if bounds is None:
        return "was not in the training data"
    return f"was trained from {pitch_name(bounds[0])} to {pitch_name(bounds[1])}"


def report_facts(rows: Rows) -> dict[str, Any]:
    """Figures over all rows of a manifest; None where nothing was measured."""
    loops = [row["loop"] for row in rows if row.get("loop")]
    tunings = [abs(row["tuning_cents"]) for row in rows if row.get("tuning_cents") is not None]
    held_back = [row["held_back_db"] for row in rows if row.get("held_back_db", 0) > 0]
    return {
        "notes": len(rows),
        "duration_s": round(sum(row["duration_s"] for row in rows), 3),
        "presets": list(dict.fromkeys(row["preset"] for row in rows)),
        "tuning_median_cents": round(float(np.median(tunings)), 2) if tunings else None,
        "tuning_worst_cents": max(tunings, default=None),
        "held_back_notes": len(held_back),
        "held_back_worst_db": max(held_back, default=None),
        "looped_notes": len(loops),
        "loop_seam_worst_db": max((loop["seam_db"] for loop in loops), default=None),
        "loop_correlation_lowest": min((loop["correlation"] for loop in loops), default=None),
    }


def report_lines(
    rows: Rows, output: OutputSettings, out: str, others: Sequence[str], kept: int, elapsed_s: float
) -> list[str]:
    """The same for a person.

    Args:
        rows: Of the manifest.
        output: How the files were written.
        out: Their folder.
        others: Further files.
        kept: Files that were there before.
        elapsed_s: Time that it took.
    """
    facts = report_facts(rows)
    number = f"{len(rows)} notes" if len(rows) != 1 else "1 note"
    already = f", {kept} of them made before" if kept else ""
    depth = "32 bit float" if output.bits == 32 else f"{output.bits} bit"
    lines = [
        f"{number}, {duration_in_words(facts['duration_s'])} of sound{already}: {out}/*.wav ({depth}, "
        f"{rows[0]['sample_rate'] / 1000:g} kHz), {', '.join(others)}. "
        f"Took {duration_in_words(elapsed_s)}."
    ]
    if output.looped:
        lines.append(_loop_line(facts))
    if output.level != "natural":
        lines.append(_level_line(facts, output.level))
    return lines


def _loop_line(facts: Mapping[str, Any]) -> str:
    others = facts["notes"] - facts["looped_notes"]
    without = " (the others ring out or are too short)" if others else ""
    if not facts["looped_notes"]:
        return f"Loops: none of {facts['notes']} notes has a part that could be held"
    return (
        f"Loops: {facts['looped_notes']} of {facts['notes']} notes{without}; the sharpest seam is "
        f"{facts['loop_seam_worst_db']:.1f} dB against the sound around it (above 0 would stand out), "
        f"correlation of loop ends at least {facts['loop_correlation_lowest']:.2f}"
    )


def _level_line(facts: Mapping[str, Any], level: str) -> str:
    if not facts["held_back_notes"]:
        return f"Level: every note at {level}"
    count = facts["held_back_notes"]
    return (
        f"Level: {level}, but for {count} {'note' if count == 1 else 'notes'} whose peaks allow less, "
        f"by up to {facts['held_back_worst_db']:.1f} dB"
    )
