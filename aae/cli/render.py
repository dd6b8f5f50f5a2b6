"""`clariolin render`: a set of notes as WAV files with their manifest, and what samplers load."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aae.cli.console import print_json, progress_bar, results_console, warn
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName

if TYPE_CHECKING:
    from aae.rendering.render_set import NoteReady, RenderPlan
    from aae.synthesis.synthesizer import Synthesizer

MAX_SEED = 2**31 - 1
EPILOG = (
    "Every attribute of the model is an option of its own name, with labels and weights: "
    "--instrument violin --technique pizz-normal, --instrument violin:0.5,clarinet:0.5, --dynamics forte. "
    "What is not given is chosen to suit the rest. An option given twice makes both sets: both techniques "
    "of one instrument, both dynamics as its velocity layers. "
    "'clariolin info MODEL' lists the attributes and their labels."
)


def render(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the files; the same command continues a set in it.")],
    notes: Annotated[
        str | None,
        typer.Option(
            help="Notes: C3-B4, C4,E4,G4, Bb2, 60-72 (C4 = 60); 'unpitched' for sounds without pitch."
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Model file. [default: the orchestra]", show_default=False)
    ] = None,
    variations: Annotated[
        int,
        typer.Option(min=1, max=1000, help="Different sounds of each note; an instrument's round robins."),
    ] = 1,
    latent: Annotated[
        str | None,
        typer.Option(
            help="Point of the latent space, x,y,z; further variations lie near it. [default: drawn]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Another seed makes other variations.")] = 0,
    inverter: Annotated[
        InverterName | None,
        typer.Option(
            help="Way from spectrogram to sound; mcnn is trained with the model. [default: griffin-lim]"
        ),
    ] = None,
    format: Annotated[
        Literal["wav", "sfz", "decent-sampler", "dslibrary", "sf2"] | None,
        typer.Option(
            help="What is made of the WAV files: nothing more, or an instrument for a sampler. [default: wav]"
        ),
    ] = None,
    bits: Annotated[
        Literal["16", "24", "32"] | None,
        typer.Option(help="16 or 24 with dither, or 32 (floating point). [default: 24]"),
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option(help="In Hz, such as 48000. [default: the model's, 44100]")
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            help="natural; or every note brought to a loudness (lufs:-23) or to a level of its loudest 50 ms "
            "in dB of full scale (rms:-20). [default: natural; instruments lufs:-23]"
        ),
    ] = None,
    loop: Annotated[
        bool | None,
        typer.Option("--loop/--no-loop", help="Loop sustained notes. [default: instruments only]"),
    ] = None,
    score: Annotated[
        Path | None,
        typer.Option(help="Make all jobs of a file instead of --notes: .toml, .json, .csv, .tsv."),
    ] = None,
    from_manifest: Annotated[
        Path | None,
        typer.Option("--from", help="Make a set again, file by file, from its manifest.jsonl."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processes; the files are the same. [default: one a core]"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask cluster that makes the notes, such as tcp://farm:8786."),
    ] = None,
    contact_sheet: Annotated[
        bool, typer.Option("--contact-sheet", help="Also draw the notes' spectrograms: contact-sheet.png.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Say what was made as one JSON object.")] = False,
) -> None:
    """Renders notes as WAV files, and as instruments for samplers.

    Makes a file for every sound, note and variation, and manifest.jsonl with a row a file. Interrupt it at
    will: the same command continues.
    """
    from aae.cli.render_options import RenderChoices, open_and_plan

    started = time.monotonic()
    choices = RenderChoices(
        notes, model, variations, latent, seed, inverter, format, bits, sample_rate, level, loop, score,
        from_manifest, tuple(context.args), tuple(_own_options(context)),
    )  # fmt: skip
    synthesizer, model_path, plan = open_and_plan(choices)
    if synthesizer.notice:
        warn(synthesizer.notice)
    for line in untrained_notices(synthesizer, plan):
        warn(line)
    ready = _render_all(synthesizer, model_path, plan, out, workers, scheduler)
    made = [*_instrument_paths(out, ready), f"{out}/manifest.jsonl"]
    if contact_sheet:
        from aae.rendering.contact_sheet import draw_contact_sheet

        made.append(str(draw_contact_sheet(out, synthesizer.info.spectrogram)))
    _say_what_was_made(ready, plan, out, made, time.monotonic() - started, json)


def parse_notes(text: str) -> list[int | None]:
    """MIDI numbers of `--notes`; None stands for `unpitched`.

    Raises:
        InputError: If the text names no notes.
    """
    from aae.notes.pitch_names import parse_pitches

    if text.strip().lower() == "unpitched":
        return [None]
    return list(parse_pitches(text))


def parse_latent(text: str | None) -> tuple[float, ...] | None:
    """Coordinates of `--latent`.

    Raises:
        InputError: If one is no number.
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"latent '{text}' is not a list of numbers such as 0.5,-1,0") from None


def untrained_notices(synthesizer: "Synthesizer", plan: "RenderPlan") -> list[str]:
    """A line for each sound of which some notes were not in the training data, and which notes were."""
    from aae.model.coverage import strongest_labels
    from aae.notes.pitch_names import pitch_name

    total: Counter[str] = Counter()
    untrained: Counter[str] = Counter()
    ranges: dict[str, str] = {}
    for note in plan.notes:
        mix = note.request.mix
        sound = ", ".join(label for label in strongest_labels(mix).values() if label)
        total[sound] += 1
        untrained[sound] += not note.trained
        bounds = synthesizer.info.coverage.pitch_range(mix)
        ranges[sound] = (
            f"was trained from {pitch_name(bounds[0])} to {pitch_name(bounds[1])}"
            if bounds
            else "was not in the training data"
        )
    return [
        f"{sound} {ranges[sound]}: {count} of {total[sound]} notes are a guess"
        for sound, count in untrained.items()
        if count
    ]


def _render_all(
    synthesizer: "Synthesizer",
    model_path: Path,
    plan: "RenderPlan",
    out: Path,
    workers: int | None,
    scheduler: str | None,
) -> "list[NoteReady]":
    import torch

    from aae.rendering.note_renderers import choose_renderer
    from aae.rendering.render_set import finished_rows, render_notes

    torch.set_num_threads(1)
    n_missing = len(plan.notes) - len(finished_rows(plan, out))
    maker = choose_renderer(synthesizer, model_path, plan.inverter, n_missing, workers, scheduler)
    ready: list[NoteReady] = []
    with progress_bar() as bar:
        task = bar.add_task("Rendering", total=len(plan.notes), note="")
        for note in render_notes(synthesizer, plan, out, maker):
            ready.append(note)
            bar.update(task, completed=note.done, note=note.row["file"])
    return ready


def _instrument_paths(out: Path, ready: "Sequence[NoteReady]") -> list[str]:
    from aae.rendering.samplers.export import instrument_files

    return [f"{out}/{file}" for file in instrument_files([note.row for note in ready])]


def _say_what_was_made(
    ready: "Sequence[NoteReady]",
    plan: "RenderPlan",
    out: Path,
    others: Sequence[str],
    elapsed_s: float,
    as_json: bool,
) -> None:
    from aae.rendering.report import report_facts, report_lines

    rows = [note.row for note in ready]
    kept = sum(note.kept for note in ready)
    facts: dict[str, Any] = {"out": str(out), "made_before": kept, "also": list(others)}
    if as_json:
        print_json(facts | report_facts(rows) | {"elapsed_s": round(elapsed_s, 2)})
        return
    for line in report_lines(rows, plan.output, str(out), others, kept, elapsed_s):
        results_console().print(line)


def _own_options(context: typer.Context) -> list[str]:
    return [
        option.removeprefix("--")
        for parameter in context.command.params
        for option in parameter.opts
        if option.startswith("--")
    ]
