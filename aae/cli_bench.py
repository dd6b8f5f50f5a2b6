"""`clariolin bench`: quality and speed of inversion on this machine, and of a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aae.cli_console import SHIPPED_MODEL, print_json, results_console, table

if TYPE_CHECKING:
    from aae.bench import ModelBench
    from mcnn.bench import InversionBench


def bench(
    model: Annotated[Path, typer.Argument(help="Model file.", show_default="the orchestra")] = SHIPPED_MODEL,
    notes: Annotated[
        Path | None,
        typer.Option(help="A NoteBank whose held-out recordings are inverted. [default: the model's notes]"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Notes to measure on.")] = 8,
    threads: Annotated[int, typer.Option(min=1, help="Threads to measure with.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measures quality and speed on this machine.

    Inversion of spectrograms beside librosa's Griffin-Lim, on the same notes, taking turns; and how long the
    model takes for a note. Other work on the machine disturbs the times: ratios hold better.
    """
    from aae.bench import bench_model
    from aae.bench_notes import held_out_waveforms, spread_requests
    from aae.notes import NoteBank
    from aae.synthesizer import Synthesizer
    from mcnn.bench import bench_inversion

    synthesizer = Synthesizer.open(model)
    typer.echo(f"Measuring on {count} notes: a minute or two ...", err=True)
    config = synthesizer.info.spectrogram
    if notes is None:
        waveforms = synthesizer.render(spread_requests(synthesizer, count))
    else:
        with NoteBank.open(notes) as bank:
            config.require_equal(bank.config, str(model), str(notes))
            waveforms = held_out_waveforms(bank, count)
    inversion = bench_inversion(waveforms, config, threads=(threads,))
    speed = bench_model(synthesizer)
    inverted = f"notes that {model.name} made" if notes is None else f"held-out recordings of {notes.name}"
    if json:
        print_json({"inverted": inverted, "inversion": inversion.model_dump(), "model": speed.model_dump()})
    else:
        _print(inverted, inversion, speed, threads)


def _print(inverted: str, inversion: "InversionBench", speed: "ModelBench", threads: int) -> None:
    console = results_console()
    console.print(
        f"Inversion of {inversion.n_notes} {inverted} ({inversion.duration_s:.1f} s) on {threads} thread(s):"
    )
    rows = table("method, iterations", "from", "spectral convergence (dB)", "times realtime")
    for row in inversion.rows:
        rows.add_row(
            row.method, row.source, f"{row.spectral_convergence_db:.1f}", f"{row.realtime_factor:.3g}"
        )
    console.print(rows)
    best = inversion.row("librosa 100", "linear", threads)
    for row in inversion.rows:
        if row.method.startswith("clariolin") and row.source == "linear":
            gain_db = best.spectral_convergence_db - row.spectral_convergence_db
            console.print(
                f"{row.method} from linear magnitudes beside librosa 100: {gain_db:.1f} dB better, "
                f"{row.realtime_factor / best.realtime_factor:.1f} times as fast."
            )
    one, many = speed.decode_one_thread, speed.decode_all_threads
    console.print(
        f"The model decodes a note of {speed.note_s:.1f} s in {one.median_ms:.1f} ms on one thread "
        f"(95 % under {one.p95_ms:.1f}), {many.median_ms:.1f} on {speed.n_threads}; "
        f"to sound by {speed.inverter}: {speed.render_one_thread.median_ms:.0f} ms on one."
    )
