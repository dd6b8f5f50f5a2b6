"""Training data of inverters: short excerpts of notes, log-mels beside waveforms.

The log-mels are the recording's own, or the note's as the auto-encoder reconstructs it, which lies frame by
frame beside the recording. Every draw follows from (seed, step) alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from aae.model.autoencoder import AutoEncoder
from aae.model.decoder import Decoded
from aae.model.noise_fluctuation import n_starts
from aae.notes.bank import NoteBank
from aae.training.data import Batch, EpochSampler, TrainingNotes
from aae.training.inverter.recipe import InverterRecipe
from aae.training.objective import decode_notes, reconstruction_error, texture_distance
from aae.training.recipe import LossConfig, TrainingConfig
from aae.training.texture import TextureLoss
from mcnn.inversion.inverter import NO_CONDITIONING, InverterConditioning
from mcnn.spectral.spectrogram import Spectrogram

LEAD_FRAMES = 4
"""Frames at either end of an excerpt whose waveform is not judged: their windows reach beyond it."""
CPU = torch.device("cpu")
N_VALIDATION = 96
"""Excerpts that are validated."""


@dataclass(frozen=True)
class Excerpts:
    """Excerpts side by side."""

    log_mel: Tensor
    """`(batch, mels, frames)`."""
    conditioning: InverterConditioning
    target: Tensor
    """`(batch, (frames - 2 LEAD_FRAMES) * hop_length)`: the recording, without the frames at either end."""
    decoder_error: Tensor | None = None
    """The decoder's reconstruction error on the whole notes, a scalar; None for recordings."""


class ExcerptSource:
    """Draws excerpts of one split of a NoteBank.

    Args:
        bank: An open bank.
        notes: The split.
        recipe: Lengths, batch size, shares and seed.
        losses: Weights of the objective that the notes' decoder was trained with.
        device: Where the excerpts are wanted.
    """

    def __init__(
        self,
        bank: NoteBank,
        notes: TrainingNotes,
        recipe: InverterRecipe,
        losses: LossConfig,
        device: torch.device = CPU,
    ) -> None:
        self.bank, self.notes, self.recipe, self.losses, self.device = bank, notes, recipe, losses, device
        self.hop_length = bank.config.hop_length
        self.silence = float(np.log10(bank.config.log_floor))

    @cached_property
    def _sampler(self) -> EpochSampler:
        """Made when it is needed: a split to validate on may be empty."""
        recipe = self.recipe
        training = TrainingConfig(
            batch_size=max(2, recipe.batch_size), balance=recipe.balance, seed=recipe.seed, fewest_steps=1
        )
        return EpochSampler(self.notes, training)

    @cached_property
    def _texture(self) -> TextureLoss:
        return TextureLoss(Spectrogram(self.bank.config)).to(self.device)

    def draw(self, step: int, model: AutoEncoder | None) -> Excerpts:
        """The excerpts of one step.

        Args:
            step: Counted from 0.
            model: Decodes a share of the steps' notes; its decoder may be in training.
        """
        rng = np.random.default_rng([self.recipe.seed, 1, step])
        is_decoded = model is not None and rng.uniform() < self.recipe.decoded
        return self.cut(self._sampler.at(step), rng, model if is_decoded else None)

    def fixed(self, model: AutoEncoder | None) -> Iterator[Excerpts]:
        """An even spread over the split, the same every time, in batches; decoded where there is a model."""
        n = min(N_VALIDATION, len(self.notes))
        rows = np.linspace(0, len(self.notes) - 1, n).astype(np.int64)
        lengths = np.array([self.notes.log_mels[row].shape[1] for row in rows])
        rows = rows[np.argsort(lengths, kind="stable")]
        size = max(2, self.recipe.batch_size)
        for start in range(0, n, size):
            yield self.cut(rows[start : start + size], np.random.default_rng([7, start]), model)

    def cut(
        self, rows: npt.NDArray[np.int64], rng: np.random.Generator, model: AutoEncoder | None
    ) -> Excerpts:
        """An excerpt of each note.

        Args:
            rows: Positions within the split.
            rng: Where each begins.
            model: Reconstructs the log-mels; None takes the recorded ones.
        """
        batch = self.notes.batch(rows).to(self.device)
        log_mel, conditioning, error = batch.log_mel, NO_CONDITIONING, None
        if model is not None:
            decoded = decode_notes(model, batch)
            error = self._decoder_error(decoded, batch, rng)
            log_mel = decoded.log_mel.float()
            conditioning = decoded.conditioning()
        ends = batch.performance.n_frames.tolist()
        span = _Span(self._starts(ends, rng), ends, self.recipe.frames)
        f0_hz, inharmonicity, noise = (
            None if values is None else values.detach()
            for values in (conditioning.f0_hz, conditioning.inharmonicity, conditioning.noise)
        )
        return Excerpts(
            span.crop(log_mel, self.silence),
            InverterConditioning(
                None if f0_hz is None else span.crop(f0_hz, 0.0),
                inharmonicity,
                None if noise is None else span.crop(noise, 0.0),
                tuple(rng.integers(2**31, size=len(rows)).tolist()),
            ),
            torch.from_numpy(self._recorded(rows, span.starts)).to(self.device),
            error,
        )

    def _decoder_error(self, decoded: Decoded, batch: Batch, rng: np.random.Generator) -> Tensor:
        """The part of the decoder's own objective that it is held to, on whole notes."""
        error = reconstruction_error(decoded, batch, self.losses)
        if self.recipe.texture:
            start = int(rng.integers(2**31)) % n_starts(batch.log_mel.shape[2])
            error = error + self.recipe.texture * texture_distance(self._texture, decoded, batch, start)
        return error

    def _starts(self, ends: list[int], rng: np.random.Generator) -> list[int]:
        """First frame of each excerpt; negative before the note."""
        starts = []
        for end in ends:
            last = max(end + LEAD_FRAMES - self.recipe.frames, -LEAD_FRAMES)
            from_onset = rng.uniform() < self.recipe.onset_share
            starts.append(-LEAD_FRAMES if from_onset else int(rng.integers(-LEAD_FRAMES, last + 1)))
        return starts

    def _recorded(self, rows: npt.NDArray[np.int64], starts: list[int]) -> npt.NDArray[np.float32]:
        """The recordings' samples that are judged, `(batch, samples)`, silent beyond their ends."""
        n_samples = (self.recipe.frames - 2 * LEAD_FRAMES) * self.hop_length
        target = np.zeros((len(rows), n_samples), np.float32)
        for i, (row, start) in enumerate(zip(rows, starts, strict=True)):
            waveform = self.bank.waveform(int(self.notes.bank_indices[row]))
            piece = waveform[(start + LEAD_FRAMES) * self.hop_length :][:n_samples]
            target[i, : len(piece)] = piece
        return target


@dataclass(frozen=True)
class _Span:
    """The frames that excerpts of a batch of notes span."""

    starts: list[int]
    """First frame of each; negative before the note."""
    ends: list[int]
    """Frames of each note."""
    frames: int
    """Frames of each excerpt."""

    def crop(self, values: Tensor, outside: float) -> Tensor:
        """The excerpts of `(batch, ..., frames)`, with a value beyond the notes' beginnings and ends."""
        pieces = []
        for value, start, end in zip(values, self.starts, self.ends, strict=True):
            piece = value[..., max(start, 0) : min(end, start + self.frames)]
            before = max(-start, 0)
            after = self.frames - before - piece.shape[-1]
            pieces.append(nn.functional.pad(piece, (before, after), value=outside))
        return torch.stack(pieces)
