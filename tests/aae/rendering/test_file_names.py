"""Names of files and instruments: every script stays legible, nothing merges, all file systems take them."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aae.notes.safe_names import (
    MAX_NAME_BYTES,
    PRESET_SUFFIX,
    compared,
    is_safe_name,
    n_bytes,
    not_reserved,
    safe_part,
)
from aae.rendering.file_names import PresetNames, distinct_name, note_file_names
from mcnn.atomic import atomic_path
from tests.support.labels import SCRIPTS, SIGNS, distinct_labels, texts

RESERVED = '<>:"/\\|?*$`'
PARTIAL = ".{}.4194304.partial"


def _mixes(labels: list[str]) -> list[dict[str, dict[str, float]]]:
    return [{"instrument": {label: 1.0}} for label in labels]


def _files(labels: list[str]) -> list[str]:
    mixes = _mixes(labels)
    return note_file_names(["instrument"], mixes, mixes, [60], 1)


def _presets(labels: list[str]) -> list[str]:
    presets = PresetNames(["instrument"])
    return [presets.name(mix, mix, {"instrument"}) for mix in _mixes(labels)]


def test_names_in_latin_letters_are_those_of_older_sets() -> None:
    """A set that was begun before can be continued."""
    names = ["violin", "Oboe d'amore", "pizz: l.v. <dry>", "-x.", "a -b", "x" * 60, "a_b"]
    assert _presets(names) == [
        "violin", "Oboe-d-amore", "pizz-l.v.-dry", "x", "a--b", f"{'x' * 48}-42f2d9", "a-b",
    ]  # fmt: skip
    mix = {"instrument": {"violin": 0.5, "clarinet": 0.5}, "technique": {"arco normal": 1.0}}
    assert note_file_names(list(mix), [mix], [mix], [61, None], 2) == [
        "violin0.5-clarinet0.5_Cs4_arco-normal_v1.wav",
        "violin0.5-clarinet0.5_Cs4_arco-normal_v2.wav",
        "violin0.5-clarinet0.5_unpitched_arco-normal_v1.wav",
        "violin0.5-clarinet0.5_unpitched_arco-normal_v2.wav",
    ]


def test_every_script_is_legible() -> None:
    for label, preset, file in zip(SCRIPTS, _presets(SCRIPTS), _files(SCRIPTS), strict=True):
        assert preset == label.replace(" ", "-")
        assert file == f"{preset}_C4_v1.wav"


def test_two_forms_of_one_letter_are_one_name_in_two_files() -> None:
    composed, decomposed = "fl\u00fbte", "flu\u0302te"
    first, second = _presets([composed, decomposed])
    assert first == composed
    assert second.startswith(f"{composed}-")
    assert _files([composed, decomposed]) == [f"{composed}_C4_v1.wav", f"{composed}_C4_v1-2.wav"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/b", "a b"),
        ("Violin", "violin"),
        ("x" * 60 + "1", "x" * 60 + "2"),
        ("?", "!"),
        ("con", "sound-con"),
    ],
)
def test_different_sounds_never_become_one_instrument(one: str, other: str) -> None:
    first, second = _presets([one, other])
    assert compared(first) != compared(second)
    assert _presets([one, other, one]) == [first, second, first]


def test_mixes_that_differ_beyond_what_is_written_are_two_instruments() -> None:
    presets = PresetNames(["instrument"])
    mixes = [{"instrument": {"a": weight, "b": 1.0}} for weight in (0.3333333, 0.33333331)]
    first, second = (presets.name(mix, mix, {"instrument"}) for mix in mixes)
    assert first == "a0.333333-b1"
    assert second.startswith(f"{first}-")


def test_names_given_to_instruments_stay_apart_too() -> None:
    presets = PresetNames(["instrument"])
    mix = _mixes(["violin"])[0]
    names = [presets.name(mix, mix, set(), name) for name in ("my strings", "my-strings", "my strings")]
    assert names[0] == names[2] == "my-strings"
    assert names[1].startswith("my-strings-")


@pytest.mark.parametrize("name", ["con", "NUL", "aux.x", "com1", "LPT9", "COM\u00b2"])
def test_names_of_devices_are_given_to_no_file(name: str) -> None:
    assert not_reserved(name) == f"sound-{name}"
    assert not_reserved(f"{name}ga") == f"{name}ga" or "." in name


@given(distinct_labels)
def test_any_labels_have_names_of_their_own(labels: list[str]) -> None:
    for names, suffix in ((_presets(labels), PRESET_SUFFIX), (_files(labels), "")):
        assert len({compared(name) for name in names}) == len(labels)
        for name in names:
            assert is_safe_name(name)
            assert unicodedata.is_normalized("NFC", name)
            assert not set(name) & set(RESERVED)
            assert all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs") for letter in name)
            assert not name.endswith((".", " "))
            assert n_bytes(PARTIAL.format(name + suffix)) <= MAX_NAME_BYTES


@given(texts, st.integers(8, 60))
def test_long_names_are_cut_between_letters_and_told_apart(text: str, max_bytes: int) -> None:
    part = safe_part(text, max_bytes)
    assert n_bytes(part) <= max_bytes + 7
    part.encode("utf-8")


def test_a_name_is_as_long_as_a_file_system_takes(tmp_path: Path) -> None:
    used: set[str] = set()
    names = [f"{distinct_name(stem, used)}.wav" for stem in ["弦" * 100, "弦" * 101, "弦" * 101, "a" * 400]]
    assert len({compared(name) for name in names}) == 4
    for name in names:
        with atomic_path(tmp_path / name) as partial:
            partial.write_bytes(b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert distinct_name("a folder/" + "弦" * 100, used).startswith("a folder/弦")


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".x", "-x", "a\0", "a\n", "e\u0301", "a b", "$x"]
)
def test_names_from_elsewhere_that_are_not_ours(name: str) -> None:
    assert not is_safe_name(name)


@pytest.mark.parametrize("label", SCRIPTS + SIGNS)
def test_our_own_names_are_ours(label: str) -> None:
    assert is_safe_name(_presets([label])[0])
