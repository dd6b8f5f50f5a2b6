"""`clariolin evaluate`: what a model is worth, or several beside each other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from aae.cli.console import StagesBar, print_json, results_console, table
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName


def evaluate(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Model file and NoteBank; with --compare several model files and the NoteBank last."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the report: page, pictures and figures.")],
    compare: Annotated[bool, typer.Option("--compare", help="One table of several models.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of every draw.")] = 0,
    notes_per_instrument: Annotated[int, typer.Option(min=1, help="New notes of each instrument.")] = 24,
    inverter: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Way from spectrogram to sound ({', '.join(get_args(InverterName))}); give it twice to see "
            "both side by side. If not given: griffin-lim, and the model's own if it has one.",
        ),
    ] = None,
    without_originals: Annotated[
        bool,
        typer.Option(
            "--without-originals",
            help="No sound of the recordings in the page, for recordings that must not be passed on.",
        ),
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the work, for a first look.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Measures a model on notes it was not trained on.

    Reconstruction, control of pitch, instrument and technique, latent space, mixes, distribution and
    artefacts, each beside the same figure of real notes, on one page with pictures and sounds.
    """
    from aae.evaluation.measures.settings import EvaluationSettings

    settings = (
        EvaluationSettings.quick(seed, notes_per_instrument)
        if quick
        else EvaluationSettings(seed=seed, notes_per_instrument=notes_per_instrument)
    )
    *models, notes = files
    if compare:
        _compare(models, notes, out, settings, list(inverter or []), json)
        return
    if len(models) != 1:
        raise InputError(
            f"evaluate takes a model file and a NoteBank, {len(files)} files were given; --compare takes more"
        )
    from aae.evaluation.run import Evaluated
    from aae.evaluation.run import evaluate as measure

    with StagesBar() as bar:
        for event in measure(models[0], notes, out, settings, inverter or (), not without_originals):
            if isinstance(event, Evaluated):
                evaluated = event
            else:
                bar.show(event.stage, event.done, event.total)
    if json:
        print_json(evaluated.report)
    else:
        _print_targets(evaluated.report, out)


def _compare(
    models: list[Path], notes: Path, out: Path, settings: Any, inverters: list[str], as_json: bool
) -> None:
    from aae.evaluation.compare import COMPARISON_PAGE, Compared, compare, require_several

    require_several(models)
    if len(inverters) > 1:
        raise InputError(f"--compare takes one --inverter, {len(inverters)} were given")
    with StagesBar() as bar:
        for event in compare(models, notes, out, settings, *inverters):
            if isinstance(event, Compared):
                compared = event
            else:
                bar.show(event.stage, event.done, event.total)
    if as_json:
        print_json(compared.report)
        return
    rows = compared.report["rows"]
    console, scores = results_console(), table("", *(f"{row['row']} ({row['models']})" for row in rows))
    for name in rows[0]["figures"]:
        scores.add_row(name, *(_with_spread(row["figures"][name]) for row in rows))
    console.print(scores)
    console.print(f"The same as a page: {out}/{COMPARISON_PAGE}")


def _with_spread(figure: Mapping[str, float | None]) -> str:
    from aae.evaluation.report.blocks import NOTHING

    mean, spread = figure["mean"], figure["spread"]
    if mean is None:
        return NOTHING
    return f"{mean:.4g}" + ("" if spread is None else f" ± {spread:.2g}")


def _print_targets(report: Mapping[str, Any], out: Path) -> None:
    from aae.evaluation.report.blocks import number
    from aae.evaluation.report.page import with_unit

    console = results_console()
    scores = table("target", "by", "aim", "measured", "real notes", "")
    for row in report["targets"]:
        scores.add_row(
            row["what"],
            row["inverter"] or "",
            ("≥ " if row["at_least"] else "≤ ") + with_unit(row["aim"], row["unit"]),
            with_unit(row["measured"], row["unit"]),
            with_unit(row["real"], row["unit"]),
            "met" if row["met"] else "short",
        )
    console.print(scores)
    whole = report["reconstruction"]["all"]
    console.print(
        f"Held-out notes through the model: {number(whole['log_spectral_distance_db'])} dB log-spectral "
        f"distance, {number(whole['spectral_convergence_db'])} dB spectral convergence."
    )
    console.print(f"Everything, with pictures and sounds: {out}/report.html (and {out}/report.md)")
