"""What a report's page is made of, in the order in which it is read; the same for Markdown and HTML."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Text:
    """A paragraph, a heading or a table, as Markdown."""

    markdown: str


@dataclass(frozen=True)
class Picture:
    """A picture file of the report's folder.

    Attributes:
        file: Its name.
        caption: What it shows.
    """

    file: str
    caption: str


@dataclass(frozen=True)
class SoundLine:
    """Sounds to be heard one after the other.

    Attributes:
        title: What the line is.
        captions: Of each sound.
        uris: Each sound as a data URI.
    """

    title: str
    captions: tuple[str, ...]
    uris: tuple[str, ...]


@dataclass(frozen=True)
class Sounds:
    """Lines of sounds, which Markdown cannot play."""

    lines: tuple[SoundLine, ...]


Block = Text | Picture | Sounds


def to_markdown(blocks: Sequence[Block], page: str) -> str:
    """The page as Markdown.

    Args:
        blocks: Its parts.
        page: Name of the file in which sounds can be played.
    """
    parts = []
    for block in blocks:
        if isinstance(block, Text):
            parts.append(block.markdown)
        elif isinstance(block, Picture):
            parts.append(f"![{block.caption}]({block.file})")
        elif block.lines:
            count = sum(len(line.uris) for line in block.lines)
            parts.append(f"To be heard: {count} sounds in [{page}]({page}).")
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def percent(share: float | None) -> str:
    """A share as a percentage; a dash if there is none."""
    return NOTHING if share is None or not math.isfinite(share) else f"{100 * share:.1f} %"


def number(value: float | None, digits: int = 1) -> str:
    """A number with its minus sign; a dash if there is none."""
    return (
        NOTHING
        if value is None or not math.isfinite(value)
        else f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
    )
