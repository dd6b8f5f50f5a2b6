"""`clariolin evaluate-transform`: what the effect is worth on held-out recordings."""

import json as json_format
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from aae.cli.console import StagesBar, print_json, results_console, table
from mcnn.inversion.names import InverterName


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
        recognizer = yield_to(bar, open_or_train(bank, out))
        report = yield_to(bar, measure(synthesizer, bank, recognizer, recordings, seed))
    report = {"model": model.name, "notes": notes.name, "inverter": inverter, **report}
    with atomic_path(out / "transform.json") as partial:
        partial.write_text(json_format.dumps(without_nan(report), indent=2) + "\n", "utf-8")
    if json:
        print_json(report)
    else:
        _print(report, out)


def yield_to(bar: StagesBar, work: Any) -> Any:
    """What a generator returns; what it yields moves a bar."""
    while True:
        try:
            event = next(work)
        except StopIteration as done:
            return done.value
        bar.show(event.stage, event.done, event.total)


def _print(report: Mapping[str, Any], out: Path) -> None:
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
