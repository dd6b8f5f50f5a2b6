"""`clariolin bench`: quality, speed and latency of a model and of every way of inversion, on this machine."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from aae.cli.console import SHIPPED_MODEL, StagesBar, print_json, results_console, table

if TYPE_CHECKING:
    from aae.bench.decoded import DecodedBench
    from aae.bench.inversion import InversionBench, InversionRow
    from aae.bench.latency import LatencyBench
    from aae.bench.run import BenchReport
    from aae.bench.speed import ModelBench

QUALITY = ("spectral\nconv.", "log\nmag.\n(dB)", "front\nend\n(dB)", "pitch\n(cents)")
"""Spectral convergence and log-magnitude distance, means of three analyses; spectral convergence of the
front end's own linear spectrogram; distance from the wanted pitch."""
LIBROSA = "librosa 100"


def bench(
    model: Annotated[Path, typer.Argument(help="Model file.", show_default="the orchestra")] = SHIPPED_MODEL,
    notes: Annotated[
        Path | None,
        typer.Option(
            help="A NoteBank whose held-out notes are inverted, recorded and decoded. "
            "[default: the model's own notes]"
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Notes to invert. [default: 24, or 3 if --quick]")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads to invert with.")] = 1,
    inverter_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A trained inverter to compare with, as often as wanted; it stands in where MODEL has none.",
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Draw six of the NoteBank's held-out notes there, recorded and inverted."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the work: rough figures.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measures quality, speed and latency on this machine.

    Every way from log-mel to sound beside librosa's, on the same notes, taking turns; how long the model
    takes for whole notes, how soon a note sounds, and how many sound at once. Other work on the machine
    disturbs the times: ratios hold better.
    """
    from dataclasses import replace

    from aae.bench.run import QUICK, BenchBudget, run_bench
    from mcnn.errors import InputError

    if pictures is not None and notes is None:
        raise InputError("--pictures shows held-out notes: give the NoteBank that they are in as --notes")
    budget = QUICK if quick else BenchBudget()
    if count is not None:
        budget = replace(budget, n_notes=count)
    minutes = "half a minute" if quick else "a few minutes"
    typer.echo(f"Measuring on {budget.n_notes} notes: {minutes} ...", err=True)
    with StagesBar() as bar:
        report = run_bench(model, notes, budget, threads, inverter_file or (), bar.show)
    if pictures is not None and notes is not None:
        _draw(model, notes, pictures)
    if json:
        print_json(report.model_dump())
    else:
        print_report(report)


def _draw(model: Path, notes: Path, directory: Path) -> None:
    """Draws what `--pictures` asks for and says where it is."""
    from aae.bench.pictures import draw_inversions
    from aae.model.model_file import load_model
    from aae.notes.bank import NoteBank
    from aae.synthesis.inverters import TRAINED, choose_inverter
    from aae.synthesis.synthesizer import Synthesizer

    loaded = load_model(model)
    inverter = choose_inverter(TRAINED, loaded).inverter
    with NoteBank.open(notes) as bank:
        path = draw_inversions(Synthesizer(loaded, inverter), bank, inverter, directory)
    typer.echo(f"Drawn: {path}", err=True)


def print_report(report: "BenchReport") -> None:
    """Everything on standard output."""
    console = results_console()
    _print_recordings(console, report.recordings, report.sound_of)
    if report.decoded is not None:
        _print_decoded(console, report.decoded)
    _print_speed(console, report.speed)
    if report.latency is not None:
        _print_latency(console, report.latency)
    aims = table("aim", "wanted", "measured", "")
    for target in report.targets:
        aims.add_row(target.what, target.aim, target.measured, "met" if target.met else "short")
    console.print("What real time asks for:")
    console.print(aims)
    for notice in report.notices:
        console.print(f"Note: {notice}.")


def compare_in_words(mine: "InversionRow", other: "InversionRow") -> str:
    """One sentence on two methods over the same notes, whichever is the better one."""
    parts = [
        _distance("spectral convergence", mine.spectral_convergence, other.spectral_convergence, "", 3),
        _distance("log magnitude", mine.log_magnitude_db, other.log_magnitude_db, " dB", 2),
    ]
    if mine.realtime_factor is not None and other.realtime_factor is not None:
        ratio = mine.realtime_factor / other.realtime_factor
        parts.append(f"{ratio:.0f} times as fast" if ratio >= 10 else f"{ratio:.2g} times as fast")
    said = "; ".join(part for part in parts if part)
    return f"{mine.method} beside {other.method} ({_notes(mine.n_notes)}): {said}."


def _distance(name: str, mine: float | None, other: float | None, unit: str, digits: int) -> str | None:
    """How much nearer or further; None where one of both was not judged."""
    if mine is None or other is None:
        return None
    shown = f"{abs(mine - other):.{digits}f}"
    if float(shown) == 0.0:
        return f"{name} the same ({mine:.{digits}f}{unit})"
    verdict = "better" if mine < other else "worse"
    return f"{name} {mine:.{digits}f}{unit}, {shown}{unit} {verdict}"


def _print_recordings(console: Console, found: "InversionBench", sound_of: str) -> None:
    from aae.bench.targets import REFERENCE

    console.print(
        f"Inversion of log-mels, {sound_of}: {_notes(found.n_notes)} ({found.duration_s:.1f} s), "
        f"{_threads(found.n_threads)}:"
    )
    rows = _right(table("method", "notes", *QUALITY, "times\nreal\ntime", "weights"))
    for row in found.rows:
        rows.add_row(row.method, str(row.n_notes), *_quality(row), _speed(row), _count(row.n_parameters))
    console.print(rows)
    subject, names = _subject(found.rows), {row.method for row in found.rows}
    for mine, other in [(subject, REFERENCE), (subject, LIBROSA), (REFERENCE, LIBROSA)]:
        if {mine, other} <= names:
            console.print(compare_in_words(*found.beside(mine, other)))
    console.print()


def _print_decoded(console: Console, found: "DecodedBench") -> None:
    from aae.bench.targets import REFERENCE

    console.print(
        f"Inversion of the decoder's log-mels beside the recordings: {_notes(found.n_notes)} "
        f"({found.duration_s:.1f} s), {_threads(found.n_threads)}; times with the decoder's:"
    )
    rows = _right(table("method", *QUALITY, "clicks\n(%)", "broken\n(%)", "times\nreal\ntime"))
    for row in found.rows:
        shares = f"{100 * row.click_share:.0f}", f"{100 * row.broken_share:.0f}"
        rows.add_row(row.method, *_quality(row), *shares, _speed(row))
    console.print(rows)
    console.print(compare_in_words(found.row(_subject(found.rows)), found.row(REFERENCE)))
    console.print()


def _print_speed(console: Console, found: "ModelBench") -> None:
    console.print("Whole notes, one after the other: median ms, times realtime:")
    cells = {
        (row.part, row.note_s, row.n_threads): f"{row.timing.median_ms:.1f}, {row.realtime_factor:.0f}"
        for row in found.rows
    }
    kinds = list(dict.fromkeys((note_s, n_threads) for _, note_s, n_threads in cells))
    rows = _right(table("part", *(f"{note_s:.1f} s,\n{_threads(n)}" for note_s, n in kinds)))
    for part in dict.fromkeys(part for part, _, _ in cells):
        rows.add_row(part, *(cells.get((part, *kind), "-") for kind in kinds))
    console.print(rows)
    memory = "" if found.peak_memory_mib is None else f"; {found.peak_memory_mib:.0f} MiB of memory at most"
    console.print(
        f"{_count(found.n_decoder_parameters)} parameters in the decoder ({_count(found.n_parameters)} with "
        f"the encoder), {_count(found.n_inverter_parameters)} in the inverter, which takes "
        f"{found.inverter_bytes / 1e6:.1f} MB of the model file{memory}."
    )
    console.print()


def _print_latency(console: Console, found: "LatencyBench") -> None:
    console.print(
        f"Playing live, one thread, blocks of {found.block_samples} samples ({found.block_ms:.1f} ms):"
    )
    rows = _right(table("what", "precision", "times", "median\n(ms)", "95 %\nunder", "99 %\nunder", "margin"))
    for row in found.rows:
        for what, timing, margin in (
            ("request to first block", row.first_block, ""),
            (f"a block of {found.n_voices} voices", row.block, f"{100 * row.margin:.0f} %"),
        ):
            times = (f"{ms:.1f}" for ms in (timing.median_ms, timing.p95_ms, timing.p99_ms))
            rows.add_row(what, row.precision, str(timing.repeats), *times, margin)
    console.print(rows)
    console.print("Compiling and warming up come before; decoding and notes that begin are counted in.")
    console.print()


def _subject(rows: "Sequence[InversionRow]") -> str:
    """The method that sentences are about: the model's own inverter, or what stands in for it."""
    from aae.synthesis.inverters import FALLBACK, TRAINED

    return TRAINED if any(row.method == TRAINED for row in rows) else FALLBACK


def _right(made: Table) -> Table:
    """All columns but the first one hold figures; its words are not broken."""
    made.columns[0].no_wrap = True
    for column in made.columns[1:]:
        column.justify = "right"
    return made


def _quality(row: "InversionRow") -> Sequence[str]:
    return (
        _figure(row.spectral_convergence, 3),
        _figure(row.log_magnitude_db, 2),
        _figure(row.front_end_db, 1),
        _figure(row.pitch_cents, 2),
    )


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}" if math.isfinite(value) else "no pitch"


def _speed(row: "InversionRow") -> str:
    return "-" if row.realtime_factor is None else f"{row.realtime_factor:.3g}"


def _count(number: int) -> str:
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} M"
    return f"{number:,}" if number else "-"


def _notes(number: int) -> str:
    return "one note" if number == 1 else f"{number} notes"


def _threads(number: int) -> str:
    return "one thread" if number == 1 else f"{number} threads"
