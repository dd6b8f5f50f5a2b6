"""Whole folders that are an octave off, and single notes that are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aae.notes.bank import NoteBank
from aae.notes.pitch_names import parse_pitch
from datasets.build import build
from datasets.label_checks import check_labels
from datasets.plan import BuildSettings
from datasets.reading.recording import Recording, SkipReason
from datasets.report import BuildFinished, BuildReport
from datasets.shards import Outcome
from mcnn.spectral.config import SpectrogramConfig
from tests.support.libraries import SCALE, write_good_sounds, write_note, write_vsco

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)


def built(source: Path, out: Path, **settings: Any) -> BuildReport:
    (*_progress, last) = build(source, "auto", out, BuildSettings(config=SMALL, **settings), workers=1)
    assert isinstance(last, BuildFinished)
    return last.report


def test_vscos_octave_trap_is_found_and_fixed(tmp_path: Path) -> None:
    write_vsco(tmp_path / "vsco")
    flute = "Woodwinds/Flute/susvib"
    told = built(tmp_path / "vsco", tmp_path / "told.h5")
    (offset,) = told.offsets
    assert (offset.where, offset.semitones, offset.n_agreeing, offset.fixed) == (flute, 12, 8, False)
    assert offset.in_words == (
        f"{flute}: sounds an octave above its labels (8 of 8 measured notes); --fix-octaves moves the labels"
    )
    assert told.counts == {SkipReason.WRONG_PITCH: 8}
    assert told.n_notes == 8
    fixed = built(tmp_path / "vsco", tmp_path / "fixed.h5", fix_octaves=True)
    assert (fixed.n_notes, fixed.offsets[0].fixed, len(fixed.corrections)) == (16, True, 8)
    with NoteBank.open(tmp_path / "fixed.h5") as bank:
        place = bank.ids.index(f"{flute}/LDFlute_susvib_A3_v1_1.wav")
        assert bank.midi_pitch[place] == 69
        assert np.abs(bank.tuning_cents).max() < 3.0
        assert np.nanmax(np.abs(bank.f0_cents(place))) < 20.0
        violin = bank.ids.index("Strings/Solo Violin/Arco Vib/LLVln_ArcoVib_A3_f.wav")
        assert bank.midi_pitch[violin] == 57


def test_good_sounds_trap_is_found_and_its_tuning_kept(tmp_path: Path) -> None:
    write_good_sounds(tmp_path / "good")
    report = built(tmp_path / "good", tmp_path / "notes.h5", fix_octaves=True)
    (offset,) = report.offsets
    assert (offset.semitones, offset.n_agreeing) == (12, 8)
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert sorted(bank.midi_pitch.tolist()) == list(range(60, 68))
        assert np.median(bank.tuning_cents) == pytest.approx(1200.0 * np.log2(442 / 440), abs=1.5)


def test_a_single_wrong_label_is_no_offset(tmp_path: Path) -> None:
    for note in SCALE:
        write_note(tmp_path / f"own/tuba/tuba_{note}.wav", note, octaves=1 if note == "E3" else 0)
    report = built(tmp_path / "own", tmp_path / "notes.h5", fix_octaves=True)
    assert not report.offsets
    (skip,) = report.skips
    assert skip.id == "tuba/tuba_E3.wav"
    assert skip.detail.startswith("labelled E3, sounds E4")


def outcomes(n: int, *, sounds_above: float | None, first: int = 0, **fields: Any) -> list[Outcome]:
    """Outcomes of notes C3 and up."""
    made = []
    for midi_pitch in range(48 + first, 48 + first + n):
        objection = (SkipReason.WRONG_PITCH, "far") if sounds_above else None
        sounds = float("nan") if sounds_above is None else midi_pitch + sounds_above
        made.append(
            Outcome(
                f"horn/{midi_pitch}.wav",
                str(midi_pitch),
                midi_pitch=midi_pitch,
                objection=objection,
                is_confirmed=sounds_above == 0,
                sounds=sounds,
                **fields,
            )
        )
    return made


def recordings(made: list[Outcome], dynamics: dict[str, str] | None = None) -> dict[str, Recording]:
    labels = {made_one.id: (dynamics or {}).get(made_one.id, "forte") for made_one in made}
    return {
        o.id: Recording(o.id, o.midi_pitch, {"instrument": "horn", "dynamics": labels[o.id]}) for o in made
    }


def test_a_transposing_instrument_is_moved_and_what_was_not_heard_moves_along() -> None:
    made = [*outcomes(6, sounds_above=-7.1), *outcomes(2, sounds_above=None, first=6)]
    made += outcomes(1, sounds_above=0, first=8)
    checks = check_labels(recordings(made), made, correct_pitch=False, fix_octaves=True)
    assert [offset.semitones for offset in checks.offsets] == [-7]
    assert checks.pitches == {f"horn/{p}.wav": p - 7 for p in range(48, 56)}
    assert not checks.skips
    untouched = check_labels(recordings(made), made, correct_pitch=True, fix_octaves=False)
    assert not untouched.pitches
    assert len(untouched.skips) == 6


def test_a_session_within_a_folder_is_found_by_what_it_has_in_common() -> None:
    made = [*outcomes(8, sounds_above=0), *outcomes(5, sounds_above=12.0, first=8)]
    dynamics = {outcome.id: "piano" for outcome in made[8:]}
    (offset,) = check_labels(recordings(made, dynamics), made, correct_pitch=False, fix_octaves=False).offsets
    assert (offset.where, offset.semitones, offset.n_notes) == ("horn (dynamics piano)", 12, 5)


def test_a_few_notes_or_notes_that_disagree_are_not_systematic() -> None:
    few = outcomes(3, sounds_above=12.0)
    assert not check_labels(recordings(few), few, correct_pitch=False, fix_octaves=True).offsets
    torn = [*outcomes(4, sounds_above=12.0), *outcomes(4, sounds_above=-1.0, first=4)]
    assert not check_labels(recordings(torn), torn, correct_pitch=False, fix_octaves=True).offsets


def test_a_label_at_the_end_of_midi_is_not_moved_beyond_it() -> None:
    made = [
        Outcome(
            f"x/{p}.wav", str(p), midi_pitch=p, objection=(SkipReason.WRONG_PITCH, "far"), sounds=p + 12.0
        )
        for p in range(112, 118)
    ]
    checks = check_labels(
        {o.id: Recording(o.id, o.midi_pitch) for o in made}, made, correct_pitch=False, fix_octaves=True
    )
    assert set(checks.pitches.values()) == set(range(124, 128))
    assert len(checks.skips) == 2
    assert parse_pitch("G9") == 127
