"""One vocabulary for all libraries; banks joined and taken apart."""

from pathlib import Path

import numpy as np
import pytest

from aae.notes.bank import NOT_GIVEN, NoteBank
from datasets.banks import BanksFinished, _file_names, merge, split_by
from datasets.build import build
from datasets.libraries.sol_names import INSTRUMENTS
from datasets.plan import BuildSettings
from datasets.reading.aliases import STANDARD_TABLE, Vocabulary
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig
from tests.support.libraries import write_note, write_orchideasol

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)


def bank_of(source: Path, out: Path, format: str = "auto", config: SpectrogramConfig = SMALL) -> Path:
    for _event in build(source, format, out, BuildSettings(fewest=1, config=config), workers=1):
        pass
    return out


@pytest.fixture(scope="module")
def two_banks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An OrchideaSOL of violin and flute, and a Philharmonia of violin with one file of the former."""
    folder = tmp_path_factory.mktemp("two")
    write_orchideasol(folder / "sol", ("C4", "D#4"))
    for note in ("C4", "E4"):
        name = f"violin_{note}_05_forte_arco-normal.wav"
        write_note(folder / "phil" / name, note, seed=9)
    copy = folder / "sol/Strings/Violin/ordinario/Vn-ord-C4-mf-4c-N.wav"
    (folder / "phil/violin_C4_1_forte_arco-normal.wav").write_bytes(copy.read_bytes())
    return bank_of(folder / "sol", folder / "sol.h5"), bank_of(folder / "phil", folder / "phil.h5")


def merged(paths: list[Path], out: Path, **settings: Vocabulary | dict[str, str]) -> BanksFinished:
    (*_progress, last) = merge(paths, out, **settings)  # type: ignore[arg-type]
    assert isinstance(last, BanksFinished)
    return last


def test_two_libraries_become_one_in_the_same_words(two_banks: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "both.h5"
    finished = merged(list(two_banks), out, vocabulary=Vocabulary.standard())
    assert finished.banks == {out: 8}
    assert finished.duplicates == 1
    assert ("technique", "ordinario", "normal") in finished.renamed
    assert ("technique", "arco-normal", "normal") in finished.renamed
    with NoteBank.open(out) as bank, NoteBank.open(two_banks[0]) as first:
        assert bank.attributes["instrument"] == ("flute", "violin")
        assert bank.attributes["technique"] == ("fluttertonguing", "normal")
        assert bank.attributes["dynamics"] == ("forte", "fortissimo", "mezzo-forte", "pianissimo")
        assert bank.ids[0] == f"sol/{first.ids[0]}"
        assert all(id_.startswith(("sol/", "phil/")) for id_ in bank.ids)
        assert (bank.labels["mute"] == NOT_GIVEN).sum() == 2
        assert np.abs(bank.waveform(0) - first.waveform(0)).max() < 1e-6
        assert np.array_equal(bank.log_mel(0), first.log_mel(0))
        assert np.array_equal(bank.split[: len(first)], first.split)
        assert "Philharmonia" in bank.provenance["title"]
        assert "Attribution" in bank.provenance["licence"]
        assert len(bank.provenance["banks"]) == 2


def test_own_words_and_tags_are_kept(two_banks: tuple[Path, Path], tmp_path: Path) -> None:
    merged(list(two_banks), tmp_path / "both.h5", tags={"room": "church"})
    with NoteBank.open(tmp_path / "both.h5") as bank:
        assert {"ordinario", "arco-normal"} <= set(bank.attributes["technique"])
        assert bank.attributes["room"] == ("church",)


def test_a_merged_bank_may_be_merged_again(two_banks: tuple[Path, Path], tmp_path: Path) -> None:
    merged(list(two_banks), tmp_path / "both.h5")
    again = merged([tmp_path / "both.h5", two_banks[0]], tmp_path / "again.h5")
    assert (sum(again.banks.values()), again.duplicates) == (8, 6)
    with NoteBank.open(tmp_path / "again.h5") as bank:
        assert len(set(bank.ids)) == 8


def test_merging_is_the_same_twice(two_banks: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        merged(list(two_banks), tmp_path / name, vocabulary=Vocabulary.standard())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_banks_that_cannot_be_merged_are_refused(two_banks: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two or more"):
        merged([two_banks[0]], tmp_path / "a.h5")
    with pytest.raises(InputError, match="another name"):
        merged(list(two_banks), two_banks[0])
    write_note(tmp_path / "other/x_C4.wav", "C4")
    other = bank_of(
        tmp_path / "other", tmp_path / "other.h5", config=SpectrogramConfig(n_fft=2048, n_mels=40)
    )
    with pytest.raises(InputError, match="n_mels"):
        merged([two_banks[0], other], tmp_path / "a.h5")
    assert not (tmp_path / "a.h5").exists()


def test_parts_of_a_bank_have_names_of_their_own() -> None:
    names = _file_names(["Violin", "violin", "a/b", "a b", "con", "弦" * 90, "弦" * 91, "flu\u0302te"])
    assert names[:5] == ["Violin.h5", "violin-2.h5", "a-b.h5", "a-b-2.h5", "sound-con.h5"]
    assert names[7] == "fl\u00fbte.h5"
    assert all(len(f".{name}.4194304.partial".encode()) <= 255 for name in names)
    assert len({name.casefold() for name in names}) == len(names)


def test_a_bank_is_split_by_an_attribute(two_banks: tuple[Path, Path], tmp_path: Path) -> None:
    (*_progress, last) = split_by(two_banks[0], "instrument", tmp_path / "parts")
    assert isinstance(last, BanksFinished)
    assert {path.name: count for path, count in last.banks.items()} == {"flute.h5": 2, "violin.h5": 4}
    with NoteBank.open(tmp_path / "parts/violin.h5") as bank:
        assert bank.attributes["instrument"] == ("violin",)
        assert bank.attributes["technique"] == ("ordinario",)
        assert bank.provenance["part"] == {"instrument": "violin"}
    with pytest.raises(InputError, match="instrument"):
        list(split_by(two_banks[0], "colour", tmp_path / "parts"))


@pytest.mark.parametrize(
    ("attribute", "label", "word"),
    [
        ("instrument", "english-horn", "cor-anglais"),
        ("instrument", "violoncello", "cello"),
        ("technique", "pizzicato-secco", "pizz-normal"),
        ("technique", "pizz", "pizz-normal"),
        ("dynamics", "pp", "pianissimo"),
        ("instrument", "kazoo", "kazoo"),
        ("mood", "pp", "pp"),
    ],
)
def test_the_standard_table_knows_the_libraries_words(attribute: str, label: str, word: str) -> None:
    assert Vocabulary.standard().word(attribute, label) == word


def test_the_standard_table_settles_in_one_step() -> None:
    standard = Vocabulary.standard()
    for attribute, words in standard._words.items():
        for label, word in words.items():
            assert standard.word(attribute, word) == word, f"{attribute} {label} -> {word} -> ..."
    assert STANDARD_TABLE.is_file()
    assert INSTRUMENTS["tpc"] == "Trumpet in C"


def test_a_table_of_ones_own_goes_first(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('[technique]\nplucked = ["Pizz"]\n[mood]\ndark = ["gloomy"]\n')
    vocabulary = Vocabulary.standard(own)
    assert vocabulary.apply({"technique": "pizz", "mood": "gloomy", "dynamics": "ff"}) == {
        "technique": "plucked",
        "mood": "dark",
        "dynamics": "fortissimo",
    }
    assert vocabulary.digest != Vocabulary.standard().digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("technique", "no TOML"),
        ('technique = "pizz"', "must hold lines"),
        ('[technique]\npizz = "p"', "must hold lines"),
        ('[technique]\na = ["x"]\nb = ["x"]', "is both a and b"),
    ],
)
def test_a_broken_table_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        Vocabulary.standard(tmp_path / "mine.toml")
    with pytest.raises(InputError, match="no table of aliases"):
        Vocabulary.standard(tmp_path / "nowhere.toml")
