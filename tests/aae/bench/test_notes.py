"""Which notes the bench inverts."""

from pathlib import Path

import numpy as np
import pytest

from aae.bench.notes import held_out_positions, made_notes, recorded_notes, spread_requests
from aae.notes.bank import NoteBank, Split
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from tests.support.fake_synthesizer import RANGE, VOCABULARIES, fake_synthesizer
from tests.support.toy_bank import write_toy_bank


def test_requests_spread_over_sounds_and_trained_pitches() -> None:
    requests = spread_requests(fake_synthesizer(), 12)
    first = next(iter(VOCABULARIES))
    assert {max(request.mix[first]) for request in requests} == set(VOCABULARIES[first])
    pitches = [request.midi_pitch for request in requests]
    assert all(pitch is not None and RANGE[0] <= pitch <= RANGE[1] for pitch in pitches)
    assert len(set(pitches)) == 12


def test_made_notes_have_their_pitch_and_a_banks_level() -> None:
    requests = spread_requests(fake_synthesizer(), 3)
    for request, note in zip(requests, made_notes(fake_synthesizer(), 3), strict=True):
        assert request.midi_pitch is not None
        assert note.f0_hz == pytest.approx(440 * 2 ** ((request.midi_pitch - 69) / 12))
        assert loudest_rms_db(note.waveform, 44_100) == pytest.approx(REFERENCE_LEVEL_DB, abs=1e-3)


def test_recordings_come_from_the_held_out_notes_in_turns(tmp_path: Path) -> None:
    with NoteBank.open(write_toy_bank(tmp_path / "notes.h5", n_notes=120)) as bank:
        held_out = set(np.flatnonzero(bank.split == Split.TEST).tolist())
        positions = held_out_positions(bank, 1000)
        assert len(positions) == len(held_out)
        assert set(positions.tolist()) == held_out
        few = held_out_positions(bank, 3)
        assert few.tolist() == positions[:3].tolist()
        (first, *_others) = recorded_notes(bank, few)
        assert np.array_equal(first.waveform, bank.waveform(int(few[0])))
        assert first.f0_hz == pytest.approx(440 * 2 ** ((int(bank.midi_pitch[few[0]]) - 69) / 12))


def test_every_label_has_its_turn(tmp_path: Path) -> None:
    with NoteBank.open(write_toy_bank(tmp_path / "notes.h5")) as bank:
        bank.split[:] = Split.TEST
        instruments = bank.labels["instrument"][held_out_positions(bank, 10)]
        assert sorted(np.bincount(instruments)) == [5, 5]
