"""`clariolin render`: a set of notes as WAV files with their manifest, and what samplers load."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aae.cli.console import option_names, print_json, progress_bar, results_console, warn
from aae.rendering.format_names import FormatName
from aae.synthesis.request import MAX_SEED
from mcnn.inversion.names import InverterName

if TYPE_CHECKING:
    from aae.cli.render_options import PlannedSet
    from aae.rendering.note_task import NoteRenderer
    from aae.rendering.output import OutputSettings
    from aae.rendering.render_set import NoteReady

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
        FormatName | None,
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
    from aae.cli.render_options import RenderOptions, plan_set
    from aae.rendering.report import untrained_notices

    started = time.monotonic()
    options = RenderOptions(
        notes, model, variations, latent, seed, inverter, format, bits, sample_rate, level, loop, score,
        from_manifest, tuple(context.args), tuple(option_names(context.command)),
    )  # fmt: skip
    planned = plan_set(options)
    for line in untrained_notices(planned.info.coverage, planned.plan):
        warn(line)
    ready = _render_all(planned, out, workers, scheduler)
    made = [*_instrument_paths(out, ready), f"{out}/manifest.jsonl"]
    if contact_sheet:
        from aae.rendering.contact_sheet import draw_contact_sheet

        made.append(str(draw_contact_sheet(out, planned.info.spectrogram)))
    _say_what_was_made(ready, planned.plan.output, out, made, time.monotonic() - started, json)


def _render_all(
    planned: "PlannedSet", out: Path, workers: int | None, scheduler: str | None
) -> "list[NoteReady]":
    import torch

    from aae.rendering.note_renderers import choose_renderer
    from aae.rendering.render_set import render_notes
    from aae.synthesis.synthesizer import Synthesizer

    def open_renderer(n_notes: int) -> "NoteRenderer":
        synthesizer = Synthesizer.open(planned.model_path, planned.plan.inverter)
        if synthesizer.notice:
            warn(synthesizer.notice)
        return choose_renderer(
            synthesizer, planned.model_path, planned.plan.inverter, n_notes, workers, scheduler
        )

    torch.set_num_threads(1)
    ready: list[NoteReady] = []
    with progress_bar() as bar:
        task = bar.add_task("Rendering", total=len(planned.plan.notes), note="")
        for note in render_notes(planned.plan, out, open_renderer):
            ready.append(note)
            bar.update(task, completed=note.done, note=note.row["file"])
    return ready


def _instrument_paths(out: Path, ready: "Sequence[NoteReady]") -> list[str]:
    from aae.rendering.samplers.export import instrument_files

    return [f"{out}/{file}" for file in instrument_files([note.row for note in ready])]


def _say_what_was_made(
    ready: "Sequence[NoteReady]",
    output: "OutputSettings",
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
    for line in report_lines(rows, output, str(out), others, kept, elapsed_s):
        results_console().print(line)
