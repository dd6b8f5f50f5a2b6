"""The page as one self-contained HTML file: pictures and sounds lie inside it, no script, no network."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt

from aae.evaluation.report.blocks import Block, Picture, Sounds, Text

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1c1b22; --faint: #77757f; --line: #dedbd3;
  --card: #ffffff; --accent: #6a3d9a; --short: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #17161b; --ink: #ece9e2; --faint: #a09da8;
  --line: #35333c; --card: #201f25; --accent: #c4a7e7; --short: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 5rem; max-width: 74rem; background: var(--paper);
  color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
p { max-width: 46rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1.5rem 0; }
a { color: var(--accent); }
.scroll { overflow-x: auto; margin: 1rem 0 1.5rem; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: var(--faint); font-weight: 600; vertical-align: bottom; border-bottom: 2px solid var(--line); }
td:last-child strong { color: var(--short); }
tbody tr:hover { background: var(--card); }
code { font-family: ui-monospace, "SF Mono", Consolas, monospace; font-size: .9em; }
figure { margin: 1.5rem 0; }
figure img { display: block; max-width: 100%; height: auto; border-radius: 6px;
  border: 1px solid var(--line); }
figcaption { color: var(--faint); font-size: .875rem; margin-top: .5rem; }
.sounds { display: grid; gap: .9rem 2rem; margin: 1rem 0 2rem;
  grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); }
.sounds section { background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem .9rem; }
.sounds h3 { font-size: .9rem; margin: 0 0 .4rem; }
.sounds label { display: grid; grid-template-columns: 7.5rem 1fr; align-items: center; gap: .5rem;
  color: var(--faint); font-size: .8rem; margin: .25rem 0; }
audio { width: 100%; height: 2rem; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav, .sounds { display: none; }
  h2 { break-after: avoid; } figure, tr { break-inside: avoid; } .scroll { overflow: visible; } }
"""


def to_html(blocks: Sequence[Block], folder: Path, title: str) -> str:
    """The page as HTML.

    Args:
        blocks: Its parts.
        folder: Where its pictures are.
        title: Of the window.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    body, headings = [], []
    for block in blocks:
        if isinstance(block, Text):
            rendered = markdown.render(block.markdown)
            if block.markdown.startswith("## "):
                heading = block.markdown.removeprefix("## ")
                headings.append(heading)
                rendered = rendered.replace("<h2>", f'<h2 id="{_anchor(heading)}">', 1)
            if rendered.startswith("<table>"):
                rendered = f'<div class="scroll">{rendered}</div>'
            body.append(rendered)
            if block.markdown.startswith("# "):
                body.append("<!--contents-->")
        elif isinstance(block, Picture):
            body.append(_figure(block, folder))
        else:
            body.append(_players(block))
    links = "".join(f'<a href="#{_anchor(heading)}">{html.escape(heading)}</a>' for heading in headings)
    inside = "\n".join(body).replace("<!--contents-->", f"<nav>{links}</nav>")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{inside}\n</body>\n</html>\n"
    )


def _anchor(heading: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in heading.lower())


def _figure(picture: Picture, folder: Path) -> str:
    data = base64.b64encode((folder / picture.file).read_bytes()).decode("ascii")
    caption = html.escape(picture.caption)
    image = f'<img src="data:image/png;base64,{data}" alt="{caption}" loading="lazy">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _players(sounds: Sounds) -> str:
    sections = []
    for line in sounds.lines:
        players = "".join(
            f'<label>{html.escape(caption)}<audio controls preload="none" src="{uri}"></audio></label>'
            for caption, uri in zip(line.captions, line.uris, strict=True)
        )
        sections.append(f"<section><h3>{html.escape(line.title)}</h3>{players}</section>")
    return f'<div class="sounds">{"".join(sections)}</div>'
