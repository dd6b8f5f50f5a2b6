"""Which notes the bench inverts."""

from pathlib import Path

import numpy as np

from aae.bench_notes import held_out_waveforms, spread_requests
from aae.notes import NoteBank, Split
from tests.fake_synthesizer import RANGE, VOCABULARIES, fake_synthesizer
from tests.toy_bank import write_toy_bank


def test_requests_spread_over_sounds_and_trained_pitches() -> None:
    requests = spread_requests(fake_synthesizer(), 12)
    first = next(iter(VOCABULARIES))
    assert {max(request.mix[first]) for request in requests} == set(VOCABULARIES[first])
    pitches = [request.midi_pitch for request in requests]
    assert all(pitch is not None and RANGE[0] <= pitch <= RANGE[1] for pitch in pitches)
    assert len(set(pitches)) == 12


def test_recordings_come_from_the_held_out_notes(tmp_path: Path) -> None:
    with NoteBank.open(write_toy_bank(tmp_path / "notes.h5")) as bank:
        held_out = [bank.waveform(int(i)) for i in np.flatnonzero(bank.split == Split.TEST)]
        chosen = held_out_waveforms(bank, 3)
        assert len(chosen) == 3
        assert all(any(np.array_equal(wave, real) for real in held_out) for wave in chosen)
        assert len(held_out_waveforms(bank, 1000)) == len(held_out)
