"""NoteBank to training batches: measured performances, balanced draws, notes of like length together.

Every draw follows from (seed, epoch) alone, so that a resumed training sees the very batches that an
uninterrupted one would have seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.analysis.attack import attack_time_ms
from aae.analysis.modulation import Modulation, frame_levels_db, measure_modulation
from aae.analysis.onset import measure_onset
from aae.model.conditioning import Condition
from aae.model.performance import Performance
from aae.model.traits import RATE_UNIT_HZ, REFERENCE_ATTACK_MS, REFERENCE_DRIFT_CENTS, Traits
from aae.notes.bank import NoteBank, Split
from aae.training.recipe import TrainingConfig
from mcnn.spectral.level import REFERENCE_LEVEL_DB

POOL_BATCHES = 16
"""Batches that are drawn together and then sorted by length."""
SPREAD_OF_MEAN = 1.25
"""Standard deviation of a normal distribution by its mean absolute deviation."""
MIN_DRIFT_CENTS = 0.5
MIN_VOICED = 16
"""Frames with a pitch from which on its drift is measured."""
MIN_ATTACK_MS = 2.0
"""Shorter ones are not resolved by the envelope's window."""
TUNED_WITHIN_CENTS = 60.0
"""A note's own tuning up to this size is removed from the f0 curve that the decoder learns."""


@dataclass(frozen=True)
class Batch:
    """Notes side by side, padded to the longest."""

    log_mel: Tensor
    """`(batch, mels, frames)`, silence after each note's end."""
    condition: Condition
    performance: Performance
    """As measured; the decoder draws its partials with it."""
    labels: dict[str, Tensor]
    """Attribute name to `(batch,)` label indices, -1 where not given."""
    deviation_cents: Tensor
    """`(batch, frames)`, the f0 curve to learn: the measured one without the note's own tuning."""
    voiced: Tensor
    """`(batch, frames)`, 1 where that curve is known."""
    traits: Tensor
    """`(batch, traits)`, columns of `Traits`; without the drift, which depends on the decoder."""
    traits_weight: Tensor
    """`(batch, traits)`, 0 where a trait could not be measured."""

    def __len__(self) -> int:
        return len(self.log_mel)

    def known_traits(self, n_traits: int, predicted_cents: Tensor | None) -> tuple[Tensor, Tensor]:
        """The first so many traits and their weights.

        Args:
            n_traits: How many the model has.
            predicted_cents: `(batch, frames)`, the f0 curve that it predicts.
        """
        if n_traits <= self.traits.shape[1] or predicted_cents is None:
            return self.traits[:, :n_traits], self.traits_weight[:, :n_traits]
        n_voiced = self.voiced.sum(1)
        apart = ((self.deviation_cents - predicted_cents.detach()).abs() * self.voiced).sum(1)
        spread = SPREAD_OF_MEAN * apart / n_voiced.clamp_min(1.0)
        drift = torch.log(spread.clamp_min(MIN_DRIFT_CENTS) / REFERENCE_DRIFT_CENTS)
        known = (n_voiced >= MIN_VOICED).float()
        return torch.cat([self.traits, drift[:, None]], 1), torch.cat([self.traits_weight, known[:, None]], 1)

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        if device.type == "cpu":
            return self
        return Batch(
            log_mel=self.log_mel.to(device),
            condition=self.condition.to(device),
            performance=self.performance.to(device),
            labels={name: label.to(device) for name, label in self.labels.items()},
            deviation_cents=self.deviation_cents.to(device),
            voiced=self.voiced.to(device),
            traits=self.traits.to(device),
            traits_weight=self.traits_weight.to(device),
        )


class TrainingNotes:
    """One split of a NoteBank in memory, measured and ready to be batched.

    Args:
        bank: An open bank.
        split: Which notes.
        whole_length: Pad every note to all frames of the front end.
        attacks: Measure how long every attack takes, on the waveforms; else it counts as unknown.
    """

    def __init__(
        self, bank: NoteBank, split: Split, whole_length: bool = False, attacks: bool = False
    ) -> None:
        self.bank_indices = np.flatnonzero(bank.split == split)
        self.config = bank.config
        self.whole_length = whole_length
        self.attributes = bank.attributes
        self.log_mels = [bank.log_mel(int(i)).astype(np.float16) for i in self.bank_indices]
        self.f0_cents = [bank.f0_cents(int(i)) for i in self.bank_indices]
        self.midi_pitch = bank.midi_pitch[self.bank_indices].astype(np.int64)
        self.labels = {
            name: labels[self.bank_indices].astype(np.int64) for name, labels in bank.labels.items()
        }
        self.level_db = bank.level_db[self.bank_indices]
        levels, rate_hz = [frame_levels_db(log_mel) for log_mel in self.log_mels], self.config.frame_rate_hz
        self.modulations = [
            measure_modulation(f0, level_db, rate_hz)
            for f0, level_db in zip(self.f0_cents, levels, strict=True)
        ]
        self.attack_ms = np.full(len(self), np.nan, np.float32)
        if attacks:
            rate = bank.config.sample_rate
            self.attack_ms[:] = [attack_time_ms(bank.waveform(int(i)), rate) for i in self.bank_indices]
        self.onset_frames = np.array([measure_onset(level_db, rate_hz) for level_db in levels], np.float32)

    def __len__(self) -> int:
        return len(self.log_mels)

    def weights(self, balance: float) -> npt.NDArray[np.float64]:
        """The frequency with which each note is drawn, relative to the mean.

        Args:
            balance: 0 for every note alike, 1 for every label of every attribute alike.
        """
        weights = np.ones(len(self))
        for labels in self.labels.values():
            counts = np.bincount(labels + 1)
            weights *= (counts[labels + 1] / len(self)) ** -balance
        weights = np.minimum(weights / weights.mean(), 20.0)
        return np.asarray(weights / weights.mean())

    def label_shares(self) -> dict[str, Tensor]:
        """Frequency of every label, `(labels,)` an attribute."""
        shares = {}
        for name, labels in self.labels.items():
            counts = np.bincount(labels[labels >= 0], minlength=len(self.attributes[name]))
            shares[name] = torch.tensor(counts / max(counts.sum(), 1), dtype=torch.float32)
        return shares

    def batch(self, rows: npt.NDArray[np.int64]) -> Batch:
        """Puts notes side by side.

        Args:
            rows: Positions within this split.
        """
        n_frames = np.array([self.log_mels[row].shape[1] for row in rows])
        frames = self.config.max_frames if self.whole_length else int(n_frames.max())
        n_mels, silence = self.config.n_mels, float(np.log10(self.config.log_floor))
        log_mel = np.full((len(rows), n_mels, frames), silence, np.float32)
        measured = np.zeros((len(rows), frames), np.float32)
        learned = np.zeros((len(rows), frames), np.float32)
        voiced = np.zeros((len(rows), frames), np.float32)
        phase = np.zeros((len(rows), frames), np.float32)
        for i, row in enumerate(rows):
            length = n_frames[i]
            log_mel[i, :, :length] = self.log_mels[row]
            measured[i, :length], learned[i, :length], voiced[i, :length] = _deviation(self.f0_cents[row])
            phase[i, :length] = self.modulations[row].phase
        modulations = [self.modulations[row] for row in rows]
        strength = np.array([modulation.strength for modulation in modulations], np.float32)
        traits, traits_weight = self._traits(rows, n_frames, modulations)
        return Batch(
            log_mel=torch.from_numpy(log_mel),
            condition=Condition(torch.from_numpy(self.midi_pitch[rows]), self._one_hots(rows)),
            performance=Performance(
                torch.from_numpy(n_frames),
                *map(torch.from_numpy, (measured, phase, strength, self.onset_frames[rows])),
            ),
            labels={name: torch.from_numpy(labels[rows]) for name, labels in self.labels.items()},
            deviation_cents=torch.from_numpy(learned),
            voiced=torch.from_numpy(voiced),
            traits=traits.stack(),
            traits_weight=traits_weight.stack(),
        )

    def _one_hots(self, rows: npt.NDArray[np.int64]) -> dict[str, Tensor]:
        one_hots = {}
        for name, labels in self.labels.items():
            label = torch.from_numpy(labels[rows])
            hot = torch.nn.functional.one_hot(label.clamp_min(0), len(self.attributes[name]))
            one_hots[name] = hot.float() * (label >= 0)[:, None]
        return one_hots

    def _traits(
        self, rows: npt.NDArray[np.int64], n_frames: npt.NDArray[np.int64], modulations: list[Modulation]
    ) -> tuple[Traits, Traits]:
        """The measured traits, and 0 to 1 for how much each of them counts."""
        rate = np.array([modulation.rate_hz for modulation in modulations])
        strength = np.array([modulation.strength for modulation in modulations])
        level = (self.level_db[rows] - REFERENCE_LEVEL_DB) / 20.0
        attack = np.log(np.maximum(self.attack_ms[rows], MIN_ATTACK_MS) / REFERENCE_ATTACK_MS)
        traits = Traits(
            log_frames=_column(np.log(n_frames)),
            level=_column(level),
            modulation_rate=_column(rate / RATE_UNIT_HZ),
            modulation_strength=_column(strength),
            log_attack=_column(np.nan_to_num(attack)),
        )
        weights = Traits(
            log_frames=torch.ones(len(rows)),
            level=torch.ones(len(rows)),
            modulation_rate=_column(strength),
            modulation_strength=_column(n_frames >= 0.45 * self.config.frame_rate_hz),
            log_attack=_column(np.isfinite(attack)),
        )
        return traits, weights


def _column(values: npt.ArrayLike) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))


def _deviation(f0_cents: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
    """The f0 curve with its gaps filled, the same without the note's own tuning, and where it was voiced."""
    voiced = np.isfinite(f0_cents)
    if not voiced.any():
        zeros = np.zeros(len(f0_cents), np.float32)
        return zeros, zeros, zeros
    filled = np.interp(np.arange(len(f0_cents)), np.flatnonzero(voiced), f0_cents[voiced])
    tuning = float(np.median(f0_cents[voiced]))
    tuning = tuning if abs(tuning) < TUNED_WITHIN_CENTS else 0.0
    return filled.astype(np.float32), (filled - tuning).astype(np.float32), voiced.astype(np.float32)


class EpochSampler:
    """The batches of each epoch, as positions within a split.

    Args:
        notes: The training split.
        config: Batch size, balance and seed.
        rank: Which of the processes this is.
        world_size: How many processes share every step.
    """

    def __init__(
        self, notes: TrainingNotes, config: TrainingConfig, rank: int = 0, world_size: int = 1
    ) -> None:
        weights = notes.weights(config.balance)
        self.probabilities = weights / weights.sum()
        self.lengths = np.array([log_mel.shape[1] for log_mel in notes.log_mels])
        self.batch_size, self.seed = min(config.batch_size, len(notes)), config.seed
        self.rank, self.world_size = rank, world_size
        self.steps_per_epoch = max(config.fewest_steps, len(notes) // (self.batch_size * world_size))
        self._drawn_epoch: int | None = None
        self._drawn: list[npt.NDArray[np.int64]] = []

    def at(self, step: int) -> npt.NDArray[np.int64]:
        """The batch of one step; the epochs follow one another.

        Args:
            step: Counted from 0.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._drawn_epoch:
            self._drawn, self._drawn_epoch = list(self.epoch(epoch)), epoch
        return self._drawn[position]

    def epoch(self, epoch: int) -> Iterator[npt.NDArray[np.int64]]:
        """The batches of one epoch for this process.

        Args:
            epoch: Counted from 0.
        """
        rng = np.random.default_rng([self.seed, epoch])
        n_batches = self.steps_per_epoch * self.world_size
        drawn = self._systematic(rng, n_batches * self.batch_size)
        batches: list[npt.NDArray[np.int64]] = []
        for start in range(0, n_batches, POOL_BATCHES):
            pool = drawn[start * self.batch_size : (start + POOL_BATCHES) * self.batch_size]
            pool = pool[np.argsort(self.lengths[pool], kind="stable")]
            batches.extend(pool.reshape(-1, self.batch_size))
        order = rng.permutation(n_batches)
        for step in range(self.steps_per_epoch):
            yield batches[order[step * self.world_size + self.rank]]

    def _systematic(self, rng: np.random.Generator, n: int) -> npt.NDArray[np.int64]:
        """Weighted draws with the least repetition, shuffled."""
        points = (np.arange(n) + rng.uniform()) / n
        drawn = np.searchsorted(np.cumsum(self.probabilities), points).clip(max=len(self.probabilities) - 1)
        return rng.permutation(drawn).astype(np.int64)
