import base64
from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError

from aae.evaluation.report import page
from aae.evaluation.report.formatting import mean_and_spread, number, percent, with_unit
from aae.evaluation.report.page import SoundLine, compose_page, to_html, to_markdown

TEMPLATE = """
# A {{ title }}

## Part {{ part }}

A paragraph
of {{ count | number }}
lines.

| what{% for unit in units %} | {{ unit }}{% endfor %} |
{% for label in labels %}
| {{ label }} | **{{ share | percent }}** |
  {{ "code" | code }} |
{% endfor %}

![with "quotes"](picture.png)

@sounds some

@sounds none
"""
SOUNDS = {"some": [SoundLine("a <line>", [("first", "data:a"), ("second", "data:b")])], "none": []}
FIGURES = {"title": "<title>", "part": "one", "count": 3.0, "units": ["how much", "b"], "labels": ["a", "c"]}


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(page._MARKDOWN_TEMPLATES, "loader", DictLoader({"page.md.j2": TEMPLATE}))
    return compose_page("page.md.j2", {**FIGURES, "share": 0.5})


def test_paragraphs_and_rows_are_joined_and_tables_get_their_rule(blocks: list[str]) -> None:
    assert blocks[2] == "A paragraph of 3.0 lines."
    assert blocks[3].splitlines() == [
        "| what | how much | b |",
        "| --- | ---: | ---: |",
        "| a | **50.0 %** | `code` |",
        "| c | **50.0 %** | `code` |",
    ]


def test_markdown_names_pictures_and_says_where_sounds_are(blocks: list[str]) -> None:
    text = to_markdown(blocks, SOUNDS, "whole.html")
    assert '![with "quotes"](picture.png)' in text
    assert text.count("To be heard: 2 sounds in [whole.html](whole.html).") == 1
    assert "@sounds" not in text
    assert "\n\n\n" not in text


def test_html_holds_its_pictures_and_sounds_and_escapes_words(blocks: list[str], tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"pixels")
    html = to_html(blocks, SOUNDS, tmp_path, "A <title>")
    assert base64.b64encode(b"pixels").decode() in html
    assert 'alt="with &#34;quotes&#34;"' in html
    assert html.count("<audio controls") == 2
    assert "<title>A &lt;title&gt;</title>" in html
    assert "<h1>A &lt;title&gt;</h1>" in html
    assert "<h3>a &lt;line&gt;</h3>" in html
    assert '<a href="#part-one">Part one</a>' in html
    assert '<h2 id="part-one">Part one</h2>' in html
    assert '<td style="text-align:right"><strong>50.0 %</strong></td>' in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


@pytest.mark.parametrize(
    "label", ["a|b", "*a*", "`a", "![x](https://x.example/x.png)", "<img src=x>", "a\\|b"]
)
def test_a_label_stays_a_label(label: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever a library calls its techniques: one cell, no markup, nothing fetched."""
    table = "| {{ name }} | 1 |\n| {{ name }} | 2 |\n"
    monkeypatch.setattr(page._MARKDOWN_TEMPLATES, "loader", DictLoader({"page.md.j2": table}))
    html = to_html(compose_page("page.md.j2", {"name": label}), {}, tmp_path, "")
    shown = label.replace("<", "&lt;").replace(">", "&gt;")
    assert f"<td>{shown}</td>" in html
    assert f"<th>{shown}</th>" in html


@pytest.mark.parametrize("name", ["a`![x](http://x.example/x.png)`b", "a\n\n## b\x1b", "<script>", "a`<b>"])
def test_a_name_in_code_stays_there(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    template = "Of {{ name | code }}, that is {{ name }}."
    monkeypatch.setattr(page._MARKDOWN_TEMPLATES, "loader", DictLoader({"page.md.j2": template}))
    (block,) = compose_page("page.md.j2", {"name": name})
    html = to_html([block], {}, tmp_path, "")
    assert html.count("<code>") == 1
    assert html.count("<h2") == html.count("<img") == html.count("<script") == html.count("<b>") == 0
    assert "\x1b" not in html


def test_a_figure_that_is_missing_is_no_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page._MARKDOWN_TEMPLATES, "loader", DictLoader({"page.md.j2": "{{ missing }}"}))
    with pytest.raises(UndefinedError, match="missing"):
        compose_page("page.md.j2", {})


def test_figures_are_written_for_people() -> None:
    assert percent(0.1234) == "12.3 %"
    assert number(-1.25, 2) == "\N{MINUS SIGN}1.25"
    assert percent(None) == number(float("nan")) == "\N{EN DASH}"
    assert with_unit(0.5, "share") == "50.0 %"
    assert with_unit(2.0, "ratio") == "2.00"
    assert with_unit(2.0, "cents") == "2.0 cents"
    assert with_unit(None, "cents") == "\N{EN DASH}"
    assert mean_and_spread(12.34, None) == "12.3"
    assert mean_and_spread(0.5, 0.123) == "0.50 ± 0.12"
    assert mean_and_spread(None, None) == "\N{EN DASH}"
