"""No label writes into a format: whatever instruments and techniques are called, each file says the same."""

import struct
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aae.rendering.file_names import PresetNames
from aae.rendering.samplers.ascii_names import ascii_name, told_apart
from aae.rendering.samplers.decent_sampler import preset_xml
from aae.rendering.samplers.export import write_instruments
from aae.rendering.samplers.instrument import Instrument, build_instruments
from aae.rendering.samplers.sfz import plain_text, sfz_text
from aae.rendering.samplers.wav_chunks import broadcast_chunk
from tests.aae.rendering.samplers.test_instrument import _row
from tests.support.labels import SCRIPTS, SIGNS, distinct_labels, labels, texts
from tests.support.players import SfizzPlayer, fluid_player, needs_fluidsynth, needs_sfizz
from tests.support.sampler_files import parse_sfz, soundfont_names

ATTACK = "arco\n<region> sample=/elsewhere/other.wav\n//"


def _instrument(techniques: list[str]) -> Instrument:
    rows = [_row(60, technique) | {"file": f"{i}.wav"} for i, technique in enumerate(techniques)]
    (instrument,) = build_instruments(rows)
    return instrument


def _require_sfz_of(instrument: Instrument) -> None:
    found = parse_sfz(sfz_text(instrument))
    samples = [a.zones[0].sample.file for a in instrument.articulations]
    assert [opcodes["sample"] for header, opcodes in found if header == "region"] == samples
    assert [header for header, _ in found] == ["control", "global", *["group", "region"] * len(samples)]


def _require_xml_of(instrument: Instrument) -> None:
    root = ElementTree.fromstring(preset_xml(instrument))
    samples = [a.zones[0].sample.file for a in instrument.articulations]
    assert [sample.get("path") for sample in root.findall("groups/group/sample")] == samples


@given(st.lists(labels.filter(bool), min_size=1, max_size=6, unique=True))
def test_techniques_of_any_name_in_text_formats(techniques: list[str]) -> None:
    instrument = _instrument(techniques)
    _require_sfz_of(instrument)
    _require_xml_of(instrument)
    groups = ElementTree.fromstring(preset_xml(instrument)).findall("groups/group")
    assert [group.get("name") for group in groups] == [a.name for a in instrument.articulations]


@given(st.lists(texts.filter(bool) | st.just(ATTACK), min_size=2, max_size=4, unique=True))
def test_even_what_no_bank_may_hold_writes_nothing_of_its_own(techniques: list[str]) -> None:
    """Refused on opening; escaped all the same."""
    instrument = _instrument(techniques)
    _require_sfz_of(instrument)
    _require_xml_of(instrument)


def test_signs_of_sfz_are_kept_out_of_labels() -> None:
    assert plain_text("pizz: l.v. <dry>") == "pizz: l.v. (dry)"
    assert plain_text("a//b/c/*d*/ $e #define x=1") == "a/b/c/d*/ -e -define x-1"
    text = sfz_text(_instrument(["pizz: l.v. <dry>", "arco-normal"]))
    assert "sw_last=36 sw_label=pizz: l.v. (dry)\n" in text
    assert "sw_last=37 sw_label=arco-normal\n" in text


def test_latin_letters_spell_what_they_can() -> None:
    spelled = {
        "violin C#4": "violin C#4", "flûte à bec": "flute a bec", "Großflöte": "Grossflote", "Việt": "Viet",
        "Труба": "Truba", "Щука": "Shchuka", "Σαξόφωνο": "Saxofono", "ヴァイオリン": "vuaiorin",  # noqa: RUF001
        "ギター": "gita", "C♯": "C#", "": "",
    }  # fmt: skip
    assert {text: ascii_name(text) for text in spelled} == spelled
    assert ascii_name("弦楽器").startswith("sound-")
    assert ascii_name("solo 弦").startswith("solo-")
    assert len({ascii_name(text) for text in ("弦楽器", "木管", "🎻", "عود", "\0")}) == 5


@given(st.lists(texts, max_size=8), st.integers(16, 30))
def test_short_names_are_distinct_and_ascii(originals: list[str], max_length: int) -> None:
    names = told_apart([ascii_name(text) for text in originals], originals, max_length)
    assert len(set(names)) == len(names) == len(originals)
    assert all(name.isascii() and len(name) <= max_length for name in names)


def _write(
    folder: Path, sounds: list[str], techniques: list[str], format: str
) -> tuple[list[dict[str, Any]], list[Path]]:
    presets = PresetNames(["instrument"])
    rows = []
    for sound in sounds:
        mix = {"instrument": {sound: 1.0}}
        preset = presets.name(mix, mix, {"instrument"})
        rows += [
            _row(60, technique, loop=None, preset=preset, format=format, file=f"{preset}_C4_{i}.wav")
            for i, technique in enumerate(techniques)
        ]
    folder.mkdir(exist_ok=True)
    for row in rows:
        soundfile.write(folder / row["file"], 0.1 * np.sin(np.arange(2000) / 20), 44_100, subtype="PCM_16")
    return rows, write_instruments(folder, rows)


@given(sounds=distinct_labels, techniques=distinct_labels)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_soundfonts_of_any_labels(sounds: list[str], techniques: list[str], tmp_path: Path) -> None:
    rows, (path,) = _write(tmp_path, sounds, techniques, "sf2")
    names = soundfont_names(path.read_bytes())
    for kind, count in (("phdr", len(sounds) * len(techniques)), ("shdr", len(rows))):
        assert len(set(names[kind])) == count
        assert all(name.strip() for name in names[kind])


def test_samples_of_a_soundfont_are_named_by_their_notes(tmp_path: Path) -> None:
    _, (path,) = _write(tmp_path, ["violin0.5-clarinet0.5", "弦楽器"], ["arco"], "sf2")
    names = soundfont_names(path.read_bytes())["shdr"]
    assert names[0] == "1 C4 violin0.5-clar"
    assert names[1].startswith("2 C4 sound-")


@pytest.mark.parametrize("format", ["sfz", "decent-sampler", "dslibrary", "sf2"])
def test_instruments_of_every_script_are_files_of_their_own(tmp_path: Path, format: str) -> None:
    sounds = SCRIPTS + SIGNS
    rows, paths = _write(tmp_path, sounds, ["arco"], format)
    assert len({path.name for path in paths}) == (1 if format == "sf2" else len(sounds))
    assert all(path.is_file() for path in paths)
    if format == "dslibrary":
        for path, row in zip(paths, rows, strict=True):
            with zipfile.ZipFile(path) as archive:
                assert archive.namelist() == [f"{row['preset']}.dspreset", row["file"]]


@needs_sfizz
def test_sfizz_plays_names_of_every_script(tmp_path: Path) -> None:
    _, paths = _write(tmp_path, SCRIPTS, SIGNS, "sfz")
    for path in paths:
        assert np.abs(SfizzPlayer(path, range(36, 36 + len(SIGNS))).play(60)).max() > 0.01


@needs_fluidsynth
def test_fluidsynth_names_them_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, (path,) = _write(tmp_path, SCRIPTS, ["arco"], "sf2")
    with fluid_player(path) as player:
        names = player.preset_names(len(SCRIPTS))
    assert len(set(names)) == len(SCRIPTS)
    assert names[0] == "violin"
    assert "warning" not in capfd.readouterr().err


@given(labels)
def test_a_description_in_a_wav_file_is_ascii_and_keeps_its_place(label: str) -> None:
    body = broadcast_chunk(label, "", "A=PCM", -20.0)
    described = body[:256].rstrip(b"\0").decode("ascii")
    assert described.isprintable()
    assert body[256:288].rstrip(b"\0") == b"Clariolin"
    assert struct.unpack_from("<H", body, 346) == (2,)
