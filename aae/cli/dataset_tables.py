"""Tables that `clariolin dataset` prints: the outcome of a build, the contents of a bank."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aae.cli.console import results_console, table
from aae.notes.pitch_names import pitch_name
from mcnn.plain import duration_in_words

if TYPE_CHECKING:
    from pathlib import Path

    from aae.notes.bank import NoteBank
    from datasets.banks import BanksFinished
    from datasets.report import BuildFinished

MAX_ROWS = 40
MAX_FOLDERS = 20
MAX_CLIPPED_ROWS = 5
TAKE_LIKE = ("duration", "dynamics")
"""Attributes that tell takes of one note apart; the table of combinations leaves them out."""


def print_report(finished: "BuildFinished", cost: Mapping[str, float]) -> None:
    """Prints the outcome of every recording.

    Args:
        finished: The last event of the build.
        cost: `seconds`, `recordings_per_second` and `peak_memory_mb` of this run.
    """
    report, console = finished.report, results_console()
    left_out = report.n_recordings - report.n_notes
    was_there = " was there already" if finished.was_there else ""
    console.print(
        f"{report.bank}{was_there}: {report.n_notes} notes of {report.n_recordings} recordings, "
        f"{left_out} left out."
    )
    if report.chosen_because:
        console.print(f"Read as {report.format}: {report.chosen_because}.")
    if not finished.was_there:
        console.print(
            f"{duration_in_words(cost['seconds'])}, {cost['recordings_per_second']:.3g} recordings a second,"
            f" at most {cost['peak_memory_mb']:.0f} MB of memory."
        )
    _print_some("Names", report.remarks)
    _print_some("Pitch", [offset.in_words for offset in report.offsets])
    if report.corrections:
        console.print(f"{len(report.corrections)} notes were given the pitch they sound (--json lists them).")
    if report.clipped:
        _print_clipped(len(report.clipped), report.n_notes, list(report.clipped.items()))
        if not finished.was_there:
            console.print("To leave them out: the same command with --skip-clipped.")
    if left_out:
        reasons = table("left out because", "recordings", "for example")
        for reason, count, example in report.rows():
            reasons.add_row(reason, str(count), example)
        console.print(reasons)


def _print_some(about: str, said: Sequence[str]) -> None:
    """A line for each folder of which there is something to say, up to a number."""
    console = results_console()
    for line in said[:MAX_FOLDERS]:
        console.print(f"{about}: {line}.")
    if len(said) > MAX_FOLDERS:
        console.print(f"{about}: {len(said) - MAX_FOLDERS} more folders (--json lists all).")


def print_banks(finished: "BanksFinished") -> None:
    """Prints the banks that a merge or a split made."""
    console = results_console()
    made = table("bank", "notes")
    for path, count in finished.banks.items():
        made.add_row(str(path), str(count))
    console.print(made)
    if finished.duplicates:
        console.print(f"{finished.duplicates} notes were left out: an earlier bank has the very same sound.")
    if finished.renamed:
        renamed = table("attribute", "label", "is now")
        for row in finished.renamed:
            renamed.add_row(*row)
        console.print(renamed)


def print_summary(path: "Path", summary: Mapping[str, Any], bank: "NoteBank") -> None:
    """Prints the contents of a bank: one sentence, where it came from, and a table for each attribute."""
    console, splits = results_console(), summary["splits"]
    console.print(
        f"{path}: {summary['notes']} notes, {duration_in_words(summary['duration_s'])} of sound, "
        f"{pitch_range(summary['midi_pitch'])}, {summary['midi_pitch']['unpitched']} unpitched. "
        f"{splits['train']} to train on, {splits['validation']} to validate, {splits['test']} to test."
    )
    origin = bank.provenance
    console.print(f"From {origin.get('source')} ({origin.get('title')}; {origin.get('licence')}).")
    clipping = summary["clipping"]
    if clipping["unknown"]:
        console.print(f"Clipping: of {clipping['unknown']} notes it is not known whether they are clipped.")
    if clipping["notes"]:
        worst = [(row["note"], row["samples"]) for row in clipping["worst"]]
        _print_clipped(clipping["notes"], summary["notes"], worst)
    for name, labels in summary["attributes"].items():
        counts = table(name, "notes", "range", "tuning")
        for label, count in labels.items():
            counts.add_row(label, str(count["notes"]), pitch_range(count), _tuning(count["tuning_cents"]))
        console.print(counts)


def _print_clipped(n_clipped: int, n_notes: int, worst: Sequence[tuple[str, int]]) -> None:
    """Prints the number of clipped notes, and the most clipped ones."""
    rows = table("clipped most", "samples")
    for note, samples in worst[:MAX_CLIPPED_ROWS]:
        rows.add_row(note, str(samples))
    console = results_console()
    console.print(f"Clipping: {n_clipped} of {n_notes} notes are clipped (--json lists them).")
    console.print(rows)


def print_combinations(names: list[str], rows: list[dict[str, Any]]) -> None:
    """Prints the number of notes of each combination of labels."""
    if len(names) < 2:
        return
    counts = table(*names, "notes", "range")
    for row in rows[:MAX_ROWS]:
        counts.add_row(*(row[name] or "not given" for name in names), str(row["notes"]), pitch_range(row))
    console = results_console()
    console.print(f"{len(rows)} combinations of {' and '.join(names)}:")
    console.print(counts)
    if len(rows) > MAX_ROWS:
        console.print(f"... and {len(rows) - MAX_ROWS} rarer ones (--json lists all).")


def pitch_range(count: Mapping[str, Any]) -> str:
    """The lowest and the highest note of some notes, in words."""
    if count["low"] is None:
        return "no pitch" if count.get("notes", True) else ""
    return f"{pitch_name(count['low'])} to {pitch_name(count['high'])}"


def _tuning(cents: float | None) -> str:
    return "" if cents is None else f"{cents:+.0f} cents"
