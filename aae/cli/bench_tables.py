"""The tables and sentences of `clariolin bench`."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from aae.bench.decoded import DecodedBench
from aae.bench.inversion import InversionBench, InversionRow
from aae.bench.latency import LatencyBench
from aae.bench.run import BenchReport
from aae.bench.speed import ModelBench
from aae.bench.targets import REFERENCE
from aae.cli.console import results_console, table
from aae.synthesis.inverters import FALLBACK, TRAINED

QUALITY = ("spectral\nconv.", "log\nmag.\n(dB)", "front\nend\n(dB)", "pitch\n(cents)")
"""Spectral convergence and log-magnitude distance, means of three analyses; spectral convergence of the
front end's own linear spectrogram; distance from the wanted pitch."""
LIBROSA = "librosa 100"


def print_report(report: BenchReport) -> None:
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


def compare_in_words(mine: InversionRow, other: InversionRow) -> str:
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


def _print_recordings(console: Console, found: InversionBench, sound_of: str) -> None:
    console.print(
        f"Inversion of log-mels, {sound_of}: {_notes(found.n_notes)} ({found.duration_s:.1f} s), "
        f"{_threads(found.n_threads)}:"
    )
    rows = _right(table("method", "notes", *QUALITY, "times\nreal\ntime", "weights"))
    for row in found.rows:
        rows.add_row(row.method, str(row.n_notes), *_quality(row), _speed(row), _count(row.n_parameters))
    console.print(rows)
    names = [row.method for row in found.rows]
    subject = TRAINED if TRAINED in names else FALLBACK
    for mine, other in [(subject, REFERENCE), (subject, LIBROSA), (REFERENCE, LIBROSA)]:
        if {mine, other} <= set(names):
            console.print(compare_in_words(*found.beside(mine, other)))
    console.print()


def _print_decoded(console: Console, found: DecodedBench) -> None:
    console.print(
        f"Inversion of the decoder's log-mels beside the recordings: {_notes(found.n_notes)} "
        f"({found.duration_s:.1f} s), {_threads(found.n_threads)}; times with the decoder's:"
    )
    rows = _right(table("method", *QUALITY, "clicks\n(%)", "broken\n(%)", "times\nreal\ntime"))
    for row in found.rows:
        shares = f"{100 * row.click_share:.0f}", f"{100 * row.broken_share:.0f}"
        rows.add_row(row.method, *_quality(row), *shares, _speed(row))
    console.print(rows)
    names = [row.method for row in found.rows]
    subject = TRAINED if TRAINED in names else FALLBACK
    console.print(compare_in_words(found.row(subject), found.row(REFERENCE)))
    console.print()


def _print_speed(console: Console, found: ModelBench) -> None:
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


def _print_latency(console: Console, found: LatencyBench) -> None:
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


def _right(made: Table) -> Table:
    """All columns but the first one hold figures; its words are not broken."""
    made.columns[0].no_wrap = True
    for column in made.columns[1:]:
        column.justify = "right"
    return made


def _quality(row: InversionRow) -> Sequence[str]:
    return (
        _figure(row.spectral_convergence, 3),
        _figure(row.log_magnitude_db, 2),
        _figure(row.front_end_db, 1),
        _figure(row.pitch_cents, 2),
    )


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}" if math.isfinite(value) else "no pitch"


def _speed(row: InversionRow) -> str:
    return "-" if row.realtime_factor is None else f"{row.realtime_factor:.3g}"


def _count(number: int) -> str:
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} M"
    return f"{number:,}" if number else "-"


def _notes(number: int) -> str:
    return "one note" if number == 1 else f"{number} notes"


def _threads(number: int) -> str:
    return "one thread" if number == 1 else f"{number} threads"
