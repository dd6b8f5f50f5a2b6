import base64
from pathlib import Path

import numpy as np

from aae.evaluation.measures.mixing import MixCurve
from aae.evaluation.report.blocks import (
    Block,
    Picture,
    SoundLine,
    Sounds,
    Text,
    number,
    percent,
    table,
    to_markdown,
)
from aae.evaluation.report.page_html import to_html

BLOCKS: list[Block] = [
    Text("# A <title>"),
    Text("## Part one"),
    Text(table(["what", "how much"], [["`code`", "**1**"]])),
    Picture("picture.png", 'with "quotes"'),
    Sounds((SoundLine("a <line>", ("first", "second"), ("data:a", "data:b")),)),
    Sounds(()),
]


def test_markdown_names_pictures_and_says_where_sounds_are() -> None:
    page = to_markdown(BLOCKS, "whole.html")
    assert "| what | how much |\n| --- | ---: |\n| `code` | **1** |" in page
    assert '![with "quotes"](picture.png)' in page
    assert page.count("To be heard: 2 sounds in [whole.html](whole.html).") == 1


def test_html_holds_its_pictures_and_sounds_and_escapes_words(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"pixels")
    page = to_html(BLOCKS, tmp_path, "A <title>")
    assert base64.b64encode(b"pixels").decode() in page
    assert page.count("<audio controls") == 2
    assert "<title>A &lt;title&gt;</title>" in page
    assert "<line>" not in page
    assert '<a href="#part-one">Part one</a>' in page
    assert '<h2 id="part-one">' in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_figures_are_written_for_people() -> None:
    assert percent(0.1234) == "12.3 %"
    assert number(-1.25, 2) == "\N{MINUS SIGN}1.25"
    assert percent(None) == number(float("nan")) == "\N{EN DASH}"


def test_a_mix_is_steady_if_the_second_s_part_never_falls() -> None:
    rising = np.linspace(0.0, 1.0, 11)
    assert MixCurve("a", "b", 60, np.stack([1.0 - rising, rising], axis=1)).rises
    others_between = np.stack([(1.0 - rising) ** 3, rising**3], axis=1)
    assert MixCurve("a", "b", 60, others_between).rises
    falling = rising.copy()
    falling[5] = 0.1
    assert not MixCurve("a", "b", 60, np.stack([1.0 - falling, falling], axis=1)).rises
