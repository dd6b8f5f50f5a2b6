"""`clariolin bench`: quality, speed and latency of a model and of every way of inversion, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from aae.cli.console import SHIPPED_MODEL, StagesBar, print_json


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
    from aae.cli.bench_tables import print_report
    from mcnn.errors import InputError

    if pictures is not None and notes is None:
        raise InputError("--pictures shows held-out notes: give the NoteBank that they are in as --notes")
    effort = QUICK if quick else BenchBudget()
    if count is not None:
        effort = replace(effort, n_notes=count)
    minutes = "half a minute" if quick else "a few minutes"
    typer.echo(f"Measuring on {effort.n_notes} notes: {minutes} ...", err=True)
    with StagesBar() as bar:
        report = run_bench(model, notes, effort, threads, inverter_file or (), bar.show)
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
