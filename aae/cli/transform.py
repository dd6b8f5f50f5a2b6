"""`clariolin transform`: recorded sounds re-made in another style, note by note."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aae.cli.console import (
    SHIPPED_MODEL,
    option_names,
    print_json,
    progress_bar,
    results_console,
    warn,
)
from aae.synthesis.request import MAX_SEED
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName
from mcnn.plain import duration_in_words

if TYPE_CHECKING:
    from aae.model.conditioning import Mix
    from aae.transform.plan import PlannedSound, TransformSettings

SOURCE_PREFIX = "--source-"
EPILOG = (
    "Every attribute of the model is an option of its own name, with labels and weights: --instrument oboe, "
    "--instrument violin:0.5,clarinet:0.5, --dynamics forte. What is not given stays as it was played, if it "
    "goes together. What the sound itself is, is found out; --source-instrument flute (and so on) says it. "
    "'clariolin info MODEL' lists the attributes and their labels."
)


def transform(
    context: typer.Context,
    sounds: Annotated[list[str], typer.Argument(help="Sound files, and folders of them.", metavar="IN")],
    out: Annotated[Path, typer.Option(help="Folder for the files; the same command continues a set in it.")],
    model: Annotated[Path, typer.Option(help="Model file.", show_default="the orchestra")] = SHIPPED_MODEL,
    amount: Annotated[
        float, typer.Option(min=0, max=1, help="From the original, 0, to all of the change, 1.")
    ] = 1.0,
    transpose: Annotated[float, typer.Option(min=-60, max=60, help="Semitones up or down.")] = 0.0,
    notes: Annotated[
        str | None, typer.Option(help="Notes to make of a single one: C3-B4, C4,E4, 60 (C4 = 60).")
    ] = None,
    variations: Annotated[int, typer.Option(min=1, max=1000, help="Different sounds of each.")] = 1,
    latent_offset: Annotated[
        str | None, typer.Option(help="Added to the sound's own point of the latent space: x,y,z.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Another seed makes other variations.")] = 0,
    taken_as: Annotated[
        Literal["auto", "note", "phrase"],
        typer.Option("--as", help="Whether a file is a single note, or several that are re-made one by one."),
    ] = "auto",
    inverter: Annotated[InverterName, typer.Option(help="Way from spectrogram to sound.")] = "griffin-lim",
    sample_rate: Annotated[
        str, typer.Option(help="Of the files: 'model', 'original' (each as it was), or a number in Hz.")
    ] = "model",
    mono: Annotated[bool, typer.Option("--mono", help="One channel, also of stereo.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was made as one JSON object.")] = False,
) -> None:
    """Re-makes recorded notes and melodies in another style.

    Each note is found, heard and made anew by the model, and laid back where it was played: its timing, its
    loudness over time and its fine pitch stay. Makes a 24-bit WAV for every sound, style and variation, and
    manifest.jsonl with a row a file. Interrupt it at will: the same command continues.
    """
    from aae.cli.render_options import parse_latent
    from aae.model.model_file import read_info
    from aae.transform.plan import TransformSettings, find_sources, plan_sounds

    started = time.monotonic()
    paths, styles = split_arguments(sounds)
    sources = find_sources(paths, out)
    info = read_info(model)
    mixes, source = _styles(context, styles, info.vocabularies)
    settings = TransformSettings(
        mixes=mixes,
        source=source,
        transpose=transpose,
        notes=_notes(notes),
        latent_offset=parse_latent(latent_offset, "latent offset") or (),
        amount=amount,
        n_variations=variations,
        seed=seed,
        inverter=inverter,
        taken_as=taken_as,
        sample_rate=_rate(sample_rate),
        stereo=not mono,
    )
    planned = plan_sounds(info, sources, settings)
    made = _transform_all(model, planned, settings, out)
    if json:
        print_json({"out": str(out), **made})
    elif made["rows"]:
        _say_what_was_made(made, out, time.monotonic() - started)
    if made["refused"]:
        files = len(made["refused"])
        raise InputError(
            f"{files} of {len(sources)} files could not be used"
            + ("; what was made of the others is whole" if made["rows"] else "")
        )


def split_arguments(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Paths, and the options (with their values) that only the model knows, which stand between them.

    Raises:
        InputError: If there is no path.
    """
    paths: list[Path] = []
    options: list[str] = []
    rest = list(arguments)
    while rest:
        part = rest.pop(0)
        if not part.startswith("--"):
            paths.append(Path(part))
            continue
        options.append(part)
        if "=" not in part and rest and not rest[0].startswith("--"):
            options.append(rest.pop(0))
    if not paths:
        raise InputError("no sound file or folder is given, only options")
    return paths, options


def _styles(
    context: typer.Context, arguments: Sequence[str], vocabularies: Mapping[str, Sequence[str]]
) -> "tuple[list[Mix], Mix]":
    """The asked styles and the sound's own labels, from the options that only the model knows."""
    from aae.cli.attribute_options import parse_styles

    asked: list[str] = []
    named: list[str] = []
    into = asked
    for part in arguments:
        if part.startswith("--"):
            into = named if part.startswith(SOURCE_PREFIX) else asked
            part = f"--{part.removeprefix(SOURCE_PREFIX)}" if into is named else part
        into.append(part)
    sources = parse_styles(named, vocabularies)
    if len(sources) > 1:
        raise InputError("a --source- option is given twice; a sound is one thing")
    return parse_styles(asked, vocabularies, tuple(option_names(context.command))), sources[0]


def _notes(text: str | None) -> tuple[int, ...]:
    from aae.notes.pitch_names import parse_pitches

    return () if text is None else tuple(parse_pitches(text))


def _rate(text: str) -> int | None:
    if text in ("model", "original"):
        return None if text == "model" else 0
    if not text.isascii() or not text.isdigit() or not int(text):
        raise InputError(f"sample rate '{text}' is not 'model', 'original' or a number such as 48000")
    return int(text)


def _transform_all(
    model: Path, planned: "Sequence[PlannedSound]", settings: "TransformSettings", out: Path
) -> dict[str, Any]:
    """Makes all files, saying what a person should know of each; the rows and what was refused."""
    import torch

    from aae.synthesis.synthesizer import Synthesizer
    from aae.transform.run import SoundProgress, SoundRefused, transform_files

    def open_synthesizer() -> Synthesizer:
        synthesizer = Synthesizer.open(model, settings.inverter)
        if synthesizer.notice:
            warn(synthesizer.notice)
        return synthesizer

    torch.set_num_threads(1)  # the same bytes, however many cores there are
    rows: list[dict[str, Any]] = []
    refused: dict[str, str] = {}
    kept = 0
    with progress_bar() as bar:
        task = bar.add_task("Transforming", total=len(planned), note="")
        for event in transform_files(open_synthesizer, model, planned, settings, out):
            if isinstance(event, SoundProgress):
                share = event.made_s / event.duration_s
                note = f"{event.source} {min(share, 1.0):.0%}"
                bar.update(task, completed=event.done + min(share, 0.99), note=note)
                continue
            bar.update(task, completed=event.done)
            if isinstance(event, SoundRefused):
                refused[event.source] = event.reason
                warn(f"{event.reason}; left out")
                continue
            rows.append(dict(event.row))
            kept += event.kept
            if not event.kept:
                for line in notices(event.row):
                    warn(line)
    return {"files": len(rows), "kept": kept, "refused": refused, "rows": rows}


def notices(row: "dict[str, Any] | Any") -> list[str]:
    """Warnings about one file, a line each: notes without pitch, notes that were a guess."""
    notes, lines = row["notes"], []
    total = f"{len(notes)} notes" if len(notes) != 1 else "the note"
    unpitched = [note for note in notes if note["played_pitch"] is None]
    if unpitched:
        places = ", ".join(f"{note['start_s']:.2f} s" for note in unpitched[:5])
        more = " and later" if len(unpitched) > 5 else ""
        share = f"{len(unpitched)} of {total}" if len(notes) > 1 else total
        lines.append(
            f"{row['source']}: no pitch found in {share} (at {places}{more}); made as the style's own noise"
        )
    pitched = [note for note in notes if note["played_pitch"] is not None]
    untrained = sum(not note["trained"] for note in pitched)
    if untrained:
        labels = [label for label in (max(w, key=w.get, default="") for w in row["mix"].values()) if label]
        share = f"{untrained} of {total}" if len(notes) > 1 else total
        lines.append(f"{row['source']}: {', '.join(labels)} was not trained on {share}: a guess")
    return lines


def _say_what_was_made(made: dict[str, Any], out: Path, elapsed_s: float) -> None:
    from aae.rendering.manifest import MANIFEST

    rows, console = made["rows"], results_console()
    taken = Counter(
        (row["source"], ", ".join(row["source_labels"].values()), len(row["notes"])) for row in rows
    )
    for source, labels, n_notes in list(taken)[:8]:
        number = f"{n_notes} notes" if n_notes != 1 else "1 note"
        console.print(f"{source}: {number}, taken for {labels}")
    if len(taken) > 8:
        console.print(f"... and {len(taken) - 8} more: see source_labels in manifest.jsonl")
    sound_s = sum(row["duration_s"] for row in rows)
    number = f"{len(rows)} files" if len(rows) != 1 else "1 file"
    already = f", {made['kept']} of them made before" if made["kept"] else ""
    console.print(
        f"{number}, {duration_in_words(sound_s)} of sound{already}: {out}/*.wav (24 bit), {out}/{MANIFEST}. "
        f"Took {duration_in_words(elapsed_s)}."
    )
