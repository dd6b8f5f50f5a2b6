"""`clariolin dataset build` and `clariolin dataset info`: recordings become a NoteBank; what is in one."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aae.cli_console import (
    StagesBar,
    duration_in_words,
    print_json,
    require_own_datasets,
    results_console,
    table,
)

if TYPE_CHECKING:
    from aae.notes import NoteBank
    from datasets.report import BuildEvent, BuildFinished

app = typer.Typer(help="Makes a NoteBank of recordings, or shows one.")

MOST_ROWS = 40
TAKE_LIKE = ("duration", "dynamics")
"""Attributes that tell takes of one note apart; the table of combinations leaves them out."""


@app.callback()
def _require_own_package() -> None:
    require_own_datasets()


@app.command()
def build(
    source: Annotated[Path, typer.Argument(help="Folder of recordings.")],
    format: Annotated[str, typer.Option(help="How the folder names its notes: philharmonia, folder.")],
    out: Annotated[Path, typer.Option(help="The NoteBank to make, such as notes.h5.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one a core]", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many recordings, spread over the folder.")
    ] = None,
    unpitched: Annotated[
        bool | None,
        typer.Option(
            "--unpitched/--no-unpitched", help="Whether sounds without pitch go in. [default: the format's]"
        ),
    ] = None,
    correct_pitch: Annotated[
        bool,
        typer.Option(
            "--correct-pitch", help="Relabel notes that surely sound another pitch; else skip them."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Prepares recordings for training.

    It ends with a table of what was left out and why. Interrupt it at will: the same command continues.
    """
    from datasets.build import build as build_bank

    finished = _follow(
        build_bank(source, format, out, workers, limit, unpitched=unpitched, correct_pitch=correct_pitch)
    )
    if json:
        print_json(finished.report.to_json())
    else:
        _print_report(finished)


@app.command()
def info(
    notes: Annotated[Path, typer.Argument(help="A NoteBank, such as notes.h5.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows what is in a NoteBank."""
    from aae.bank_summary import combinations, summarise
    from aae.notes import NoteBank

    with NoteBank.open(notes) as bank:
        summary = summarise(bank)
        if json:
            print_json({"file": str(notes)} | summary)
            return
        shown = [name for name in bank.attributes if name not in TAKE_LIKE]
        _print_summary(notes, summary, bank)
        _print_combinations(shown, combinations(bank, shown))


def _follow(events: "Iterator[BuildEvent]") -> "BuildFinished":
    """Shows a build's progress; returns its last event."""
    from datasets.report import BuildProgress

    with StagesBar() as bar:
        for event in events:
            if not isinstance(event, BuildProgress):
                return event
            skipped = sum(event.skipped.values())
            note = f"{skipped} left out" if skipped else ""
            bar.show(event.stage, event.done, event.total, note, event.resumed)
    raise RuntimeError("the build ended without a report")


def _print_report(finished: "BuildFinished") -> None:
    report, console = finished.report, results_console()
    left_out = report.n_recordings - report.n_notes
    was_there = " was there already" if finished.was_there else ""
    console.print(
        f"{report.bank}{was_there}: {report.n_notes} notes of {report.n_recordings} recordings, "
        f"{left_out} left out."
    )
    if report.corrections:
        console.print(f"{len(report.corrections)} notes were given the pitch they sound (--json lists them).")
    if left_out:
        reasons = table("left out because", "recordings", "for example")
        for reason, count, example in report.rows():
            reasons.add_row(reason, str(count), example)
        console.print(reasons)


def _print_summary(path: Path, summary: Mapping[str, Any], bank: "NoteBank") -> None:
    console, splits = results_console(), summary["splits"]
    console.print(
        f"{path}: {summary['notes']} notes, {duration_in_words(summary['duration_s'])} of sound, "
        f"{pitch_range(summary['midi_pitch'])}, {summary['midi_pitch']['unpitched']} unpitched. "
        f"{splits['train']} to train on, {splits['validation']} to validate, {splits['test']} to test."
    )
    origin = bank.provenance
    console.print(f"From {origin.get('source')} ({origin.get('title')}; {origin.get('licence')}).")
    for name, labels in summary["attributes"].items():
        counts = table(name, "notes", "range")
        for label, count in labels.items():
            counts.add_row(label, str(count["notes"]), pitch_range(count))
        console.print(counts)


def _print_combinations(names: list[str], rows: list[dict[str, Any]]) -> None:
    if len(names) < 2:
        return
    counts = table(*names, "notes", "range")
    for row in rows[:MOST_ROWS]:
        counts.add_row(*(row[name] or "not given" for name in names), str(row["notes"]), pitch_range(row))
    console = results_console()
    console.print(f"{len(rows)} combinations of {' and '.join(names)}:")
    console.print(counts)
    if len(rows) > MOST_ROWS:
        console.print(f"... and {len(rows) - MOST_ROWS} rarer ones (--json lists all).")


def pitch_range(count: Mapping[str, Any]) -> str:
    """The lowest and the highest note of some notes, in words."""
    from aae.pitch_names import pitch_name

    if count["low"] is None:
        return "no pitch" if count.get("notes", True) else ""
    return f"{pitch_name(count['low'])} to {pitch_name(count['high'])}"
