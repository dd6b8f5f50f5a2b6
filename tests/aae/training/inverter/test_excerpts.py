"""Excerpts of notes whose every frame tells which one it is."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aae.model.autoencoder import AutoEncoder
from aae.model.conditioning import Condition
from aae.model.decoder import Decoded
from aae.model.encoder import Encoding
from aae.model.performance import Performance
from aae.notes.bank import NoteBank, Split
from aae.training.data import TrainingNotes
from aae.training.inverter.excerpts import LEAD_FRAMES, Excerpts, ExcerptSource
from aae.training.inverter.recipe import load_recipe
from aae.training.recipe import LossConfig
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.toy_bank import CONFIG, write_toy_bank

FRAMES = 24
HOP = CONFIG.hop_length
LOSSES = LossConfig(reconstruction=2.0, attack=5.0)
SILENCE = float(np.log10(CONFIG.log_floor))
BLURRED = CONFIG.n_fft // HOP // 2
"""Frames beside an edge whose windows reach beyond it."""


class _MeanEncoder(nn.Module):
    def encode(self, log_mel: Tensor, mask: Tensor) -> Encoding:
        assert (mask.sum(1) > 0).all()
        return Encoding(log_mel.mean((1, 2))[:, None])


class _Counting(nn.Module):
    """Stands for an auto-encoder: its log-mel is -1, its pitch is the frame's number, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.encoder = _MeanEncoder()

    def decoder(
        self, latent: Tensor, condition: Condition, performance: Performance, take: Tensor | None
    ) -> Decoded:
        assert take is None
        n, frames = len(latent), int(performance.n_frames.max())
        log_mel = self.weight - torch.ones(n, CONFIG.n_mels, frames)
        f0_hz = torch.arange(1.0, frames + 1).repeat(n, 1)
        return Decoded(log_mel, f0_hz, inharmonicity=torch.arange(n) * 1e-4, noise=log_mel * 0 + 0.5)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoteBank]:
    with NoteBank.open(write_toy_bank(tmp_path_factory.mktemp("bank") / "toy.h5")) as opened:
        yield opened


@pytest.fixture(scope="module")
def source(bank: NoteBank) -> ExcerptSource:
    recipe = load_recipe({"frames": FRAMES, "batch_size": 6, "decoded": 0.5})
    return ExcerptSource(bank, TrainingNotes(bank, Split.TRAIN), recipe, LOSSES)


def _counting() -> AutoEncoder:
    return _Counting()  # type: ignore[return-value]


def _cut(source: ExcerptSource, rows: list[int], model: AutoEncoder | None, seed: int = 0) -> Excerpts:
    return source.cut(np.array(rows, np.int64), np.random.default_rng(seed), model)


@pytest.mark.parametrize("seed", range(4))
def test_a_recorded_excerpt_lies_beside_its_recording(seed: int, source: ExcerptSource) -> None:
    rows = list(range(8))
    excerpts = _cut(source, rows, None, seed)
    assert excerpts.log_mel.shape == (8, CONFIG.n_mels, FRAMES)
    assert excerpts.target.shape == (8, (FRAMES - 2 * LEAD_FRAMES) * HOP)
    analysed = Spectrogram(CONFIG)(excerpts.target)[:, :, : FRAMES - 2 * LEAD_FRAMES]
    judged = excerpts.log_mel[:, :, LEAD_FRAMES:-LEAD_FRAMES]
    starts_inside = _decoded_starts(source, rows, seed) + LEAD_FRAMES > 0
    inner = slice(BLURRED, -BLURRED)
    # stored in half precision
    torch.testing.assert_close(analysed[:, :, inner], judged[:, :, inner], atol=4e-3, rtol=0)
    early = slice(0, -BLURRED)
    torch.testing.assert_close(
        analysed[~starts_inside][:, :, early], judged[~starts_inside][:, :, early], atol=4e-3, rtol=0
    )


def _decoded_starts(source: ExcerptSource, rows: list[int], seed: int) -> Tensor:
    """The note's frame at which each excerpt begins, as its pitch counts them; negative before the onset."""
    f0_hz = _cut(source, rows, _counting(), seed).conditioning.f0_hz
    assert f0_hz is not None
    known = (f0_hz > 0).int().argmax(1)
    starts: Tensor = f0_hz.gather(1, known[:, None])[:, 0].long() - 1 - known
    return starts


@pytest.mark.parametrize("seed", range(4))
def test_a_decoded_excerpt_has_the_recording_of_the_same_frames(seed: int, source: ExcerptSource) -> None:
    rows = list(range(8))
    excerpts = _cut(source, rows, _counting(), seed)
    starts = _decoded_starts(source, rows, seed).tolist()
    assert min(starts) == -LEAD_FRAMES
    assert len(set(starts)) > 1
    for target, row, start in zip(excerpts.target, rows, starts, strict=True):
        recorded = source.bank.waveform(int(source.notes.bank_indices[row]))
        first = (start + LEAD_FRAMES) * HOP
        expected = np.zeros(len(target), np.float32)
        piece = recorded[first : first + len(target)]
        expected[: len(piece)] = piece
        np.testing.assert_array_equal(target.numpy(), expected)
        assert start + LEAD_FRAMES < source.notes.log_mels[row].shape[1]


def test_frames_beyond_a_note_are_silent(source: ExcerptSource) -> None:
    rows = list(range(8))
    excerpts = _cut(source, rows, _counting())
    assert excerpts.conditioning.f0_hz is not None
    assert excerpts.conditioning.noise is not None
    lengths = [source.notes.log_mels[row].shape[1] for row in rows]
    frame = _decoded_starts(source, rows, 0)[:, None] + torch.arange(FRAMES)
    inside = (frame >= 0) & (frame < torch.tensor(lengths)[:, None])
    assert not inside.all()
    everywhere = inside[:, None].expand_as(excerpts.log_mel)
    assert (excerpts.log_mel[everywhere] == -1).all()
    assert (excerpts.log_mel[~everywhere] == SILENCE).all()
    assert (excerpts.conditioning.f0_hz == torch.where(inside, frame + 1, 0)).all()
    assert (excerpts.conditioning.noise == 0.5 * everywhere).all()
    recorded = _cut(source, rows, None)
    assert (recorded.log_mel[~everywhere] == SILENCE).all()
    assert recorded.conditioning.f0_hz is None


def test_gradients_reach_the_decoder_by_the_log_mel_alone(source: ExcerptSource) -> None:
    excerpts = _cut(source, [0, 1], _counting())
    assert excerpts.log_mel.requires_grad
    assert excerpts.conditioning.noise is not None
    assert not excerpts.conditioning.noise.requires_grad
    assert excerpts.decoder_error is not None
    # This decoder predicts no f0 curve: it is held to the silence after the notes, too.
    batch = source.notes.batch(np.arange(2)).log_mel.numpy()
    whole_level, whole_changes = np.abs(batch + 1).mean(), np.abs(np.diff(batch, axis=2)).mean()
    assert excerpts.decoder_error.item() == pytest.approx(
        float(2.0 * whole_level + 5.0 * whole_changes), rel=1e-2
    )


def test_draws_follow_from_the_step_alone(source: ExcerptSource, bank: NoteBank) -> None:
    again = ExcerptSource(bank, source.notes, source.recipe, LOSSES)
    model = _counting()
    steps = [source.draw(step, model) for step in (0, 13, 5)]
    for step, before in zip((5, 13, 0), reversed(steps), strict=True):
        now = again.draw(step, model)
        assert torch.equal(now.target, before.target)
        assert torch.equal(now.log_mel, before.log_mel)
        assert now.conditioning.seeds == before.conditioning.seeds
    decoded = sum(source.draw(step, model).conditioning.f0_hz is not None for step in range(60))
    assert 15 < decoded < 45
    assert source.draw(0, None).conditioning.f0_hz is None


def test_validation_excerpts_are_the_same_every_time(bank: NoteBank) -> None:
    recipe = load_recipe({"frames": FRAMES, "batch_size": 4})
    source = ExcerptSource(bank, TrainingNotes(bank, Split.VALIDATION), recipe, LOSSES)
    first, second = list(source.fixed(None)), list(source.fixed(None))
    assert [len(excerpts.target) for excerpts in first] == [4, 2]
    assert all(torch.equal(a.target, b.target) for a, b in zip(first, second, strict=True))


def test_a_split_without_notes_has_no_excerpts(bank: NoteBank) -> None:
    empty = TrainingNotes(bank, Split.VALIDATION)
    empty.log_mels = []
    assert list(ExcerptSource(bank, empty, load_recipe({}), LOSSES).fixed(None)) == []
