import pytest
import torch

from aae.model.performance import Performance


def _performance(n_frames: int, **curves: torch.Tensor) -> Performance:
    phase = torch.arange(float(n_frames))[None]
    return Performance(torch.tensor([n_frames]), None, phase, torch.tensor([0.5]), **curves)


def test_joined_performances_are_held_at_their_end_and_come_apart_again() -> None:
    notes = [_performance(n, drift_cents=torch.full((1, n), float(n))) for n in (3, 5)]
    both = Performance.join(notes)
    assert both.n_frames.tolist() == [3, 5]
    assert both.modulation_phase.tolist() == [[0, 1, 2, 2, 2], [0, 1, 2, 3, 4]]
    assert both.mask(5).tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert both.deviation_cents is None
    for i, note in enumerate(notes):
        one = both.one(i)
        assert note.drift_cents is not None
        assert one.drift_cents is not None
        assert torch.equal(one.modulation_phase, note.modulation_phase)
        assert torch.equal(one.drift_cents, note.drift_cents)
        assert (one.n_frames.tolist(), one.onset_frames) == (note.n_frames.tolist(), None)


def test_what_one_performance_has_and_another_leaves_open_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="1 of 2 performances"):
        Performance.join([_performance(3), _performance(3, drift_cents=torch.zeros(1, 3))])


def test_a_performance_is_repeated_for_every_row() -> None:
    repeated = _performance(4, onset_frames=torch.tensor([2.0])).repeated(3)
    assert repeated.n_frames.tolist() == [4, 4, 4]
    assert repeated.modulation_phase.shape == (3, 4)
    assert repeated.onset_frames is not None
    assert repeated.onset_frames.tolist() == [2.0] * 3
