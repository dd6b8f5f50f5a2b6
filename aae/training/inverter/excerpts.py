"""What inverters are trained on: short excerpts of notes, their log-mels beside their waveforms.

The log-mels are the recording's own, or what the auto-encoder makes of the note, which lies frame by frame
beside the recording. Every draw follows from (seed, step) alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

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
from aae.training.losses import delta_l1, f0_l1, masked_l1
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
    """`(batch, (frames - 2 LEAD_FRAMES) * hop_length)`: the recording, without what leads in and out."""
    decoder_error: Tensor | None = None
    """The decoder's own objective on the whole notes, a scalar; None for recordings."""


class ExcerptSource:
    """Draws excerpts of one split of a NoteBank.

    Args:
        bank: An open bank.
        notes: The split.
        recipe: Lengths, batch size, shares and seed.
        device: Where the excerpts are wanted.
    """

    def __init__(
        self,
        bank: NoteBank,
        notes: TrainingNotes,
        recipe: InverterRecipe,
        device: torch.device = CPU,
    ) -> None:
        self.bank, self.notes, self.recipe, self.device = bank, notes, recipe, device
        self.hop_length = bank.config.hop_length
        self.silence = float(np.log10(bank.config.log_floor))
        self._rows = lru_cache(maxsize=2)(lambda epoch: list(self._sampler.epoch(epoch)))

    @cached_property
    def _sampler(self) -> EpochSampler:
        """Made when it is needed: a split to validate on may be empty."""
        recipe = self.recipe
        training = TrainingConfig(
            batch_size=max(2, recipe.batch_size), balance=recipe.balance, seed=recipe.seed, fewest_steps=1
        )
        return EpochSampler(self.notes, training)

    @cached_property
    def _texture_loss(self) -> TextureLoss:
        return TextureLoss(Spectrogram(self.bank.config)).to(self.device)

    def _texture(self, decoded: Decoded, batch: Batch, seed: int) -> Tensor:
        """How far the whole notes' textures are from the recordings', a scalar."""
        frames, onset = batch.log_mel.shape[2], batch.performance.onset_frames
        assert onset is not None
        loss, mask = self._texture_loss, batch.performance.mask(frames)
        distance: Tensor = loss(decoded, batch.log_mel, mask, onset, seed % n_starts(frames))
        return distance

    def draw(self, step: int, model: AutoEncoder | None) -> Excerpts:
        """The excerpts of one step.

        Args:
            step: Counted from 0.
            model: Decodes a share of the steps' notes; its decoder may be in training.
        """
        epoch, position = divmod(step, self._sampler.steps_per_epoch)
        rng = np.random.default_rng([self.recipe.seed, 1, step])
        decoded = model is not None and rng.uniform() < self.recipe.decoded
        return self.cut(self._rows(epoch)[position], rng, model if decoded else None)

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
            model: Makes the log-mels; None takes the recorded ones.
        """
        frames, hop = self.recipe.frames, self.hop_length
        batch = self.notes.batch(rows).to(self.device)
        log_mel, conditioning, error = batch.log_mel, NO_CONDITIONING, None
        if model is not None:
            decoded = decode_notes(model, batch)
            error = decoder_error(decoded, batch)
            if self.recipe.texture:
                error = error + self.recipe.texture * self._texture(decoded, batch, int(rng.integers(2**31)))
            log_mel = decoded.log_mel.float()
            conditioning = InverterConditioning(decoded.f0_hz, decoded.inharmonicity, decoded.noise)
        starts = []
        for length in batch.performance.n_frames.tolist():
            last = max(length + LEAD_FRAMES - frames, -LEAD_FRAMES)
            from_onset = rng.uniform() < self.recipe.onset_share
            starts.append(-LEAD_FRAMES if from_onset else int(rng.integers(-LEAD_FRAMES, last + 1)))
        target = np.zeros((len(rows), (frames - 2 * LEAD_FRAMES) * hop), np.float32)
        for i, (row, start) in enumerate(zip(rows, starts, strict=True)):
            waveform = self.bank.waveform(int(self.notes.bank_indices[row]))
            piece = waveform[(start + LEAD_FRAMES) * hop :][: target.shape[1]]
            target[i, : len(piece)] = piece
        ends = batch.performance.n_frames.tolist()
        return Excerpts(
            _crop(log_mel, starts, ends, frames, self.silence),
            InverterConditioning(
                None
                if conditioning.f0_hz is None
                else _crop(conditioning.f0_hz.detach(), starts, ends, frames, 0.0),
                None if conditioning.inharmonicity is None else conditioning.inharmonicity.detach(),
                None
                if conditioning.noise is None
                else _crop(conditioning.noise.detach(), starts, ends, frames, 0.0),
                tuple(rng.integers(2**31, size=len(rows)).tolist()),
            ),
            torch.from_numpy(target).to(self.device),
            error,
        )


def decode_notes(model: AutoEncoder, batch: Batch) -> Decoded:
    """What the decoder makes of notes from their own latents; no gradient reaches the encoder."""
    with torch.no_grad():
        found = model.encoder.encode(batch.log_mel, batch.performance.mask(batch.log_mel.shape[2]))
    decoded: Decoded = model.decoder(found.latent, batch.condition, batch.performance, found.take)
    return decoded


def decoder_error(decoded: Decoded, batch: Batch) -> Tensor:
    """What the decoder is to keep while an inverter is trained with it: its own objective, a scalar."""
    weights, mask = LossConfig(), batch.performance.mask(batch.log_mel.shape[2])
    made = decoded.log_mel.float()
    error = masked_l1(made, batch.log_mel, mask) + weights.attack * delta_l1(made, batch.log_mel, mask)
    if decoded.deviation_cents is not None:
        cents = f0_l1(decoded.deviation_cents.float(), batch.deviation_cents, batch.voiced)
        error = error + weights.deviation * cents
    return error


def _crop(values: Tensor, starts: list[int], ends: list[int], frames: int, outside: float) -> Tensor:
    """`frames` frames of each item from its start, with a value beyond the item's beginning and end."""
    pieces = []
    for value, start, end in zip(values, starts, ends, strict=True):
        piece = value[..., max(start, 0) : min(end, start + frames)]
        before = max(-start, 0)
        after = frames - before - piece.shape[-1]
        pieces.append(nn.functional.pad(piece, (before, after), value=outside))
    return torch.stack(pieces)
