"""`clariolin dataset` as it is typed."""

import json
from pathlib import Path

import pytest
from PIL import Image

from aae.cli.app import main
from aae.cli.dataset import format_names, parse_tags
from aae.notes.bank import NoteBank
from datasets.libraries.registry import ADAPTERS, AUTO
from mcnn.errors import InputError
from tests.support.libraries import write_note, write_tinysol, write_vsco


def test_the_help_lists_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "build", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
    assert f"Which library it is: {', '.join([AUTO, *sorted(ADAPTERS)])}." in said
    assert format_names() == (AUTO, *sorted(ADAPTERS))


def test_a_library_is_recognised_built_and_told_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_vsco(tmp_path / "vsco", ("C3", "D3", "E3", "F3"))
    out = tmp_path / "notes.h5"
    build = ["dataset", "build", str(tmp_path / "vsco"), "--out", str(out), "--workers", "1"]
    assert main([*build, "--fix-octaves", "--tag", "Room=Church", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["format"], report["notes"]) == ("vsco", 8)
    assert report["chosen_because"].startswith("8 of 8 names")
    assert report["offsets"][0]["semitones"] == 12
    assert report["recordings_per_second"] > 0
    assert report["peak_memory_mb"] > 50
    with NoteBank.open(out) as bank:
        assert bank.attributes["room"] == ("church",)
    assert main([*build, "--shared-words"]) == 0
    said = capsys.readouterr().out
    assert "Read as vsco: 8 of 8 names" in said
    assert "sounds an octave above its labels (4 of 4 measured notes); --fix-octaves" in said
    with NoteBank.open(out) as bank:
        assert bank.attributes["technique"] == ("normal",)


def test_only_the_labels_that_are_wanted_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, instrument in enumerate(("oboe", "flute", "cello")):
        for note in ("C4", "D4"):
            write_note(tmp_path / f"library/{instrument}/{note}.wav", note, seed=number)
    out = tmp_path / "notes.h5"
    build = ["dataset", "build", str(tmp_path / "library"), "--out", str(out), "--workers", "1"]
    assert main([*build, "--only", "Instrument=flute, Oboe", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recordings"] == 4
    with NoteBank.open(out) as bank:
        assert bank.attributes["instrument"] == ("flute", "oboe")
    assert main([*build, "--only", "instrument=cello", "--limit", "1"]) == 0
    with NoteBank.open(out) as bank:
        assert bank.ids == ["cello/C4.wav"]
    capsys.readouterr()
    for only, said in (
        ("instrument=tuba", "--only instrument=tuba: there is cello, flute, oboe"),
        ("mood=dark", "no recording has this attribute; there is instrument"),
        ("instrument", "write for example instrument=violin,cello"),
        ("=x", "write for example instrument=violin,cello"),
    ):
        assert main([*build, "--only", only]) == 2
        assert said in capsys.readouterr().err


def test_a_library_of_which_nothing_becomes_a_note_says_why_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tinysol(tmp_path / "sol")
    build = ["dataset", "build", str(tmp_path / "sol"), "--out", str(tmp_path / "notes.h5"), "--workers", "1"]
    assert main(build) == 2
    said = capsys.readouterr().err
    assert "none of the 2 recordings" in said
    assert "read as tinysol" in said
    assert "BTb-ord-C4-mf-N-N.wav: technique ordinario: 2 notes, fewer than 8" in said
    assert said.rstrip().endswith("--keep-rare keeps labels that few notes have")
    assert main([*build, "--keep-rare", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == 2


def test_banks_are_merged_split_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    banks = []
    for number, instrument in enumerate(("english-horn", "cello")):
        folder = tmp_path / f"library{number}" / instrument
        for note in ("C4", "D4", "E4"):
            write_note(folder / f"{note}.wav", note, seed=number)
        banks.append(str(tmp_path / f"{number}.h5"))
        build = ["dataset", "build", str(folder.parent), "--format", "folder", "--workers", "1"]
        assert main([*build, "--out", banks[-1]]) == 0
    both, parts = tmp_path / "both.h5", tmp_path / "parts"
    assert main(["dataset", "merge", *banks, "--out", str(both)]) == 0
    said = capsys.readouterr().out
    assert "english-horn" in said
    assert "cor-anglais" in said
    assert main(["dataset", "split", str(both), "--by", "instrument", "--out", str(parts), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["banks"] == {str(parts / f"{name}.h5"): 3 for name in ("cello", "cor-anglais")}
    picture = tmp_path / "both.png"
    assert main(["dataset", "info", str(both), "--picture", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "tuning" in said
    assert "+0 cents" in said or "-0 cents" in said
    with Image.open(picture) as image:
        assert image.width > 1000
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 50


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "notes.h5", "--picture", "notes.jpg"], "ends in .png"),
        (["merge", "a.h5", "--out", "b.h5"], "two or more"),
        (["build", ".", "--out", "b.h5", "--tag", "room"], "room=church"),
        (["build", ".", "--out", "b.h5", "--aliases", "gone.toml"], "gone.toml"),
        (["build", "nowhere", "--out", "b.h5"], "there is nothing at nowhere"),
        (["split", "a.h5", "--by", "x", "--out", "y"], "no NoteBank at a.h5"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["dataset", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error


def test_an_attribute_called_like_an_option_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_note(tmp_path / "library/a.wav", "C4")
    (tmp_path / "library/tags.csv").write_text("file,note,Seed\na.wav,C4,x\n")
    assert main(["dataset", "build", str(tmp_path / "library"), "--out", str(tmp_path / "notes.h5")]) == 2
    assert "cannot be called 'seed': --seed is another option of `render`" in capsys.readouterr().err
    with pytest.raises(InputError, match="an option of `render`"):
        parse_tags(["level=loud"])


def test_tags_are_attributes() -> None:
    assert parse_tags(["Mood = Very Sad", "x=a=b"]) == {"mood": "very-sad", "x": "a=b"}
    for text in ("mood", "=sad", "mood="):
        with pytest.raises(InputError):
            parse_tags([text])
    with pytest.raises(InputError, match="twice"):
        parse_tags(["a=b", "A=c"])
