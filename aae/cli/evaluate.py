"""`clariolin evaluate` and `evaluate-transform`: a model's figures on notes it was not trained on."""

import json as json_format
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

    settings_of = EvaluationSettings.quick if quick else EvaluationSettings
    settings = settings_of(seed=seed, notes_per_instrument=notes_per_instrument)
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


def evaluate_transform(
    model: Annotated[Path, typer.Argument(help="Model file.")],
    notes: Annotated[Path, typer.Argument(help="A NoteBank; its held-out notes are the recordings.")],
    out: Annotated[Path, typer.Option(help="Folder for transform.json; the recogniser is kept there.")],
    recordings: Annotated[int, typer.Option(min=1, max=10_000, help="How many single recordings.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of every draw.")] = 0,
    inverter: Annotated[InverterName, typer.Option(help="Way from spectrogram to sound.")] = "griffin-lim",
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Measures what `transform` makes of recordings that the model was not trained on.

    Re-makes them, and a phrase put together from them, in other instruments: pitch kept, asked instrument
    recognised, loudness over time, and the time of every note of the phrase.
    """
    from aae.evaluation.judges.progress import run_to_end
    from aae.evaluation.judges.recognizer_training import open_or_train
    from aae.evaluation.measures.transform import evaluate_transform as measure
    from aae.notes.bank import NoteBank
    from aae.synthesis.synthesizer import Synthesizer
    from mcnn.atomic import atomic_path
    from mcnn.plain import without_nan

    synthesizer = Synthesizer.open(model, inverter)
    out.mkdir(parents=True, exist_ok=True)
    with NoteBank.open(notes) as bank, StagesBar() as bar:
        bank.config.require_equal(synthesizer.info.spectrogram, str(notes), str(model))
        recognizer = run_to_end(open_or_train(bank, out), bar.show)
        report = run_to_end(measure(synthesizer, bank, recognizer, recordings, seed), bar.show)
    report = {"model": model.name, "notes": notes.name, "inverter": inverter, **report}
    with atomic_path(out / "transform.json") as partial:
        partial.write_text(json_format.dumps(without_nan(report), indent=2) + "\n", "utf-8")
    if json:
        print_json(report)
    else:
        _print_transform(report, out)


def _compare(
    models: list[Path], notes: Path, out: Path, settings: Any, inverters: list[str], as_json: bool
) -> None:
    from aae.evaluation.compare import Compared, compare, require_several

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
    console.print(f"The same as a page: {out}/comparison.md")


def _with_spread(figure: Mapping[str, float | None]) -> str:
    from aae.evaluation.report.formatting import NOTHING

    mean, spread = figure["mean"], figure["spread"]
    if mean is None:
        return NOTHING
    return f"{mean:.4g}" + ("" if spread is None else f" ± {spread:.2g}")


def _print_targets(report: Mapping[str, Any], out: Path) -> None:
    from aae.evaluation.report.formatting import number, with_unit

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


def _print_transform(report: Mapping[str, Any], out: Path) -> None:
    console = results_console()
    single, phrase = report["recordings"], report["phrase"]
    figures = table(f"{single['notes']} held-out recordings in another instrument", "")
    for words, value in (
        ("pitch kept within 20 cents", f"{single['pitch_kept_share']:.1%}"),
        ("median change of pitch (cents)", f"{single['pitch_change_median_cents'] or 0.0:.1f}"),
        ("note found as labelled", f"{single['pitch_measured_share']:.1%}"),
        ("own instrument inferred", f"{single['source_inferred_share']:.1%}"),
        ("asked instrument recognised", f"{single['asked_recognized_share']:.1%}"),
        ("the recordings' own recognised", f"{single['recording_recognized_share']:.1%}"),
        ("loudness contour, correlation (median)", f"{single['loudness_correlation_median']:.3f}"),
        ("loudness contour, difference in dB (median)", f"{single['loudness_difference_db_median']:.1f}"),
        ("onset moved by, median and largest (ms)",
         f"{single['onset_change_ms_median']:.1f}, {single['onset_change_ms_largest']:.1f}"),
    ):  # fmt: skip
        figures.add_row(words, value)
    console.print(figures)
    console.print(
        f"A phrase of {phrase['notes_in_it']} recordings, {phrase['played_by']} to {phrase['asked']}: "
        f"{phrase['notes_found']} notes found, pitch kept in {phrase['pitch_kept_share']:.0%}, onsets moved "
        f"by {phrase['onset_error_ms_median']:.1f} ms (median), {phrase['onset_error_ms_largest']:.1f} (most)"
    )
    console.print(
        "  ".join(f"{note['onset_change_ms']:+.1f}" for note in phrase["notes"]) + " ms, note by note"
    )
    console.print(f"All figures: {out}/transform.json")
