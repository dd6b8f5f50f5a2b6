from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from aae.model.traits import REFERENCE_ATTACK_MS, REFERENCE_DRIFT_CENTS, Traits
from aae.notes.bank import NoteBank, Split
from aae.training.data import MIN_ATTACK_MS, MIN_VOICED, SPREAD_OF_MEAN, EpochSampler, TrainingNotes
from aae.training.recipe import TrainingConfig
from tests.support.toy_bank import CONFIG, write_toy_bank


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> TrainingNotes:
    path: Path = write_toy_bank(tmp_path_factory.mktemp("bank") / "toy.h5")
    with NoteBank.open(path) as bank:
        return TrainingNotes(bank, Split.TRAIN)


def test_a_batch_is_padded_with_silence_and_knows_where_notes_end(notes: TrainingNotes) -> None:
    batch = notes.batch(np.arange(8))
    assert len(batch) == 8
    assert batch.log_mel.shape[:2] == (8, CONFIG.n_mels)
    mask = batch.performance.mask(batch.log_mel.shape[2])
    assert batch.log_mel.shape[2] == int(batch.performance.n_frames.max())
    loudest = batch.log_mel.amax(1)[mask == 0].numpy()
    assert (loudest == np.float32(np.log10(CONFIG.log_floor))).all()
    assert batch.condition.midi_pitch.tolist() == notes.midi_pitch[:8].tolist()
    assert batch.condition.weights["instrument"].sum(1).tolist() == [1.0] * 8


def test_attack_times_are_measured_where_they_are_wanted(notes: TrainingNotes, tmp_path: Path) -> None:
    with NoteBank.open(write_toy_bank(tmp_path / "toy.h5")) as bank:
        measured = TrainingNotes(bank, Split.TRAIN, attacks=True)
    attack = Traits._fields.index("log_attack")
    batch, unmeasured = measured.batch(np.arange(8)), notes.batch(np.arange(8))
    assert batch.traits_weight[:, attack].all()
    assert not unmeasured.traits_weight[:, attack].any()
    times_ms = REFERENCE_ATTACK_MS * batch.traits[:, attack].exp()
    np.testing.assert_allclose(times_ms, np.maximum(measured.attack_ms[:8], MIN_ATTACK_MS), rtol=1e-5)


def test_drift_is_what_the_decoder_does_not_predict(notes: TrainingNotes) -> None:
    batch = notes.batch(np.arange(8))
    n_frames = batch.deviation_cents.shape[1]
    apart = torch.tensor([10.0, -10.0]).repeat(n_frames)[:n_frames]
    predicted = batch.deviation_cents + apart
    traits, weight = batch.known_traits(len(Traits._fields), predicted)
    known = weight[:, -1] > 0
    assert torch.equal(known, batch.voiced.sum(1) >= MIN_VOICED)
    assert known.any()
    spread = REFERENCE_DRIFT_CENTS * traits[known, -1].exp()
    torch.testing.assert_close(spread, torch.full_like(spread, SPREAD_OF_MEAN * 10.0))
    few, _ = batch.known_traits(4, predicted)
    assert torch.equal(few, traits[:, :4])


def test_whole_length_pads_to_all_frames(notes: TrainingNotes) -> None:
    notes.whole_length = True
    assert notes.batch(np.arange(2)).log_mel.shape[2] == CONFIG.max_frames
    notes.whole_length = False


def test_an_epoch_is_the_same_twice_and_differs_from_the_next(notes: TrainingNotes) -> None:
    config = TrainingConfig(batch_size=4, seed=3, fewest_steps=1)
    first, again, other = (
        [rows.tolist() for rows in EpochSampler(notes, config).epoch(epoch)] for epoch in (5, 5, 6)
    )
    assert first == again
    assert first != other
    assert len(first) == len(notes) // 4


def test_steps_follow_the_epochs_one_after_another(notes: TrainingNotes) -> None:
    config = TrainingConfig(batch_size=8, fewest_steps=1)
    sampler = EpochSampler(notes, config)
    in_order = [rows.tolist() for epoch in (0, 1) for rows in sampler.epoch(epoch)]
    assert [sampler.at(step).tolist() for step in range(len(in_order))] == in_order
    assert sampler.at(2).tolist() == in_order[2]


def test_without_balance_every_note_is_drawn_once(notes: TrainingNotes) -> None:
    config = TrainingConfig(batch_size=4, balance=0.0, fewest_steps=1)
    drawn = Counter(int(row) for rows in EpochSampler(notes, config).epoch(0) for row in rows)
    assert set(drawn.values()) == {1}


def test_processes_share_an_epoch_without_overlap(notes: TrainingNotes) -> None:
    config = TrainingConfig(batch_size=4, balance=0.0, fewest_steps=1)
    shares = [
        {int(row) for rows in EpochSampler(notes, config, rank, 2).epoch(0) for row in rows}
        for rank in (0, 1)
    ]
    assert not shares[0] & shares[1]
    assert len(shares[0]) == len(shares[1])


def test_balance_draws_rare_labels_more_often(notes: TrainingNotes) -> None:
    original = notes.labels["instrument"].copy()
    notes.labels["instrument"][:] = 0
    notes.labels["instrument"][:4] = 1
    weights = notes.weights(1.0)
    assert weights[:4].sum() / weights.sum() == pytest.approx(0.5, abs=0.05)
    assert notes.weights(0.0).tolist() == [1.0] * len(notes)
    notes.labels["instrument"][:] = original


def test_label_shares_are_frequencies(notes: TrainingNotes) -> None:
    shares = notes.label_shares()
    torch.testing.assert_close(shares["instrument"].sum(), torch.tensor(1.0))


def test_a_small_folder_is_passed_over_several_times_an_epoch(notes: TrainingNotes) -> None:
    config = TrainingConfig(batch_size=8, balance=0.0, fewest_steps=30)
    drawn = Counter(int(row) for rows in EpochSampler(notes, config).epoch(0) for row in rows)
    assert sum(drawn.values()) == 240
    assert set(drawn.values()) == {5}
