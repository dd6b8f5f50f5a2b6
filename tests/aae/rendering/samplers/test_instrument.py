"""How rows of a manifest become zones, layers, round robins and key switches; the formats' words for them."""

import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from aae.rendering.samplers.export import instrument_files, write_instruments
from aae.rendering.samplers.instrument import Instrument, build_instruments
from aae.rendering.samplers.sfz import sfz_text
from mcnn.errors import InputError

SAMPLE_ATTRIBUTES = {
    "path", "rootNote", "loNote", "hiNote", "loVel", "hiVel", "tuning", "release", "loopEnabled", "loopStart",
    "loopEnd", "loopCrossfade", "seqMode", "seqLength", "seqPosition", "pitchKeyTrack",
}  # fmt: skip
"""Those of the published format that Clariolin uses."""


def _row(
    midi_pitch: int | None,
    technique: str = "normal",
    dynamics: str = "forte",
    variation: int = 1,
    loop: tuple[int, int] | None = (100, 900),
    **others: Any,
) -> dict[str, Any]:
    return {
        "file": f"flute_{midi_pitch}_{technique}_{dynamics}_v{variation}.wav",
        "midi_pitch": midi_pitch,
        "mix": {"technique": {technique: 1.0}, "dynamics": {dynamics: 1.0}},
        "preset": "flute",
        "variation": variation,
        "tuning_cents": 3.4,
        "loop": {"start": loop[0], "end": loop[1], "release_s": 0.25} if loop else None,
        "level": "lufs:-23",
        "format": "sfz",
        "sample_rate": 44_100,
    } | others


def _one(rows: list[dict[str, Any]]) -> Instrument:
    (instrument,) = build_instruments(rows)
    return instrument


def test_keys_between_notes_are_shared_and_the_outer_ones_reach_as_far() -> None:
    (articulation,) = _one([_row(pitch) for pitch in (60, 66, 69)]).articulations
    assert [(zone.low_key, zone.high_key) for zone in articulation.zones] == [(57, 63), (64, 67), (68, 72)]
    (single,) = _one([_row(60)]).articulations
    assert [(zone.low_key, zone.high_key) for zone in single.zones] == [(60, 60)]
    (ends,) = _one([_row(0), _row(127)]).articulations
    assert [(zone.low_key, zone.high_key) for zone in ends.zones] == [(0, 63), (64, 127)]


def test_every_key_and_velocity_plays_exactly_one_round_robin() -> None:
    rows = [
        _row(pitch, dynamics=dynamics, variation=variation)
        for pitch in (48, 52, 59)
        for dynamics in ("pianissimo", "mezzo-forte", "fortissimo")
        for variation in (1, 2, 3)
    ]
    (articulation,) = _one(rows).articulations
    for key in range(46, 63):
        for velocity in range(1, 128):
            playing = [
                zone.position
                for zone in articulation.zones
                if zone.low_key <= key <= zone.high_key
                and zone.low_velocity <= velocity <= zone.high_velocity
            ]
            assert playing == [1, 2, 3], (key, velocity)


def test_layers_lie_where_dynamics_lie_on_the_velocity_scale() -> None:
    rows = [_row(60, dynamics=dynamics) for dynamics in ("fortissimo", "piano", "mezzo-forte")]
    (articulation,) = _one(rows).articulations
    assert [(zone.sample.file, zone.low_velocity, zone.high_velocity) for zone in articulation.zones] == [
        ("flute_60_normal_piano_v1.wav", 1, 64),
        ("flute_60_normal_mezzo-forte_v1.wav", 65, 96),
        ("flute_60_normal_fortissimo_v1.wav", 97, 127),
    ]


def test_a_mix_of_dynamics_lies_between_them_and_a_crescendo_is_a_way_of_playing() -> None:
    half = _row(60) | {"mix": {"dynamics": {"piano": 1.0, "forte": 1.0}}}
    rows = [_row(60, "normal", "piano"), half, _row(60, "normal", "crescendo")]
    instrument = _one(rows)
    assert [articulation.name for articulation in instrument.articulations] == [
        "normal",
        "normal crescendo",
    ]
    assert [zone.high_velocity for zone in instrument.articulations[0].zones] == [60, 127]


def test_key_switches_stay_clear_of_the_notes() -> None:
    techniques = ("normal", "pizz", "tremolo")
    low = _one([_row(pitch, technique) for pitch in (60, 72) for technique in techniques])
    assert [a.switch_key for a in low.articulations] == [36, 37, 38]
    assert [a.switch_key for a in _one([_row(30, t) for t in techniques]).articulations] == [24, 25, 26]
    assert [a.switch_key for a in _one([_row(1, t) for t in techniques]).articulations] == [12, 13, 14]
    assert _one([_row(60)]).articulations[0].switch_key is None
    with pytest.raises(InputError, match="no room for as many key switches"):
        _one([_row(pitch, technique) for pitch in (1, 126) for technique in techniques])


def test_natural_levels_leave_less_to_velocity() -> None:
    layers = [_row(60, dynamics=d, level="natural") for d in ("piano", "forte")]
    assert _one(layers).velocity_tracking == 0.3
    assert _one(layers[:1]).velocity_tracking == 1.0
    assert _one([_row(60, dynamics=d) for d in ("piano", "forte")]).velocity_tracking == 1.0


def test_unpitched_sounds_do_not_follow_the_keys() -> None:
    text = sfz_text(_one([_row(None, loop=None)]))
    assert "lokey=60 hikey=60 pitch_keycenter=60" in text
    assert "pitch_keytrack=0" in text
    assert "loop_mode=no_loop" in text


def test_sfz_says_all_of_it() -> None:
    rows = [_row(60, technique, variation=v) for technique in ("normal", "pizz") for v in (1, 2)]
    text = sfz_text(_one(rows))
    assert "sw_lokey=36 sw_hikey=37 sw_default=36" in text, "silent until a switch is pressed"
    assert "sw_last=37 sw_label=pizz" in text
    assert (
        "<region> lokey=60 hikey=60 pitch_keycenter=60 lovel=1 hivel=127 tune=-3 seq_length=2 seq_position=2 "
        "loop_mode=loop_continuous loop_start=100 loop_end=900 ampeg_release=0.25 "
        "sample=flute_60_pizz_forte_v2.wav"
    ) in text


def _folder(directory: Path, rows: list[dict[str, Any]]) -> Path:
    for row in rows:
        tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(2001) / 44_100)
        soundfile.write(directory / row["file"], tone, 44_100, subtype="PCM_24")
    return directory


def test_decent_sampler_presets_keep_to_the_published_format(tmp_path: Path) -> None:
    rows = [
        _row(pitch, technique, variation=v, format="decent-sampler")
        for pitch in (60, 64)
        for technique in ("normal", "pizz")
        for v in (1, 2)
    ]
    (path,) = write_instruments(_folder(tmp_path, rows), rows)
    root = ElementTree.parse(path).getroot()
    assert path.name == "flute.dspreset"
    assert root.tag == "DecentSampler"
    assert [child.tag for child in root] == ["groups", "midi"]
    groups = root.findall("groups/group")
    assert [group.get("enabled") for group in groups] == ["true", "false"]
    for sample in root.findall("groups/group/sample"):
        assert set(sample.attrib) <= SAMPLE_ATTRIBUTES
        assert (tmp_path / sample.attrib["path"]).is_file()
        assert sample.get("seqMode") == "round_robin"
        assert (sample.get("seqLength"), sample.get("loopEnabled")) == ("2", "true")
        assert float(sample.attrib["tuning"]) == pytest.approx(-0.034)
        assert int(sample.attrib["loNote"]) <= int(sample.attrib["rootNote"]) <= int(sample.attrib["hiNote"])
    for chosen, note in enumerate(root.findall("midi/note")):
        assert int(note.attrib["note"]) == 36 + chosen
        bindings = [(int(b.attrib["position"]), b.get("translationValue")) for b in note]
        assert bindings == [(p, "true" if p == chosen else "false") for p in range(2)]
        assert {b.get("parameter") for b in note} == {"ENABLED"}
        assert {(b.get("type"), b.get("level"), b.get("translation")) for b in note} == {
            ("general", "group", "fixed_value")
        }


def test_a_library_is_one_file_with_all_in_it_and_always_the_same(tmp_path: Path) -> None:
    rows = [_row(pitch, format="dslibrary") for pitch in (60, 64)]
    (path,) = write_instruments(_folder(tmp_path, rows), rows)
    first = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["flute.dspreset", *(row["file"] for row in rows)]
        assert archive.read(rows[0]["file"]) == (tmp_path / rows[0]["file"]).read_bytes()
    write_instruments(tmp_path, rows)
    assert path.read_bytes() == first


def test_files_are_named_after_their_instruments() -> None:
    rows = [_row(60), _row(60, preset="oboe")]
    assert instrument_files(rows) == ["flute.sfz", "oboe.sfz"]
    assert instrument_files([row | {"format": "sf2"} for row in rows]) == ["instruments.sf2"]
    assert instrument_files([row | {"format": "sf2"} for row in rows[:1]]) == ["flute.sf2"]
    assert instrument_files([row | {"format": "wav"} for row in rows]) == []
    assert instrument_files([]) == []
