"""What a terminal is sent: names of strangers as text, messages of a sane length."""

import json
from pathlib import Path

import h5py
import pytest
from hypothesis import given

from aae.cli import console
from aae.cli.app import main
from aae.cli.console import ResultsConsole, print_json, say, table, warn
from mcnn.plain import MAX_MESSAGE_LENGTH, UNSHOWABLE, in_short, visible
from tests.support.labels import texts
from tests.support.toy_bank import write_toy_bank

ATTACK = "\x1b]0;owned\x07 \x9b31m \u202e caf\udce9"
SHOWN = r"\x1b]0;owned\x07 \x9b31m \u202e caf\udce9"


def test_controls_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    warn(ATTACK)
    results = console.results_console()
    results.print(f"{ATTACK} [red]é弦[/red]")
    row = table("name")
    row.add_row(ATTACK)
    results.print(row)
    said = capsys.readouterr()
    assert said.err == f"warning: {SHOWN}\n"
    assert said.out.startswith(f"{SHOWN} [red]é弦[/red]\n")
    assert said.out.count(SHOWN) == 2
    assert not UNSHOWABLE.search(said.out.replace("\n", ""))


def test_json_says_the_same_without_what_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"é弦": [ATTACK, "two\nlines"]}
    print_json(value)
    printed = capsys.readouterr().out
    assert "é弦" in printed
    assert not UNSHOWABLE.search(printed.replace("\n", ""))
    assert json.loads(printed) == value


def test_messages_are_of_a_sane_length(capsys: pytest.CaptureFixture[str]) -> None:
    say("a" * 1_000_000 + "end")
    said = capsys.readouterr().err
    assert len(said) == MAX_MESSAGE_LENGTH + 1
    assert said.endswith("end\n")
    assert main(["info", "x" * 100_000 + ".safetensors"]) != 0
    assert len(capsys.readouterr().err) < MAX_MESSAGE_LENGTH + 100


def test_errors_show_what_was_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["info", str(tmp_path / "a\x1b[31m.safetensors")]) == 2
    said = capsys.readouterr().err
    assert r"a\x1b[31m.safetensors" in said
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_what_a_bank_says_of_its_files_is_shown_as_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write_toy_bank(tmp_path / "notes.h5", 4)
    with h5py.File(path, "r+") as file:
        file["notes/clipped"][:] = 5
        file["notes/id"][0] = "a\x1b]0;owned\x07.wav"
    assert main(["dataset", "info", str(path)]) == 0
    said = capsys.readouterr().out
    assert r"a\x1b]0;owned\x07.wav" in said
    assert "\x1b" not in said


def test_a_bar_shows_the_names_of_files_as_they_are() -> None:
    bar = console.progress_bar()
    task = bar.add_task("Rendering", total=2, note="[red]\x1b[31m" + "x" * 200)
    (column,) = [column for column in bar.columns if isinstance(column, console._NoteColumn)]
    shown = column.render(bar.tasks[task]).plain
    assert shown.startswith(r"[red]\x1b[31mxxx")
    assert len(shown) <= 80


@given(texts)
def test_any_text_is_one_printable_line(text: str) -> None:
    shown = visible(text)
    assert not UNSHOWABLE.search(shown)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert ResultsConsole(markup=False, emoji=False).render_str(text).plain.encode("utf-8") is not None
    assert len(in_short(text, 40)) <= 40
