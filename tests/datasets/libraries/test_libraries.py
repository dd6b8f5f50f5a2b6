"""What each of NSynth, VSCO, Good-sounds and SoundFonts is read as, and how libraries are recognised."""

import json
from pathlib import Path

import numpy as np
import pytest

from aae.analysis.f0 import measure_pitch
from aae.analysis.recording_file import UnreadableError
from aae.notes.bank import UNPITCHED, NoteBank, Split
from datasets.build import build
from datasets.libraries.registry import ADAPTERS, adapter_for, recognise
from datasets.libraries.soundfont import layers, words
from datasets.libraries.soundfont_presets import Preset, Region, read_contents
from datasets.plan import BuildSettings
from datasets.reading.files import survey
from datasets.reading.recording import Recording, SkipReason
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig
from tests.support.libraries import (
    LIBRARIES,
    soundfont_bytes,
    write_good_sounds,
    write_nsynth,
    write_soundfont,
)

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)


def recordings(adapter: str, source: Path) -> dict[str, Recording]:
    return {recording.id: recording for recording in adapter_for(adapter).recordings(source)}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_library_is_recognised_and_the_reason_said(name: str, tmp_path: Path) -> None:
    LIBRARIES[name](tmp_path)
    adapter, why = recognise(survey(tmp_path))
    assert adapter.name == name
    assert why


def test_a_table_of_tags_goes_before_names(tmp_path: Path) -> None:
    LIBRARIES["nsynth"](tmp_path)
    (tmp_path / "examples.json").unlink()
    (tmp_path / "tags.csv").write_text("file,note\n")
    adapter, why = recognise(survey(tmp_path))
    assert (adapter.name, why) == ("folder", "it has a table tags.csv")


def test_nothing_to_recognise_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(InputError, match="no audio"):
        recognise(survey(tmp_path))
    (tmp_path / "violin.zip").touch()
    (tmp_path / "piano.pat").touch()
    with pytest.raises(InputError, match=r"can be read \(piano\.pat: a sampler's PAT is not read"):
        recognise(survey(tmp_path))
    assert [skip.detail for skip in survey(tmp_path).unusable][1:] == ["an archive: unpack it"]


def test_nsynth_is_read_from_names_and_its_table(tmp_path: Path) -> None:
    write_nsynth(tmp_path / "nsynth-valid")
    found = recordings("nsynth", tmp_path)
    loud = found["nsynth-valid/audio/bass_synthetic_033-060-100.wav"]
    assert (loud.midi_pitch, loud.split) == (60, Split.VALIDATION)
    assert loud.labels == {
        "family": "bass",
        "source": "synthetic",
        "instrument": "bass-synthetic-033",
        "velocity": "100",
        "qualities": "dark+distortion",
    }
    soft = found["nsynth-valid/audio/bass_synthetic_033-060-050.wav"]
    assert "qualities" not in soft.labels
    (tmp_path / "nsynth-valid" / "examples.json").unlink()
    assert recordings("nsynth", tmp_path)[soft.id] == soft


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 5}', '{"a": {"qualities_str": "dark"}}', "\xff"])
def test_a_damaged_nsynth_table_is_refused(text: str, tmp_path: Path) -> None:
    write_nsynth(tmp_path, with_table=False)
    (tmp_path / "examples.json").write_bytes(text.encode("latin-1"))
    if text == "[1]":
        assert recordings("nsynth", tmp_path)
        return
    with pytest.raises(InputError, match=r"examples\.json"):
        adapter_for("nsynth").recordings(tmp_path)


@pytest.mark.parametrize(
    ("name", "midi_pitch", "labels"),
    [
        (
            "Woodwinds/Flute/susvib/LDFlute_susvib_A3_v1_1.wav",
            57,
            ("flute", "woodwinds", "susvib", "layer-1"),
        ),
        (
            "Strings/Solo Violin/Arco Vib/LLVln_ArcoVib_A4_f.wav",
            69,
            ("solo-violin", "strings", "arco-vib", "forte"),
        ),
        (
            "Strings/Solo Violin/Pizz/LLVln_Pizz_G3_p_RR1.wav",
            55,
            ("solo-violin", "strings", "pizz", "piano"),
        ),
        ("Woodwinds/Oboe/Sus/Oboe_Sus_A#2_v3_Main.wav", 46, ("oboe", "woodwinds", "sus", "layer-3")),
        ("Brass/F Horn/mute/MOHorn_mute_D#2_v1_1.wav", 39, ("f-horn", "brass", "mute", "layer-1")),
        ("Strings/Harp/KSHarp_G1_mp.wav", 31, ("harp", "strings", None, "mezzo-piano")),
        ("Keys/Upright Nr1/UR1_C4_pp_RR2.wav", 60, ("upright-nr1", "keys", None, "pianissimo")),
        ("Keys/Organ/Loud/Rode_Man3Open_04.wav", None, ("organ", "keys", "loud", None)),
        (
            "Percussion/Marimba/Marimba_hit_Outrigger_B2_loud_01.wav",
            47,
            ("marimba", "percussion", "hit", "forte"),
        ),
        (
            "Percussion/Cowbell1_Hit_v4_rr1_Sum.wav",
            UNPITCHED,
            ("cowbell", "percussion", "hit", "layer-4"),
        ),
    ],
)
def test_vscos_real_names_are_read(
    name: str, midi_pitch: int | None, labels: tuple[str | None, ...], tmp_path: Path
) -> None:
    touch(tmp_path, name)
    found = recordings("vsco", tmp_path)[name]
    assert found.midi_pitch == midi_pitch
    said = zip(("instrument", "family", "technique", "dynamics"), labels, strict=True)
    assert found.labels == {attribute: label for attribute, label in said if label}


def test_a_note_beyond_midi_in_vscos_naming_stops_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "Strings/Harp/KSHarp_A9_mp.wav", "Strings/Harp/KSHarp_G9_mp.wav")
    beyond, highest = adapter_for("vsco").recordings(tmp_path)
    assert beyond.skip is not None
    assert beyond.skip.reason is SkipReason.TAG
    assert highest.midi_pitch == 127


def test_good_sounds_tables_say_what_a_take_is(tmp_path: Path) -> None:
    write_good_sounds(tmp_path, (48, 50, 52))
    sounds = json.loads((tmp_path / "sounds.json").read_text())
    sounds["2"]["klass"] = "scale-good"
    sounds["3"]["semitone"] = "high"
    (tmp_path / "sounds.json").write_text(json.dumps(sounds))
    touch(tmp_path, "sound_files/flute_almudena_reference/akg/9999.wav")
    first, scale, odd, unknown = adapter_for("good-sounds").recordings(tmp_path)
    assert first.midi_pitch == 48
    assert first.labels == {
        "instrument": "flute",
        "dynamics": "mf",
        "quality": "good-sound",
        "microphone": "akg",
    }
    reasons = [recording.skip.reason for recording in (scale, odd, unknown) if recording.skip]
    assert reasons == [SkipReason.PHRASE, SkipReason.TAG, SkipReason.TAG]


@pytest.mark.parametrize("text", ["{", "[[1]]", '{"1": 5}', "7"])
def test_damaged_good_sounds_tables_are_refused(text: str, tmp_path: Path) -> None:
    write_good_sounds(tmp_path, (48,))
    (tmp_path / "sounds.json").write_text(text)
    if text == "[[1]]":
        (skipped,) = adapter_for("good-sounds").recordings(tmp_path)
        assert skipped.skip is not None
        return
    with pytest.raises(InputError, match=r"sounds\.json"):
        adapter_for("good-sounds").recordings(tmp_path)


def test_a_soundfonts_sampled_keys_and_layers_are_listed(tmp_path: Path) -> None:
    write_soundfont(tmp_path)
    found = adapter_for("soundfont").recordings(tmp_path)
    assert {recording.midi_pitch for recording in found} == set(range(57, 64))
    assert {recording.labels["dynamics"] for recording in found} == {"pianissimo", "forte"}
    assert found[0].labels["instrument"] == "trumpet"
    assert found[0].labels["technique"] == "muted"
    contents = read_contents(tmp_path / "tiny.sf2")
    assert contents.terms == {"title": "Test", "licence": "Public domain"}
    single = adapter_for("soundfont").recordings(tmp_path / "tiny.sf2")
    assert [recording.id for recording in single] == [recording.id for recording in found]


@pytest.mark.parametrize("coarse", [-12, 5])
def test_keys_near_a_sample_that_is_tuned_are_those_that_sound_as_it_was_recorded(
    coarse: int, tmp_path: Path
) -> None:
    (tmp_path / "tuned.sf2").write_bytes(soundfont_bytes(coarse=coarse))
    found = adapter_for("soundfont").recordings(tmp_path)
    low, high = 60 - coarse - 3, min(72, 60 - coarse + 3)
    assert {recording.midi_pitch for recording in found} == set(range(low, high + 1))


def test_a_sound_whose_keys_are_no_semitone_apart_has_no_pitch(tmp_path: Path) -> None:
    (tmp_path / "noise.sf2").write_bytes(soundfont_bytes("Sea Shore", scale=20))
    assert {recording.midi_pitch for recording in adapter_for("soundfont").recordings(tmp_path)} == {
        UNPITCHED
    }


def test_a_font_without_the_byte_after_an_odd_chunk_is_read(tmp_path: Path) -> None:
    whole = soundfont_bytes()
    start = whole.index(b"LIST", whole.index(b"sdta"))
    size_at = whole.index(b"sdta") - 4
    odd = int.from_bytes(whole[size_at : size_at + 4], "little") - 1
    (tmp_path / "odd.sf3").write_bytes(
        whole[:size_at] + odd.to_bytes(4, "little") + whole[size_at + 4 : start - 1] + whole[start:]
    )
    assert len(read_contents(tmp_path / "odd.sf3").presets) == 1


def test_layers_are_one_velocity_a_word() -> None:
    def regions(*ranges: tuple[int, int]) -> Preset:
        return Preset("x", 0, 0, tuple(Region((0, 127), velocities, 60) for velocities in ranges))

    assert layers(regions((0, 127)), 60) == {100: ""}
    assert layers(regions((0, 90)), 60) == {90: ""}
    assert layers(regions((0, 127)), 64) == {}
    assert layers(regions((0, 63), (64, 127)), 62) == {32: "pianissimo", 96: "forte"}
    assert list(layers(regions((0, 79), (80, 81), (82, 127)), 60).values()) == [
        "pianissimo",
        "mezzo-forte",
        "fortissimo",
    ]


@pytest.mark.parametrize(
    ("preset", "instrument", "technique"),
    [
        ("Pizzicato Section", "strings", "pizzicato"),
        ("Tremolo", "strings", "tremolo"),
        ("Fretless Bass", "bass", "fretless"),
        ("Yamaha Grand Piano", "yamaha-grand-piano", "normal"),
        ("***", "***", "normal"),
    ],
)
def test_articulations_are_found_in_preset_names(preset: str, instrument: str, technique: str) -> None:
    assert words(preset) == {"instrument": instrument, "technique": technique}


def test_a_soundfonts_notes_sound_their_keys_and_are_the_same_in_any_order(tmp_path: Path) -> None:
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    write_soundfont(tmp_path)
    adapter = adapter_for("soundfont")
    ids = [recording.id for recording in adapter.recordings(tmp_path)]
    first = {id_: adapter.read(tmp_path, id_, 44_100) for id_ in ids}
    for id_ in reversed(ids):
        sound, digest = adapter.read(tmp_path, id_, 44_100)
        assert digest == first[id_][1]
        assert np.array_equal(sound.waveform, first[id_][0].waveform)
    for recording in adapter.recordings(tmp_path)[:4]:
        heard = measure_pitch(first[recording.id][0].waveform, 44_100)
        assert heard.midi_pitch == pytest.approx(recording.midi_pitch, abs=0.1)
    with pytest.raises(UnreadableError):
        adapter.read(tmp_path, "tiny.sf2/000-099 Nothing/C4_v100", 44_100)


def test_a_soundfont_becomes_a_bank(tmp_path: Path) -> None:
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    write_soundfont(tmp_path)
    for _event in build(
        tmp_path / "tiny.sf2", "auto", tmp_path / "notes.h5", BuildSettings(config=SMALL), workers=1
    ):
        pass
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert len(bank) == 14
        assert np.abs(bank.tuning_cents).max() < 3.0
        assert bank.provenance["licence"] == "Public domain"


def test_a_damaged_soundfont_is_refused_by_name(tmp_path: Path) -> None:
    whole = soundfont_bytes()
    for number, data in enumerate((b"", b"RIFF", whole[:-200], whole.replace(b"phdr", b"xhdr"))):
        path = tmp_path / f"{number}.sf2"
        path.write_bytes(data)
        with pytest.raises(InputError, match=path.name):
            read_contents(path)
