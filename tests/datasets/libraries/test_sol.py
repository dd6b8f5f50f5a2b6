import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from aae.notes.bank import UNPITCHED, Split
from datasets.libraries.registry import adapter_for
from datasets.libraries.sol_names import parse_orchidea, parse_original
from datasets.reading.recording import SkipReason
from mcnn.errors import InputError
from tests.support.libraries import write_orchideasol

EXCERPT = Path(__file__).parents[2] / "support" / "orchideasol_excerpt.csv"
"""Every 60th of OrchideaSOL's names and all of its odd ones, from its own table (CC-BY 4.0, Ircam)."""


def tables() -> Iterator[Path]:
    """The excerpt, and the whole table if it lies in a folder `shared` above this project."""
    yield EXCERPT
    for folder in Path(__file__).resolve().parents:
        whole = folder / "shared" / "data" / "orchideasol" / "metadata.csv"
        if whole.is_file():
            yield whole
            return


@pytest.mark.parametrize("table", list(tables()), ids=lambda path: path.name)
def test_every_real_name_gives_exactly_the_columns_of_the_librarys_table(table: Path) -> None:
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 200
    for row in rows:
        columns = parse_orchidea(PurePosixPath(row["Path"])).columns()
        assert {"Path": row["Path"], "Fold": row["Fold"], **columns} == row


def test_mutes_techniques_and_dynamics_become_labels_in_full(tmp_path: Path) -> None:
    write_orchideasol(tmp_path, ("C4",))
    flute, violin, muted = adapter_for("orchideasol").recordings(tmp_path)[::-1]
    assert flute.labels == {
        "instrument": "flute",
        "technique": "flatterzunge",
        "mute": "none",
        "dynamics": "ff",
    }
    assert muted.midi_pitch == violin.midi_pitch == 60
    assert {violin.labels["mute"], muted.labels["mute"]} == {"none", "sordina"}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_pairs_are_left_out_and_unpitched_sounds_kept_apart(tmp_path: Path) -> None:
    pair = "Winds/Sax_Alto/harmonic_fingering/ASax-harm_fngr-C#3_B5-pp-N-N.wav"
    breath = "Brass/Bass_Tuba/breath/BTb-breath-N-pp-N-N.wav"
    fingered = "Winds/Bassoon/blow_without_reed/Bn-blow_no_reed-A#1-N-A#1-N.wav"
    odd = "Winds/Bassoon/ordinario/Bn-ord-H3-mf-N-N.wav"
    touch(tmp_path, pair, breath, fingered, odd)
    found = {recording.id: recording for recording in adapter_for("orchideasol").recordings(tmp_path)}
    skip = found[pair].skip
    assert skip is not None
    assert (skip.reason, skip.detail) == (SkipReason.PAIR, "C#3_B5")
    assert found[breath].midi_pitch == found[fingered].midi_pitch == UNPITCHED
    assert "dynamics" not in found[fingered].labels
    odd_skip = found[odd].skip
    assert odd_skip is not None
    assert odd_skip.reason is SkipReason.TAG


def test_the_official_folds_are_kept(tmp_path: Path) -> None:
    names = [f"Winds/Oboe/ordinario/Ob-ord-{note}-mf-N-N.wav" for note in ("C4", "D4", "E4", "F4")]
    touch(tmp_path / "TinySOL2020", *names)
    folds = zip(names, (0, 3, 4), strict=False)
    rows = [f"{name},{fold}\n" for name, fold in folds]
    (tmp_path / "TinySOL_metadata.csv").write_text("Path,Fold\n" + "".join(rows))
    splits = [recording.split for recording in adapter_for("tinysol").recordings(tmp_path)]
    assert splits == [Split.TRAIN, Split.VALIDATION, Split.TEST, None]


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "Ob-ord-C4-mf-N-N.wav")
    (tmp_path / "TinySOL_metadata.csv").write_bytes(b"Path,Fold\n\xff\xfe,1\n")
    with pytest.raises(InputError, match=r"TinySOL_metadata\.csv"):
        adapter_for("tinysol").recordings(tmp_path)


@pytest.mark.parametrize(
    ("name", "instrument", "technique", "pitch", "string"),
    [
        ("ASax-ord-D#5-mf", "Alto Saxophone", "ord", "D#5", None),
        ("trbt-ordinario-E3-pp", "Trombone", "ordinario", "E3", None),
        ("Cb-art-harm-D#4-mf-4c", "Contrabass", "art-harm", "D#4", 4),
        ("BClBb-flatt-A#4-f", "Bass Clarinet in Bb", "flatt", "A#4", None),
        ("Vn+sord-trem-A4-ff", "Violin", "trem", "A4", None),
    ],
)
def test_the_original_librarys_inconsistent_names_are_read(
    name: str, instrument: str, technique: str, pitch: str, string: int | None
) -> None:
    parsed = parse_original(PurePosixPath(f"{name}.wav"))
    assert parsed.instrument_in_full == instrument
    assert (parsed.technique, parsed.pitch, parsed.string) == (technique, pitch, string)


def test_a_folder_of_other_names_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "cello_C4_05_forte_arco-normal.mp3")
    with pytest.raises(InputError, match="Vc-ord-D3-pp-4c-N"):
        adapter_for("orchideasol").recordings(tmp_path)
