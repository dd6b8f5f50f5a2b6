"""One contract over all adapters, with files in each library's naming; then what each does of its own."""

from pathlib import Path

import pytest

from aae.cli.dataset import other_options
from aae.notes.bank import UNPITCHED
from datasets.libraries.folder import Folder
from datasets.libraries.philharmonia import Philharmonia
from datasets.libraries.registry import ADAPTERS, adapter_for
from datasets.reading.files import audio_names
from datasets.reading.recording import Recording, Skip, SkipReason
from mcnn.errors import InputError
from tests.support.libraries import LIBRARIES, write_own_folder
from tests.support.synth import silence, write_table, write_wav


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def recordings(adapter: str, source: Path) -> dict[str, Recording]:
    return {recording.id: recording for recording in adapter_for(adapter).recordings(source)}


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_adapter_keeps_the_contract(name: str, tmp_path: Path) -> None:
    LIBRARIES[name](tmp_path)
    adapter = adapter_for(name)
    assert adapter.name == name
    assert adapter.title
    assert adapter.licence
    assert adapter.credits
    found = adapter.recordings(tmp_path)
    assert found == adapter.recordings(tmp_path)
    ids = [recording.id for recording in found]
    assert ids == sorted(set(ids))
    assert name == "soundfont" or ids == audio_names(tmp_path)
    for recording in found:
        assert recording.skip is None
        assert recording.midi_pitch is None or recording.midi_pitch in {UNPITCHED, *range(128)}
        assert recording.labels
        assert not recording.labels.keys() & other_options(), "an option of `render`"
        assert all(label and label == label.strip().lower() for label in recording.labels.values())
    assert set(adapter.rare) <= {label for recording in found for label in recording.labels}


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_adapter_refuses_a_folder_without_recordings(name: str, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    with pytest.raises(InputError, match="no "):
        adapter_for(name).recordings(tmp_path)


def test_an_unknown_format_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"auto, decent-sampler, folder, .*philharmonia"):
        adapter_for("filharmonia")


def test_hidden_files_and_other_files_are_no_recordings(tmp_path: Path) -> None:
    touch(
        tmp_path, "a.wav", "B.WAV", ".hidden.wav", ".git/c.wav", "notes.txt", "deep/er/d.Flac", "e.wav/f.mp3"
    )
    assert audio_names(tmp_path) == [
        "B.WAV",
        "a.wav",
        "deep/er/d.Flac",
        "e.wav/f.mp3",
    ]


def test_philharmonia_names_are_read_in_the_librarys_words(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "cello/cello_Gs4_05_fortissimo_arco-normal.mp3",
        "french horn/french-horn_As1_very-long_cresc-decresc_normal.mp3",
        "percussion/thai gong/Thai-gong__long_forte_undamped.mp3",
    )
    found = recordings("philharmonia", tmp_path)
    cello, horn, gong = found.values()
    assert cello.midi_pitch == 68
    assert cello.labels == {
        "instrument": "cello",
        "technique": "arco-normal",
        "dynamics": "fortissimo",
        "duration": "05",
    }
    assert (horn.midi_pitch, horn.labels["instrument"], horn.labels["duration"]) == (
        34,
        "french-horn",
        "very-long",
    )
    assert (gong.midi_pitch, gong.labels["instrument"]) == (UNPITCHED, "thai-gong")


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        ("cello_C4_phrase_forte_arco-normal", SkipReason.PHRASE, "arco-normal"),
        ("cowbell__phrase_forte_rhythm", SkipReason.PHRASE, "rhythm"),
        ("cello_C4_forte_arco-normal", SkipReason.TAG, "4 fields"),
        ("cello_H4_05_forte_arco-normal", SkipReason.TAG, "'h4' is not a note"),
        ("cello_C4_7_forte_arco-normal", SkipReason.TAG, "'7'"),
        ("cello_C4_05_loud_arco-normal", SkipReason.TAG, "'loud'"),
        ("cello_C4_05_forte_arco normal", SkipReason.TAG, "'arco normal'"),
        ("_C4_05_forte_normal", SkipReason.TAG, "''"),
    ],
)
def test_philharmonia_says_what_it_does_not_understand(
    name: str, reason: SkipReason, said: str, tmp_path: Path
) -> None:
    touch(tmp_path, f"{name}.mp3", "cello_C4_05_forte_arco-normal.mp3")
    skip = recordings("philharmonia", tmp_path)[f"{name}.mp3"].skip
    assert skip is not None
    assert skip.reason is reason
    assert said in skip.detail


def test_philharmonia_drops_rare_techniques_and_unpitched_sounds() -> None:
    assert Philharmonia.rare == ("technique",)
    assert not Philharmonia.keeps_unpitched
    assert Folder.keeps_unpitched


def test_without_a_table_folders_are_the_instrument_and_the_name_has_the_note(tmp_path: Path) -> None:
    write_own_folder(tmp_path)
    found = [(r.id, r.midi_pitch, dict(r.labels)) for r in recordings("folder", tmp_path).values()]
    assert found == [
        ("Oboe/long/Oboe C4.wav", 60, {"instrument": "oboe-long"}),
        ("Oboe/short/oboe_x_Db5_v2.wav", 73, {"instrument": "oboe-short"}),
        ("kalimba/pling.wav", None, {"instrument": "kalimba"}),
    ]


def test_audio_right_in_the_folder_takes_the_folders_name(tmp_path: Path) -> None:
    touch(tmp_path / "My Kalimba", "a.wav")
    assert recordings("folder", tmp_path / "My Kalimba")["a.wav"].labels == {"instrument": "my-kalimba"}


@pytest.mark.parametrize("table", ["tags.csv", "tags.tsv", "tags.jsonl"])
def test_a_table_gives_notes_and_any_attributes(table: str, tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "sub/b.wav", "c.wav", "d.wav", "e.wav")
    separator = "\t" if table == "tags.tsv" else ","
    lines = [("File", "note", "Mood of it"), ("a.wav", "Bb3", "Very Sad"), ("sub\\b.wav", "61", "glad")]
    lines += [("c.wav", "", ""), ("d.wav", "unpitched", "glad")]
    if table == "tags.jsonl":
        write_table(
            tmp_path, [dict(zip(("file", "note", "mood of it"), line, strict=True)) for line in lines[1:]]
        )
    else:
        (tmp_path / table).write_text("\n".join(separator.join(line) for line in lines), encoding="utf-8-sig")
    found = recordings("folder", tmp_path)
    assert {id_: (r.midi_pitch, dict(r.labels)) for id_, r in found.items() if not r.skip} == {
        "a.wav": (58, {"mood-of-it": "very-sad"}),
        "c.wav": (None, {}),
        "d.wav": (UNPITCHED, {"mood-of-it": "glad"}),
        "sub/b.wav": (61, {"mood-of-it": "glad"}),
    }
    left_out = found["e.wav"].skip
    assert left_out is not None
    assert left_out.reason is SkipReason.TAG


def test_rows_of_missing_files_and_odd_notes_are_skips(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    (tmp_path / "tags.csv").write_text("file,midi_pitch\na.wav,H2\ngone.wav,60\n../a.wav,60\n")
    skips = {id_: recording.skip for id_, recording in recordings("folder", tmp_path).items()}
    assert {id_: skip.reason for id_, skip in skips.items() if skip} == {
        "a.wav": SkipReason.TAG,
        "gone.wav": SkipReason.UNREADABLE,
        "../a.wav": SkipReason.UNREADABLE,
    }


@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("tags.csv", "name,note\na.wav,C4\n", "no column `file`: it has name, note"),
        ("tags.csv", "file,note\n", "no rows"),
        ("tags.csv", "file,a\x1b[31m\na.wav,x\n", r"column 'a\\x1b\[31m' cannot be used"),
        ("tags.csv", "file,Mood,mood\na.wav,x,y\n", "two columns `mood`"),
        ("tags.csv", "file,,note\na.wav,x,C4\n", "row 2: a value in a column without a name"),
        ("tags.csv", "file,note\n,C4\n", "row 2: the column `file` is empty"),
        ("tags.csv", "file,note\na.wav,C4\na.wav,C5\n", "has a row already"),
        ("tags.csv", "file,note\na.wav,C4,extra\n", "row 2"),
        ("tags.csv", "file,note\na.wav\n", "row 2"),
        ("tags.csv", 'file,note\n"a.wav,C4\n', "row"),
        ("tags.jsonl", "not json\n", "row 1"),
        ("tags.jsonl", '["a.wav"]\n', "object of plain values"),
        ("tags.jsonl", '{"file": "a.wav", "note": {"deep": 1}}\n', "object of plain values"),
    ],
)
def test_a_broken_table_is_refused_with_its_row(table: str, text: str, said: str, tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    (tmp_path / table).write_text(text)
    with pytest.raises(InputError, match=said):
        adapter_for("folder").recordings(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "file;note;mood\na.wav;C4;very dark\n",
        "File,MIDI_Pitch,Mood,,\na.wav,60.0,Very Dark,,\n",
        "file,pitch,mood\nFOLDER/a.wav,C4,very dark\n",
        'file,midi,mood\na.wav,60,"very\ndark"\n',
        "file,note,midi_pitch,mood\r\na.wav,C4,60,very dark\r\n\r\n",
    ],
)
def test_what_spreadsheets_write_is_understood(text: str, tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    (tmp_path / "tags.csv").write_text(text.replace("FOLDER", str(tmp_path)), newline="")
    (recording,) = adapter_for("folder").recordings(tmp_path)
    assert recording == Recording("a.wav", 60, {"mood": "very-dark"})


@pytest.mark.parametrize(
    ("notes", "pitches"),
    [
        (("Cis4", "B4", "H4", "Es4"), [61, 70, 71, 63]),
        (("C sharp 4", "B4", "E\u266d4", "Bb4"), [61, 71, 63, 70]),
        (("C#4", "As4", "Gs4", "D-flat-3"), [61, 70, 68, 49]),
    ],
)
def test_a_tables_notes_are_read_in_its_language(
    notes: tuple[str, ...], pitches: list[int], tmp_path: Path
) -> None:
    rows = [{"file": f"{number}.wav", "note": note} for number, note in enumerate(notes)]
    touch(tmp_path, *(row["file"] for row in rows))
    write_table(tmp_path, rows)
    assert [recording.midi_pitch for recording in adapter_for("folder").recordings(tmp_path)] == pitches


def test_two_notes_that_disagree_are_not_understood(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    (tmp_path / "tags.csv").write_text("file,note,midi_pitch\na.wav,C4,62\n")
    (recording,) = adapter_for("folder").recordings(tmp_path)
    assert recording.skip == Skip("a.wav", SkipReason.TAG, "its midi_pitch is 62, but its note is C4")


def test_two_tables_and_foreign_encodings_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    (tmp_path / "tags.csv").write_bytes("file,mood\na.wav,größer\n".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        adapter_for("folder").recordings(tmp_path)
    (tmp_path / "tags.tsv").touch()
    with pytest.raises(InputError, match=r"tags\.csv and tags\.tsv"):
        adapter_for("folder").recordings(tmp_path)


def test_silence_is_a_recording_to_the_adapter(tmp_path: Path) -> None:
    write_wav(tmp_path / "C4.wav", silence(0.1))
    assert recordings("folder", tmp_path)["C4.wav"].skip is None
