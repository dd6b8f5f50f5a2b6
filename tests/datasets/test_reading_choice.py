"""Names that only the sounds of their folder tell how to read."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aae.notes.bank import NoteBank
from aae.notes.pitch_names import pitch_frequency_hz
from datasets.build import build
from datasets.plan import BuildSettings
from datasets.reading.recording import SkipReason
from datasets.report import BuildFinished, BuildReport
from mcnn.spectral.config import SpectrogramConfig
from tests.support.synth import SAMPLE_RATE, tone, write_wav

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)


def sound(midi_pitch: int) -> npt.NDArray[np.float32]:
    return tone(pitch_frequency_hz(midi_pitch), 0.5, seed=midi_pitch)


def built(
    folder: Path, sounds: Mapping[str, int | npt.NDArray[np.float32]]
) -> tuple[BuildReport, dict[str, int]]:
    """The report of a folder whose files sound these pitches, and the pitches that their notes got."""
    for name, heard in sounds.items():
        write_wav(folder / "in" / name, sound(heard) if isinstance(heard, int) else heard)
    *_, last = build(folder / "in", "auto", folder / "x.h5", BuildSettings(config=SMALL), workers=1)
    assert isinstance(last, BuildFinished)
    with NoteBank.open(folder / "x.h5") as bank:
        return last.report, dict(zip(bank.ids, (int(pitch) for pitch in bank.midi_pitch), strict=True))


def test_numbers_that_the_notes_sound_are_their_labels_and_checked_as_labels(tmp_path: Path) -> None:
    sounds: dict[str, int | npt.NDArray[np.float32]] = {f"Piano/p-{n}.wav": n for n in (36, 48, 61, 72, 84)}
    hit = (0.2 * np.random.default_rng(0).standard_normal(SAMPLE_RATE // 2)).astype(np.float32)
    report, pitches = built(tmp_path, {**sounds, "Piano/p-60.wav": 66, "Piano/p-90.wav": hit[:100]})
    assert pitches == {name: heard for name, heard in sounds.items() if isinstance(heard, int)}
    reasons = {skip.id: skip.reason for skip in report.skips}
    assert reasons["Piano/p-60.wav"] is SkipReason.WRONG_PITCH
    assert report.remarks == ["Piano: names are read as MIDI numbers: 5 of 6 measured notes sound so"]
    assert report.to_json()["remarks"] == report.remarks


def test_numbers_that_count_takes_are_no_labels(tmp_path: Path) -> None:
    report, pitches = built(tmp_path, {"Piano/p-60.wav": 48, "Piano/p-61.wav": 52, "Piano/p-62.wav": 55})
    assert sorted(pitches.values()) == [48, 52, 55]
    assert not report.remarks
    assert "remarks" not in report.to_json()


def test_syllables_take_the_octave_that_sounds(tmp_path: Path) -> None:
    report, pitches = built(tmp_path, {"Flute/La3.wav": 69, "Flute/Do3.wav": 60, "Flute/Sib3.wav": 70})
    assert pitches == {"Flute/La3.wav": 69, "Flute/Do3.wav": 60, "Flute/Sib3.wav": 70}
    assert report.remarks == [
        "Flute: names are read as do re mi, C3 being MIDI 60: 3 of 3 measured notes sound so"
    ]


def test_german_octaves_are_those_that_sound(tmp_path: Path) -> None:
    sounds = {"K/cis1.wav": 61, "K/h1.wav": 71, "K/b1.wav": 70, "K/es2.wav": 75}
    assert built(tmp_path, sounds)[1] == sounds


def test_of_two_notes_in_a_name_the_one_that_sounds_is_the_label(tmp_path: Path) -> None:
    names = {"G/C4_A2.wav": 60, "G/D4_E2.wav": 62, "G/E4_G2.wav": 64}
    report, pitches = built(tmp_path, names)
    assert pitches == names
    assert report.remarks == ["G: names are read as the note at place 1 of 2: 3 of 3 measured notes sound so"]


def test_an_interrupted_shard_keeps_what_was_heard(tmp_path: Path) -> None:
    first = built(tmp_path, {"P/060.wav": 60, "P/072.wav": 72})
    assert built(tmp_path, {})[1] == first[1]
