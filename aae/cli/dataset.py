"""`clariolin dataset`: recordings become a NoteBank; banks are shown, joined and taken apart."""

import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from aae.cli.console import StagesBar, print_json, require_own_datasets
from aae.cli.render import render
from aae.cli.transform import transform
from aae.notes.labels import require_labels
from mcnn.errors import InputError

if TYPE_CHECKING:
    from datasets.banks import BanksFinished
    from datasets.reading.aliases import Vocabulary
    from datasets.report import BuildEvent, BuildFinished, BuildProgress

app = typer.Typer(help="Makes a NoteBank of recordings; shows, joins or takes apart those there are.")

_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_TAGS = Annotated[
    list[str] | None,
    typer.Option("--tag", help="An attribute for every note, such as room=church; may be repeated."),
]
_OWN_ALIASES = Annotated[
    list[Path] | None,
    typer.Option("--aliases", help="A TOML table of words of your own that goes before the standard one."),
]


@app.callback()
def _require_own_package() -> None:
    require_own_datasets()


class _BuildCommand(typer.core.TyperCommand):
    """A command whose help lists the formats: they are known only once `datasets` may be imported."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the help, formats included."""
        for parameter in self.params:
            if isinstance(parameter, typer.core.TyperOption) and parameter.name == "format":
                parameter.help = f"Which library it is: {', '.join(format_names())}."
        super().format_help(ctx, formatter)


@app.command(cls=_BuildCommand)
def build(
    source: Annotated[
        Path, typer.Argument(help="Folder of recordings, a SoundFont, or a sampler's mapping.")
    ],
    out: Annotated[Path, typer.Option(help="The NoteBank to make, such as notes.h5.")],
    format: Annotated[str, typer.Option(help="Which library it is.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one a core]", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many recordings, spread over the folder.")
    ] = None,
    unpitched: Annotated[
        bool | None,
        typer.Option(
            "--unpitched/--no-unpitched", help="Whether sounds without pitch go in. [default: the format's]"
        ),
    ] = None,
    fix_octaves: Annotated[
        bool,
        typer.Option(
            "--fix-octaves", help="Move the labels where a whole folder sounds another note; else skip it."
        ),
    ] = False,
    correct_pitch: Annotated[
        bool,
        typer.Option(
            "--correct-pitch", help="Relabel single notes that surely sound another pitch; else skip them."
        ),
    ] = False,
    keep_rare: Annotated[
        bool, typer.Option("--keep-rare", help="Keep techniques that only a few notes have.")
    ] = False,
    skip_clipped: Annotated[
        bool, typer.Option("--skip-clipped", help="Leave out clipped recordings; else only count them.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only these labels, such as instrument=violin,cello; may be repeated."),
    ] = None,
    tag: _TAGS = None,
    shared_words: Annotated[
        bool,
        typer.Option("--shared-words", help="Use the words that all libraries share, not the library's own."),
    ] = False,
    aliases: _OWN_ALIASES = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Let the workers of this Dask scheduler do it, such as tcp://127.0.0.1:8786."),
    ] = None,
    json: _JSON = False,
) -> None:
    """Prepares recordings for training.

    It ends with a table of what was left out and why. Interrupt it at will: the same command continues.
    """
    from aae.cli.dataset_tables import print_report
    from datasets.build import build as build_bank
    from datasets.plan import BuildSettings

    settings = BuildSettings(
        limit=limit,
        unpitched=unpitched,
        fix_octaves=fix_octaves,
        correct_pitch=correct_pitch,
        skip_clipped=skip_clipped,
        fewest=1 if keep_rare else None,
        only=parse_choices(only or []),
        tags=parse_tags(tag or []),
        vocabulary=_vocabulary(aliases or []) if shared_words or aliases else None,
    )
    began_s = time.monotonic()
    finished, n_resumed = _follow(
        build_bank(
            source,
            format,
            out,
            settings,
            workers=workers,
            scheduler=scheduler,
            reserved=other_options(),
        )
    )
    seconds = time.monotonic() - began_s
    n_read = 0 if finished.was_there else finished.report.n_recordings - n_resumed
    cost = {
        "seconds": round(seconds, 3),
        "recordings_per_second": round(n_read / max(seconds, 1e-3), 2),
        "peak_memory_mb": round(_peak_memory_mb(), 1),
    }
    if json:
        print_json({**finished.report.to_json(), **cost})
    else:
        print_report(finished, cost)


@app.command()
def info(
    notes: Annotated[Path, typer.Argument(help="A NoteBank, such as notes.h5.")],
    picture: Annotated[
        Path | None, typer.Option(help="Also draw counts, pitches, lengths and levels into this PNG.")
    ] = None,
    json: _JSON = False,
) -> None:
    """Shows what is in a NoteBank."""
    from aae.cli.dataset_tables import TAKE_LIKE, print_combinations, print_summary
    from aae.notes.bank import NoteBank
    from aae.notes.bank_summary import combinations, summarise

    if picture is not None and picture.suffix.lower() != ".png":
        raise InputError(f"{picture} is no name for a picture: give one that ends in .png")
    with NoteBank.open(notes) as bank:
        summary = summarise(bank)
        if json:
            print_json({"file": str(notes)} | summary)
        else:
            shown = [name for name in bank.attributes if name not in TAKE_LIKE]
            print_summary(notes, summary, bank)
            print_combinations(shown, combinations(bank, shown))
        if picture is not None:
            from aae.notes.bank_picture import draw_bank

            draw_bank(bank, picture)


@app.command()
def merge(
    notes: Annotated[list[Path], typer.Argument(help="NoteBanks, two or more.")],
    out: Annotated[Path, typer.Option(help="The NoteBank to make.")],
    own_words: Annotated[
        bool, typer.Option("--own-words", help="Keep each library's own words; else use the shared ones.")
    ] = False,
    aliases: _OWN_ALIASES = None,
    tag: _TAGS = None,
    json: _JSON = False,
) -> None:
    """Joins NoteBanks into one, so that several libraries can be trained on together.

    The libraries' words are made the same: pizz, pizzicato-secco and pizz-normal become one technique.
    """
    from datasets.banks import merge as merge_banks

    vocabulary = None if own_words else _vocabulary(aliases or [])
    _show_banks(merge_banks(notes, out, vocabulary=vocabulary, tags=parse_tags(tag or [])), json)


@app.command()
def split(
    notes: Annotated[Path, typer.Argument(help="A NoteBank.")],
    by: Annotated[str, typer.Option(help="The attribute to split by, such as instrument.")],
    out: Annotated[Path, typer.Option(help="Folder for the NoteBanks, one a label.")],
    json: _JSON = False,
) -> None:
    """Takes a NoteBank apart: one NoteBank for each label of an attribute."""
    from datasets.banks import split_by

    _show_banks(split_by(notes, by, out), json)


def parse_tags(texts: Sequence[str]) -> dict[str, str]:
    """Attributes of `key=value` texts.

    Raises:
        InputError: If a text is none, or a key is given twice.
    """
    tags: dict[str, str] = {}
    for text in texts:
        key, _, value = (part.strip().lower() for part in text.partition("="))
        if not key or not value:
            raise InputError(f"--tag {text!r} is no attribute: write for example room=church")
        if key in other_options():
            raise InputError(
                f"--tag {text!r}: an attribute cannot be called {key!r}, which is an option of `render`"
            )
        if key in tags:
            raise InputError(f"--tag {key} is given twice: {tags[key]!r} and {value!r}")
        require_labels("--tag", "attribute", [key])
        require_labels("--tag", key, [value])
        tags[key.replace(" ", "-")] = value.replace(" ", "-")
    return tags


def other_options() -> frozenset[str]:
    """Options of the commands that make sounds; an attribute is one too there, so it needs another name."""
    makers = typer.Typer()
    for function in (render, transform):
        makers.command()(function)
    options = (
        option for command in typer.main.get_group(makers).commands.values() for option in command.params
    )
    return frozenset(
        name.removeprefix("--") for option in options for name in (*option.opts, *option.secondary_opts)
    )


def format_names() -> tuple[str, ...]:
    """Values of `--format`: `auto`, and every library that there is an adapter for."""
    from datasets.libraries.registry import ADAPTERS, AUTO

    return (AUTO, *sorted(ADAPTERS))


def parse_choices(texts: Sequence[str]) -> dict[str, frozenset[str]]:
    """Attributes and the labels wanted of each, of `key=value,value` texts.

    Raises:
        InputError: If a text is none.
    """
    choices: dict[str, frozenset[str]] = {}
    for text in texts:
        key, _, values = (part.strip().lower() for part in text.partition("="))
        labels = frozenset(value.strip().replace(" ", "-") for value in values.split(",") if value.strip())
        if not key or not labels:
            raise InputError(f"--only {text!r} names no labels: write for example instrument=violin,cello")
        key = key.replace(" ", "-")
        choices[key] = choices.get(key, frozenset()) | labels
    return choices


def _vocabulary(own: Sequence[Path]) -> "Vocabulary":
    from datasets.reading.aliases import Vocabulary

    return Vocabulary.standard(*own)


def _follow(events: "Iterator[BuildEvent]") -> "tuple[BuildFinished, int]":
    """Shows a build's progress; returns its last event, and how many recordings an earlier run had read."""
    from datasets.report import BuildProgress

    n_resumed = 0
    with StagesBar() as bar:
        for event in events:
            if not isinstance(event, BuildProgress):
                return event, n_resumed
            n_resumed = max(n_resumed, event.resumed)
            skipped = sum(event.skipped.values())
            note = f"{skipped} left out" if skipped else ""
            bar.show(event.stage, event.done, event.total, note, event.resumed)
    raise RuntimeError("the build ended without a report")


def _show_banks(events: "Iterator[BuildProgress | BanksFinished]", json: bool) -> None:
    """Shows the progress of a merge or split, then what was made."""
    from aae.cli.dataset_tables import print_banks
    from datasets.report import BuildProgress

    with StagesBar() as bar:
        for event in events:
            if isinstance(event, BuildProgress):
                bar.show(event.stage, event.done, event.total)
            else:
                finished = event
    if json:
        banks: Mapping[str, int] = {str(path): count for path, count in finished.banks.items()}
        renamed = [dict(zip(("attribute", "label", "word"), row, strict=True)) for row in finished.renamed]
        print_json({"banks": banks, "duplicates": finished.duplicates, "renamed": renamed})
    else:
        print_banks(finished)


def _peak_memory_mb() -> float:
    """Most memory that this process, or the largest of those it started, has held."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in whose) * unit / 1e6
