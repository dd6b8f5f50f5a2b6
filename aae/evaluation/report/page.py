"""The page of a report as Markdown and as one HTML file, from the templates beside this file.

A page's template (`report.md.j2`, `comparison.md.j2`) is Markdown with these liberties: the lines of a
paragraph are joined; an indented line goes on with the table row above it; the rule under a table's header is
added (the first column to the left, the others to the right); a paragraph `@sounds NAME` stands for sounds,
which Markdown cannot play. What comes from the figures is escaped. `page.html.j2` is the frame of the HTML.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from aae.evaluation.report.formatting import NOTHING, mean_and_spread, number, percent, with_unit
from mcnn.plain import visible

_SOUNDS = "@sounds "
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class SoundLine:
    """Sounds to be heard one after the other.

    Attributes:
        title: What the line is.
        sounds: Caption and data URI of each sound.
    """

    title: str
    sounds: Sequence[tuple[str, str]]


Sounds = Mapping[str, Sequence[SoundLine]]
"""By the names that a template gives them."""


@dataclass(frozen=True)
class _Part:
    """What `page.html.j2` shows of one block: a picture, sounds, a heading or other text."""

    text: str = ""
    is_table: bool = False
    heading: str = ""
    anchor: str = ""
    picture: str = ""
    caption: str = ""
    sounds: Sequence[SoundLine] = ()


def _escape_markdown(value: object) -> Markup:
    """What a template prints, with whatever Markdown could take for more than text behind a backslash."""
    if isinstance(value, Markup):
        return value
    return Markup(re.sub(r"[\\`*\[\]<|]", r"\\\g<0>", visible(str(value))))


def _code(text: object) -> Markup:
    """A name as it is, in the letters of code; a mark that would end it becomes another."""
    return Markup("`" + visible(str(text)).replace("`", "'") + "`")


def _templates(**options: Any) -> Environment:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )


_HTML_TEMPLATES = _templates()
_MARKDOWN_TEMPLATES = _templates(finalize=_escape_markdown)
_MARKDOWN_TEMPLATES.globals.update(
    NOTHING=NOTHING, mean_and_spread=mean_and_spread, number=number, percent=percent, zip=zip
)
_MARKDOWN_TEMPLATES.filters.update(number=number, percent=percent, with_unit=with_unit, code=_code)


def compose_page(template: str, figures: Mapping[str, Any]) -> list[str]:
    """The paragraphs, headings and tables of a page.

    Args:
        template: Name of the template.
        figures: What it calls by name, without NaN.
    """
    text = _MARKDOWN_TEMPLATES.get_template(template).render(figures)
    return [_join_lines(block.splitlines()) for block in re.split(r"\n\s*\n", text.strip())]


def to_markdown(blocks: Sequence[str], sounds: Sounds, html_file: str) -> str:
    """The page as Markdown.

    Args:
        blocks: Its parts.
        sounds: What can be heard.
        html_file: Name of the file in which that can be played.
    """
    parts = []
    for block in blocks:
        if block.startswith(_SOUNDS):
            count = sum(len(line.sounds) for line in sounds[block.removeprefix(_SOUNDS)])
            block = f"To be heard: {count} sounds in [{html_file}]({html_file})." if count else ""
        parts.append(block)
    return "\n\n".join(filter(None, parts)) + "\n"


def to_html(blocks: Sequence[str], sounds: Sounds, folder: Path, title: str) -> str:
    """The page as one self-contained HTML file.

    Args:
        blocks: Its parts.
        sounds: What can be heard.
        folder: Where its pictures are.
        title: Of the window.
    """
    parts = [_html_part(block, sounds, folder) for block in blocks]
    return _HTML_TEMPLATES.get_template("page.html.j2").render(title=title, blocks=parts) + "\n"


def _join_lines(lines: Sequence[str]) -> str:
    """One block of a template: a paragraph becomes one line, a table gets its rule."""
    if not lines[0].startswith("|"):
        return " ".join(line.strip() for line in lines)
    rows: list[str] = []
    for line in lines:
        if line.startswith(" "):
            rows[-1] += " " + line.strip()
        else:
            rows.append(line)
    n_columns = len(re.findall(r"(?<!\\)\|", rows[0])) - 1
    return "\n".join([rows[0], "| --- |" + " ---: |" * (n_columns - 1), *rows[1:]])


def _html_part(block: str, sounds: Sounds, folder: Path) -> _Part:
    if block.startswith(_SOUNDS):
        return _Part(sounds=sounds[block.removeprefix(_SOUNDS)])
    if picture := re.fullmatch(r"!\[(.*)]\((\S+)\)", block):
        data = base64.b64encode((folder / picture[2]).read_bytes()).decode("ascii")
        return _Part(picture=f"data:image/png;base64,{data}", caption=_inline(picture[1]))
    if block.startswith("## "):
        heading = block.removeprefix("## ")
        anchor = "".join(letter if letter.isalnum() else "-" for letter in heading.lower())
        return _Part(heading=_inline(heading), anchor=anchor)
    return _Part(text=Markup(_MARKDOWN.render(block)), is_table=block.startswith("|"))


def _inline(markdown: str) -> Markup:
    return Markup(_MARKDOWN.renderInline(markdown))
