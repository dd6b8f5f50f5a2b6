"""What the real names of VCSL, Sonatina and Iowa's samples are read as."""

from pathlib import Path

import pytest

from aae.notes.bank import UNPITCHED
from datasets.libraries.registry import adapter_for, recognise
from datasets.reading.files import survey
from datasets.reading.recording import Recording, SkipReason


def read(format: str, folder: Path, *names: str) -> list[Recording]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    found = {recording.id: recording for recording in adapter_for(format).recordings(folder)}
    return [found[name] for name in names]


RECORDER = "Aerophones/Edge-blown Aerophones/Baroque Alto Recorder"


@pytest.mark.parametrize(
    ("format", "name", "midi_pitch", "labels"),
    [
        (
            "vcsl",
            f"{RECORDER}/SusVib/AltRecorder_SusVib_A#3_rr1_Main.wav",
            58,
            {"family": "aerophones", "instrument": "baroque-alto-recorder", "technique": "susvib"},
        ),
        (
            "vcsl",
            "Chordophones/Zithers/Grand Piano, Steinway B/NoSus/JHPiano_NoSus_Close_C2_vl3_rr1.wav",
            36,
            {
                "family": "chordophones",
                "instrument": "grand-piano-steinway-b",
                "technique": "nosus",
                "dynamics": "layer-3",
            },
        ),
        (
            "vcsl",
            "Electrophones/TX81Z/Clavisynth/Clavisynth_C0_124.wav",
            12,
            {"family": "electrophones", "instrument": "clavisynth", "dynamics": "fortissimo"},
        ),
        (
            "vcsl",
            "Idiophones/Struck Idiophones/Tubular Bells 1/chimes_C4_ff_rr2.wav",
            60,
            {"family": "idiophones", "instrument": "tubular-bells-1", "dynamics": "fortissimo"},
        ),
        (
            "vcsl",
            "Membranophones/Struck Membranophones/Bass Drum 1/BDrumNew_hit_v3_rr1_Sum.wav",
            UNPITCHED,
            {
                "family": "membranophones",
                "instrument": "bass-drum-1",
                "technique": "hit",
                "dynamics": "layer-3",
            },
        ),
        (
            "sonatina",
            "Samples/1st Violins/1st-violins-sus-a#3.wav",
            58,
            {"instrument": "1st-violins", "technique": "sus"},
        ),
        (
            "sonatina",
            "Samples/Horns/horns-sus-ff-c#5-PB-loop.wav",
            73,
            {"instrument": "horns", "technique": "sus", "dynamics": "fortissimo"},
        ),
        (
            "sonatina",
            "Samples/Celli/celli-piz-rr2-d#4.flac",
            63,
            {"instrument": "celli", "technique": "piz"},
        ),
        (
            "sonatina",
            "Samples/Grand Piano/piano-f-f#4.wav",
            66,
            {"instrument": "grand-piano", "dynamics": "forte"},
        ),
        (
            "sonatina",
            "Samples/Percussion/timpani-p-lh-a1.wav",
            33,
            {"instrument": "timpani", "technique": "lh", "dynamics": "piano"},
        ),
        (
            "sonatina",
            "Samples/Percussion/cymbal_roll-a-mf.wav",
            UNPITCHED,
            {"instrument": "cymbal-roll", "technique": "a", "dynamics": "mezzo-forte"},
        ),
        (
            "iowa",
            "Violin.arco.ff.sulA.A4.stereo.aif",
            69,
            {"instrument": "violin", "technique": "arco", "dynamics": "fortissimo", "string": "a"},
        ),
        (
            "iowa",
            "BbClarinet.pp.D3.stereo.aif",
            50,
            {"instrument": "bb-clarinet", "dynamics": "pianissimo"},
        ),
        (
            "iowa",
            "Xylophone.hardrubber.ff.F4.stereo.aif",
            65,
            {"instrument": "xylophone", "technique": "hardrubber", "dynamics": "fortissimo"},
        ),
        ("iowa", "oboe.mf.C4C4.aiff", 60, {"instrument": "oboe", "dynamics": "mezzo-forte"}),
        ("iowa", "Cowbell.stick.ff.aif", UNPITCHED, None),
    ],
)
def test_real_names(
    format: str, name: str, midi_pitch: int, labels: dict[str, str] | None, tmp_path: Path
) -> None:
    (found,) = read(format, tmp_path, name)
    assert found.skip is None
    assert found.midi_pitch == midi_pitch
    assert labels is None or found.labels == labels


def test_iowas_files_of_several_notes_say_from_which_to_which(tmp_path: Path) -> None:
    scale, wrong, other = read(
        "iowa", tmp_path, "Guitar.ff.sulG.C4B4.mono.aif", "Flute.mf.B4C4.aif", "readme.wav"
    )
    assert (scale.midi_pitch, scale.midi_range) == (None, (60, 71))
    assert scale.labels == {"instrument": "guitar", "dynamics": "fortissimo", "string": "g"}
    assert wrong.skip is not None
    assert wrong.skip.detail == "its last note, C4, is below its first, B4"
    assert other.skip is not None
    assert other.skip.reason is SkipReason.TAG


def test_a_folder_inside_vcsl_is_still_vcsl(tmp_path: Path) -> None:
    read("vcsl", tmp_path, f"{RECORDER}/Staccato/AltRecorder_Stac_C4_rr1_Main.wav")
    inside = tmp_path / RECORDER / "Staccato"
    assert recognise(survey(inside))[0].name == "vcsl"
    (found,) = adapter_for("vcsl").recordings(inside)
    assert found.labels == {
        "family": "aerophones",
        "instrument": "baroque-alto-recorder",
        "technique": "staccato",
    }


def test_ones_own_flute_is_not_sonatinas(tmp_path: Path) -> None:
    for note in ("c4", "d4", "e4"):
        (tmp_path / f"own/Flute/flute-{note}.wav").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"own/Flute/flute-{note}.wav").touch()
    assert recognise(survey(tmp_path / "own"))[0].name == "folder"
