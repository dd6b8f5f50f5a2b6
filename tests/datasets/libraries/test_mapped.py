"""Samples that a sampler's mapping labels; what Clariolin exports comes back as it was."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from aae.cli.app import main
from aae.notes.bank import NOT_GIVEN, NoteBank
from aae.rendering.manifest import read_manifest
from aae.synthesis.synthesizer import Synthesizer
from datasets.build import build
from datasets.libraries.registry import adapter_for, recognise
from datasets.plan import BuildSettings
from datasets.reading.files import survey
from datasets.reading.recording import Recording, SkipReason
from datasets.report import BuildFinished
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig
from tests.support.fake_synthesizer import INFO, FakeSynthesizer
from tests.support.libraries import write_decent_sampler, write_note, write_sfz

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)
OPTIONS = (
    "--notes C4,E4,G4,C5 --instrument violin --instrument cello --technique arco-normal --technique normal"
    " --dynamics forte --dynamics piano"
)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def recordings(format: str, source: Path) -> dict[str, Recording]:
    return {recording.id: recording for recording in adapter_for(format).recordings(source)}


def notes_of(source: Path, format: str, bank: Path) -> dict[str, tuple[Any, ...]]:
    """What a bank built from a folder says of each file: pitch and labels."""
    *_, last = build(source, format, bank, BuildSettings(config=SMALL), workers=1)
    assert isinstance(last, BuildFinished)
    assert not last.report.skips
    with NoteBank.open(bank) as notes:
        absent = [NOT_GIVEN] * len(notes)
        said = {
            name: [
                None if index == NOT_GIVEN else notes.attributes[name][index]
                for index in notes.labels.get(name, absent)
            ]
            for name in ("instrument", "technique", "dynamics")
        }
        rows = zip(notes.midi_pitch.tolist(), *said.values(), strict=True)
        return dict(zip((id_.rpartition("/")[2] for id_ in notes.ids), rows, strict=True))


@pytest.mark.parametrize(
    ("exported", "format"),
    [("sfz", "sfz"), ("decent-sampler", "decent-sampler"), ("dslibrary", "decent-sampler")],
)
def test_what_is_exported_comes_back_with_the_same_notes_and_labels(
    exported: str, format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aae.cli.render_options.read_info", lambda path: INFO)
    monkeypatch.setattr(Synthesizer, "open", lambda path, inverter: FakeSynthesizer())
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    out = tmp_path / "set"
    where = ["--model", str(tmp_path / "model.safetensors"), "--out", str(out)]
    assert main(["render", *where, *OPTIONS.split(), "--format", exported, "--workers", "1"]) == 0
    asked = {
        row["file"]: (
            row["midi_pitch"],
            *(next(iter(row["mix"][name])) for name in ("instrument", "technique", "dynamics")),
        )
        for row in read_manifest(out)
    }
    if exported == "dslibrary":
        for path in out.glob("*.wav"):
            path.unlink()
    assert len(asked) == 32
    assert notes_of(out, format, tmp_path / "named.h5") == asked
    assert notes_of(out, "auto", tmp_path / "auto.h5") == asked
    one = next(path for path in sorted(out.iterdir()) if path.suffix in {".sfz", ".dspreset", ".dslibrary"})
    alone = {file: said for file, said in asked.items() if said[1] == one.stem}
    assert notes_of(one, "auto", tmp_path / "one.h5") == alone


def test_a_mapping_gives_key_layer_turn_and_loop(tmp_path: Path) -> None:
    touch(tmp_path, *(f"Samples/{name}.wav" for name in "abcdef"))
    (tmp_path / "Programs").mkdir()
    (tmp_path / "Programs" / "Rhodes.sfz").write_text(
        "// a comment <region> sample=no.wav\n"
        "#define $LOW 48\n"
        "<control> default_path=..\\Samples\\\n"
        "<global> hivel=63 loop_mode=loop_continuous\n"
        "<group> key=$LOW seq_length=2\n"
        "<region>sample=a.wav seq_position=1 loop_start=10 loop_end=99\n"
        "<region> sample=b.wav seq_position=2\n"
        "<master> <group> key=c4 /* not\n this */ hivel=127 lovel=64\n"
        "<region> sample=C.WAV\n"
        "<region> sample=d.wav lokey=50 hikey=70 pitch_keycenter=d#3 transpose=12 tune=40\n"
        "<global>\n<region> sample=e.wav pitch_keytrack=0\n"
        "<region> sample=f.wav trigger=release key=60\n<region> sample=*sine key=60\n"
    )
    found = recordings("sfz", tmp_path)
    assert {id_[8]: note.midi_pitch for id_, note in found.items() if not note.skip} == {
        "a": 48, "b": 48, "c": 60, "d": 39, "e": -1,
    }  # fmt: skip
    assert (
        found["Samples/a.wav"].labels
        == {
            "instrument": "rhodes",
            "round-robin": "1",
            "sample-loop": "looped",
            "dynamics": "pianissimo",
        }
        or "dynamics" not in found["Samples/a.wav"].labels
    )
    skip = found["Samples/f.wav"].skip
    assert skip is not None
    assert "no key that is struck" in skip.detail


def test_articulations_layers_and_words_of_names(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{how}_{loud}.wav" for how in ("arco", "pizz") for loud in ("mf", "ff")))
    lines = [
        f"<group> sw_label={how} <region> key=60 sample={how}_{loud}.wav {velocities}"
        for how in ("arco", "pizz")
        for loud, velocities in (("mf", "hivel=100"), ("ff", "lovel=101"))
    ]
    (tmp_path / "main.sfz").write_text("\n".join(lines))
    found = recordings("sfz", tmp_path)
    assert {id_: note.labels["technique"] for id_, note in found.items()} == {
        "arco_ff.wav": "arco", "arco_mf.wav": "arco", "pizz_ff.wav": "pizz", "pizz_mf.wav": "pizz",
    }  # fmt: skip
    assert [note.labels["dynamics"] for note in found.values()] == ["fortissimo", "mezzo-forte"] * 2
    assert found["arco_ff.wav"].labels["instrument"] == tmp_path.name.replace("_", "-").strip("-")


def test_layers_without_words_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "b.wav")
    (tmp_path / "x.sfz").write_text(
        "<region> key=60 sample=a.wav hivel=126\n<region> key=60 sample=b.wav lovel=1 hivel=126"
    )
    assert [note.labels["dynamics"] for note in recordings("sfz", tmp_path).values()] == [
        "layer-1",
        "layer-2",
    ]


def test_a_mapping_is_recognised_if_it_names_most_samples(tmp_path: Path) -> None:
    write_sfz(tmp_path)
    adapter, why = recognise(survey(tmp_path))
    assert (adapter.name, why) == ("sfz", "8 of 8 samples are named by Programs/Rhodes.sfz")
    for number in range(9):
        write_note(tmp_path / f"other/C4_{number}.wav", "C4")
    assert recognise(survey(tmp_path))[0].name == "folder"
    other = recordings("sfz", tmp_path)["other/C4_0.wav"].skip
    assert other is not None
    assert (other.reason, other.detail) == (SkipReason.TAG, "no SFZ mapping plays it")


def test_the_mapping_is_the_label_where_names_say_another_octave(tmp_path: Path) -> None:
    write_sfz(tmp_path)
    said = notes_of(tmp_path, "auto", tmp_path / "x.h5")
    assert said["C2.wav"] == (48, "rhodes", None, None)
    assert notes_of(tmp_path / "Programs/Rhodes.sfz", "auto", tmp_path / "y.h5") == said


def test_samples_outside_the_folder_or_missing_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "secret.wav", "lib/a.wav")
    (tmp_path / "lib/x.sfz").write_text(
        "<region> key=60 sample=a.wav\n<region> key=61 sample=../secret.wav\n"
        "<region> key=62 sample=gone.wav\n<region> key=63 sample=/etc/passwd\n"
        "<region> key=64 sample=C:\\a.wav\n"
    )
    skips = {id_: note.skip.detail for id_, note in recordings("sfz", tmp_path / "lib").items() if note.skip}
    assert skips == {
        "../secret.wav": "named by x.sfz, but outside the folder",
        "gone.wav": "named by x.sfz, but not in the folder",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('#include "x.sfz"\n', "includes x.sfz again and again"),
        ('#include "../../outside.sfz"\n', "is no file in"),
        ('#include "gone.sfz"\n', "is no file in"),
        ("<region> sample=" + "a" * 70_000, "no mapping"),
        ("#define $A " + "x" * 60_000 + "\n<region> sample=$A$A\n", "no mapping"),
        ("/* */" + " " * (17 << 20), "larger than 16 MB"),
    ],
)
def test_a_hostile_sfz_is_refused_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    touch(tmp_path, "in/a.wav", "outside.sfz")
    (tmp_path / "in/x.sfz").write_text(text)
    for source in (tmp_path / "in", tmp_path / "in/x.sfz"):
        with pytest.raises(InputError, match=said) as refused:
            adapter_for("sfz").recordings(source)
        assert "\n" not in str(refused.value)
    assert recognise(survey(tmp_path / "in"))[0].name == "folder"
    (tmp_path / "in/y.sfz").write_text("<region> key=60 sample=a.wav")
    good = recordings("sfz", tmp_path / "in")
    assert good["a.wav"].midi_pitch == 60
    refused_one = good["x.sfz"].skip
    assert refused_one is not None
    assert refused_one.reason is SkipReason.UNREADABLE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<DecentSampler>", "no XML"),
        ("not xml", "no XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><DecentSampler/>', "document type"),
        ("<a>" * 100 + "</a>" * 100, "too many elements"),
        (" " * (17 << 20), "larger than 16 MB"),
    ],
)
def test_a_hostile_preset_is_refused_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    (tmp_path / "x.dspreset").write_text(text)
    with pytest.raises(InputError, match=said):
        adapter_for("decent-sampler").recordings(tmp_path)
    with zipfile.ZipFile(tmp_path / "y.dslibrary", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.dspreset", text)
    (tmp_path / "x.dspreset").unlink()
    with pytest.raises(InputError, match=said):
        adapter_for("decent-sampler").recordings(tmp_path)


def test_presets_hand_attributes_down(tmp_path: Path) -> None:
    write_decent_sampler(tmp_path)
    found = recordings("decent-sampler", tmp_path)
    assert [note.midi_pitch for note in found.values()] == list(range(48, 56))
    (tmp_path / "Rhodes.dspreset").write_text(
        '<DecentSampler><groups seqMode="round_robin" groupTuning="12">'
        '<group tuning="-0.2" trigger="release">'
        '<sample path="Samples/48.wav" rootNote="60.0" seqPosition="2" trigger="attack" loopEnabled="true"'
        ' loopStart="5" loopEnd="9"/><sample path="Samples\\49.wav" rootNote="x"/></group>'
        "</groups></DecentSampler>"
    )
    found = recordings("decent-sampler", tmp_path)
    first, second = found["Samples/48.wav"], found["Samples/49.wav"].skip
    assert first.midi_pitch == 48
    assert first.labels == {"instrument": "rhodes", "round-robin": "2", "sample-loop": "looped"}
    assert second is not None


def test_damaged_archives_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.dslibrary").write_bytes(b"PK no archive")
    with pytest.raises(InputError, match=r"x\.dslibrary cannot be read"):
        adapter_for("decent-sampler").recordings(tmp_path)
