"""`clariolin render`: a set of notes as WAV files with their manifest."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aae.cli_console import SHIPPED_MODEL, duration_in_words, progress_bar, results_console, warn
from mcnn.errors import InputError
from mcnn.inverter_names import InverterName

if TYPE_CHECKING:
    from aae.render import NoteReady, RenderPlan
    from aae.synthesizer import Synthesizer

LARGEST_SEED = 2**31 - 1
EPILOG = (
    "Every attribute of the model is an option of its own name, with labels and weights: "
    "--instrument violin --technique pizz-normal, --instrument violin:0.5,clarinet:0.5, --dynamics forte. "
    "What is not given is chosen to suit the rest. An option given twice makes both sets. "
    "'clariolin info MODEL' lists the attributes and their labels."
)


def render(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the files; the same command continues a set in it.")],
    notes: Annotated[
        str,
        typer.Option(
            help="Notes: C3-B4, C4,E4,G4, Bb2, 60-72 (C4 = 60); 'unpitched' for sounds without pitch."
        ),
    ],
    model: Annotated[Path, typer.Option(help="Model file.", show_default="the orchestra")] = SHIPPED_MODEL,
    variations: Annotated[int, typer.Option(min=1, help="Different sounds of each note.")] = 1,
    latent: Annotated[
        str | None,
        typer.Option(
            help="Point of the latent space, x,y,z; further variations lie near it. [default: drawn]"
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Another seed makes other variations.")
    ] = 0,
    inverter: Annotated[
        InverterName, typer.Option(help="Way from spectrogram to sound; mcnn is trained with the model.")
    ] = "griffin-lim",
    format: Annotated[Literal["wav"], typer.Option(help="24-bit WAV files.")] = "wav",
    contact_sheet: Annotated[
        bool, typer.Option("--contact-sheet", help="Also draw the notes' spectrograms: contact-sheet.png.")
    ] = False,
) -> None:
    """Renders notes as WAV files.

    Makes a file for every sound, note and variation, and manifest.jsonl with a row a file. Interrupt it at
    will: the same command continues.
    """
    from aae.cli_style import parse_styles
    from aae.render import plan_notes
    from aae.synthesizer import Synthesizer

    started = time.monotonic()
    pitches = parse_notes(notes)
    point = parse_latent(latent)
    synthesizer = Synthesizer.open(model, inverter)
    if synthesizer.notice:
        warn(synthesizer.notice)
    mixes = parse_styles(context.args, synthesizer.info.vocabularies, _own_options(context))
    plan = plan_notes(
        synthesizer,
        model,
        mixes,
        pitches,
        n_variations=variations,
        latent=point,
        seed=seed,
        inverter=inverter,
    )
    for line in untrained_notices(synthesizer, plan):
        warn(line)
    ready = _render_all(synthesizer, plan, out)
    made = [f"{out}/manifest.jsonl"]
    if contact_sheet:
        from aae.contact_sheet import draw_contact_sheet

        made.append(str(draw_contact_sheet(out, synthesizer.info.spectrogram)))
    _say_what_was_made(ready, out, made, time.monotonic() - started)


def parse_notes(text: str) -> list[int | None]:
    """MIDI numbers of `--notes`; None stands for `unpitched`.

    Raises:
        InputError: If the text names no notes.
    """
    from aae.pitch_names import parse_pitches

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
    from aae.pitch_names import pitch_name
    from aae.synthesizer import strongest_labels

    total: Counter[str] = Counter()
    untrained: Counter[str] = Counter()
    ranges: dict[str, str] = {}
    for note in plan.notes:
        mix = note.request.mix
        sound = ", ".join(label for label in strongest_labels(mix).values() if label)
        total[sound] += 1
        untrained[sound] += not note.trained
        bounds = synthesizer.pitch_range(mix)
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


def _render_all(synthesizer: "Synthesizer", plan: "RenderPlan", out: Path) -> "list[NoteReady]":
    from aae.render import render_notes

    ready: list[NoteReady] = []
    with progress_bar() as bar:
        task = bar.add_task("Rendering", total=len(plan.notes), note="")
        for note in render_notes(synthesizer, plan, out):
            ready.append(note)
            bar.update(task, completed=note.done, note=note.row["file"])
    return ready


def _say_what_was_made(
    ready: "Sequence[NoteReady]", out: Path, others: Sequence[str], elapsed_s: float
) -> None:
    kept = sum(note.kept for note in ready)
    sound_s = sum(note.row["duration_s"] for note in ready)
    number = f"{len(ready)} notes" if len(ready) != 1 else "1 note"
    already = f", {kept} of them made before" if kept else ""
    results_console().print(
        f"{number}, {duration_in_words(sound_s)} of sound{already}: {out}/*.wav (24 bit, "
        f"{ready[0].row['sample_rate'] / 1000:g} kHz), {', '.join(others)}. "
        f"Took {duration_in_words(elapsed_s)}."
    )


def _own_options(context: typer.Context) -> list[str]:
    return [
        option.removeprefix("--")
        for parameter in context.command.params
        for option in parameter.opts
        if option.startswith("--")
    ]
