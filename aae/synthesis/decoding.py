"""From the asked note to its log-mel: how it is played, its decoding, the grain of its noise, its end."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.analysis.modulation import frame_levels_db
from aae.analysis.onset import measure_onset
from aae.model.autoencoder import Decoder, Performance
from aae.model.conditioning import Condition, Vocabulary
from aae.model.model_file import LoadedModel
from aae.model.noise_fluctuation import NoiseFluctuation, fluctuation_strength, n_starts
from aae.model.traits import asked_attacks_ms
from aae.synthesis.performance import MIN_FRAMES, sample_performance
from mcnn.errors import InputError
from mcnn.inversion.inverter import InverterConditioning
from mcnn.spectral.level import REFERENCE_LEVEL_DB
from mcnn.spectral.spectrogram import Spectrogram

LEVEL_RANGE_DB = (-50.0, -6.0)
SILENCE_ABOVE_FLOOR = 0.3
"""Log-mel distance from the floor, in log10 units, under which a frame at the end counts as silent."""


@dataclass(frozen=True)
class NoteRequest:
    """One note to make.

    Args:
        midi_pitch: MIDI number, or None for an unpitched sound.
        mix: Attribute to label to weight, 0 or more.
        latent: A point of the latent space.
        seed: Of everything that differs between two takes of the same point: the take, noise, start of a
            vibrato, drift of the pitch.
        take: What tells a take from others, as the encoder reads it from a recording; drawn by the seed if
            not given.
        tuning_cents: How far the note is from the equal-tempered one, A4 = 440 Hz.
    """

    midi_pitch: int | None
    mix: Mapping[str, Mapping[str, float]]
    latent: tuple[float, ...]
    seed: int = 0
    take: tuple[float, ...] | None = None
    tuning_cents: float = 0.0


@dataclass(frozen=True)
class DecodedNote:
    """One note before its inversion."""

    log_mel: Tensor
    """`(mels, frames)`, at the reference level."""
    conditioning: InverterConditioning
    """What else is known of it, batch 1."""
    level_db: float
    """How loud it is to be; see `mcnn.spectral.level`."""
    attack_ms: float | None = None
    """How long its attack is to take, see `aae.analysis.attack`; None if the model does not say."""


@dataclass(frozen=True)
class _Plan:
    """What is asked of the decoder for a batch of notes."""

    style: Tensor
    condition: Condition
    performance: Performance
    levels_db: npt.NDArray[np.float64]
    attacks_ms: tuple[float | None, ...]
    seeds: tuple[int, ...]

    def one(self, i: int) -> "_Plan":
        """That of one of the notes."""
        asked, row = self.performance, slice(i, i + 1)
        weights = {name: weight[row] for name, weight in self.condition.weights.items()}
        phase = asked.modulation_phase[row, : int(asked.n_frames[i])]
        drift = None if asked.drift_cents is None else asked.drift_cents[row, : phase.shape[1]]
        performance = Performance(
            asked.n_frames[row], None, phase, asked.modulation_strength[row], drift_cents=drift
        )
        condition = Condition(self.condition.midi_pitch[row], weights)
        return _Plan(
            self.style[row],
            condition,
            performance,
            self.levels_db[row],
            self.attacks_ms[row],
            self.seeds[row],
        )


class NoteDecoder:
    """Makes the log-mels of asked notes.

    Args:
        loaded: An opened model file.
        precision: What the decoder's large layers are computed in. `bf16` is faster on processors that have
            instructions for it, and slower on others.
    """

    def __init__(self, loaded: LoadedModel, precision: Literal["f32", "bf16"] = "f32") -> None:
        self.decoder: Decoder = loaded.model.decoder
        if precision == "bf16":
            self.decoder = copy.deepcopy(self.decoder)
            for layer in self.decoder.half_precision_layers():
                layer.to(torch.bfloat16)
        self.vocabulary = Vocabulary(loaded.info.vocabularies)
        self.latent_size = loaded.info.latent_size
        self.config = loaded.info.spectrogram
        self._grain = NoiseFluctuation(Spectrogram(self.config))

    @torch.inference_mode()
    def decode(
        self, requests: Sequence[NoteRequest], *, grain: bool, n_frames: int | None = None
    ) -> list[DecodedNote]:
        """Decodes notes, each of its own length.

        Args:
            requests: The notes.
            grain: Whether the log-mels shall have the grain of noise. If not, they show its mean, and the
                conditioning tell what share of them is noise.
            n_frames: Length of every note; if not given, each has the length the model predicts.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        if not requests:
            return []
        plan = self._plan(requests, n_frames)
        decoded = self.decoder.decode_frames(plan.style, plan.condition, plan.performance)
        known = InverterConditioning(decoded.f0_hz, decoded.inharmonicity, decoded.noise, plan.seeds)
        notes = []
        for i in range(len(requests)):
            length = int(plan.performance.n_frames[i])
            log_mel, conditioning = decoded.log_mel[i, :, :length], known.one(i, length)
            if grain:
                log_mel, conditioning = self.add_noise_fluctuation(log_mel, conditioning)
            log_mel = self._without_silence(log_mel)
            conditioning = conditioning.one(0, log_mel.shape[1])
            notes.append(DecodedNote(log_mel, conditioning, float(plan.levels_db[i]), plan.attacks_ms[i]))
        return notes

    @torch.inference_mode()
    def begin(self, request: NoteRequest) -> "NoteInParts":
        """Prepares a note to be decoded part by part, so that its beginning can sound before its end is made.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        (note,) = self.begin_all([request])
        return note

    @torch.inference_mode()
    def begin_all(self, requests: Sequence[NoteRequest]) -> "list[NoteInParts]":
        """The same for some notes: quicker than one after the other.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        if not requests:
            return []
        plan = self._plan(requests, None)
        return [NoteInParts(self.decoder, plan.one(i)) for i in range(len(requests))]

    def _plan(self, requests: Sequence[NoteRequest], n_frames: int | None) -> "_Plan":
        """Everything that is asked of the decoder, and how loud the notes are to be."""
        condition = self.vocabulary.encode([r.midi_pitch for r in requests], [r.mix for r in requests])
        latent = self._latent(requests)
        style = self.decoder.mapping(latent, condition, self._take(requests))
        traits = self.decoder.trait_head(style).numpy()
        if n_frames is not None:
            traits[:, 0] = np.log(n_frames)
        levels_db = (REFERENCE_LEVEL_DB + 20.0 * traits[:, 1].astype(float)).clip(*LEVEL_RANGE_DB)
        seeds = tuple(request.seed for request in requests)
        tunings_cents = [request.tuning_cents for request in requests]
        performance = sample_performance(traits, seeds, tunings_cents, self.config, self.decoder.whole_length)
        return _Plan(style, condition, performance, levels_db, asked_attacks_ms(traits), seeds)

    def _latent(self, requests: Sequence[NoteRequest]) -> Tensor:
        size = self.latent_size
        for request in requests:
            if len(request.latent) != size or not np.isfinite(request.latent).all():
                raise InputError(f"latent {request.latent} is not {size} finite numbers")
        return torch.tensor([request.latent for request in requests], dtype=torch.float32)

    def _take(self, requests: Sequence[NoteRequest]) -> Tensor | None:
        """`(notes, take)`; None where the model has none."""
        size = self.decoder.mapping.take_size
        if not size:
            return None
        takes = []
        for request in requests:
            take = request.take
            if take is None:
                take = tuple(np.random.default_rng([request.seed, 3]).standard_normal(size).tolist())
            if len(take) != size or not np.isfinite(take).all():
                raise InputError(f"take {take} is not {size} finite numbers")
            takes.append(take)
        return torch.tensor(takes, dtype=torch.float32)

    def add_noise_fluctuation(
        self, log_mel: Tensor, conditioning: InverterConditioning
    ) -> tuple[Tensor, InverterConditioning]:
        """A log-mel `(mels, frames)` as an inverter takes it that gives noise no grain itself.

        Its noisy share gets the grain that noise has after the attack; the decoder puts out its mean.

        Args:
            log_mel: `(mels, frames)`, as the decoder made it.
            conditioning: Of this one note.

        Returns:
            The log-mel, and conditioning that tell of its onset and of no noise any more.
        """
        onset = measure_onset(frame_levels_db(log_mel.numpy()), self.config.frame_rate_hz)
        if conditioning.noise is not None:
            frames = log_mel.shape[1]
            start = np.random.default_rng([conditioning.seed(0), 1]).integers(n_starts(frames))
            strength = fluctuation_strength(torch.arange(frames) - onset)
            log_mel = self._grain.add(log_mel, conditioning.noise[0] * strength, int(start))
        return log_mel, replace(conditioning, noise=None, onsets=(onset,))

    def _without_silence(self, log_mel: Tensor) -> Tensor:
        """Cuts silent frames off the end."""
        floor = float(np.log10(self.config.log_floor))
        heard = (log_mel.amax(0) > floor + SILENCE_ABOVE_FLOOR).nonzero()
        last = int(heard.max()) + 1 if len(heard) else 0
        return log_mel[:, : max(last, MIN_FRAMES)]


class NoteInParts:
    """A note whose frames are decoded when they are needed; made by `NoteDecoder.begin`.

    Its parts are what `NoteDecoder.decode` makes without grain, but that silence at the end is not cut off.

    Args:
        decoder: The model's.
        plan: Of this one note.
    """

    def __init__(self, decoder: Decoder, plan: _Plan) -> None:
        self._decoder = decoder
        self.plan = plan
        self.n_frames = int(plan.performance.n_frames[0])
        self.level_db = float(plan.levels_db[0])

    def decode(self, start: int, stop: int) -> DecodedNote:
        """Frames `start` to `stop`, which may lie beyond the end: then they are fewer."""
        (part,) = self.decode_together([self], start, stop)
        return part

    @staticmethod
    @torch.inference_mode()
    def decode_together(notes: "Sequence[NoteInParts]", start: int, stop: int) -> list[DecodedNote]:
        """The same frames of some notes of one model: much quicker than one after the other.

        Near its end a note may differ by what is inaudible from what it is alone, as in `NoteDecoder.decode`.
        """
        for note in notes:
            if not 0 <= start < min(stop, note.n_frames):
                raise ValueError(f"frames {start} to {stop} of a note that has {note.n_frames}")
        if not notes:
            return []
        plan = _join([note.plan for note in notes])
        last = min(stop, plan.performance.modulation_phase.shape[1])
        made = notes[0]._decoder.decode_frames(plan.style, plan.condition, plan.performance, start, last)
        known = InverterConditioning(made.f0_hz, made.inharmonicity, made.noise, plan.seeds)
        parts = []
        for i, note in enumerate(notes):
            count = min(last, note.n_frames) - start
            log_mel, conditioning = made.log_mel[i, :, :count], known.one(i, count)
            parts.append(DecodedNote(log_mel, conditioning, note.level_db, note.plan.attacks_ms[0]))
        return parts


def _join(plans: Sequence[_Plan]) -> _Plan:
    """One plan for notes that each have their own; curves of shorter ones are held at their end."""
    if len(plans) == 1:
        return plans[0]
    performances, conditions = [plan.performance for plan in plans], [plan.condition for plan in plans]
    phases = [performance.modulation_phase for performance in performances]
    drifts = [performance.drift_cents for performance in performances]
    weights = {name: torch.cat([c.weights[name] for c in conditions]) for name in conditions[0].weights}
    return _Plan(
        torch.cat([plan.style for plan in plans]),
        Condition(torch.cat([condition.midi_pitch for condition in conditions]), weights),
        Performance(
            torch.cat([performance.n_frames for performance in performances]),
            None,
            _held(phases),
            torch.cat([performance.modulation_strength for performance in performances]),
            drift_cents=_held([drift for drift in drifts if drift is not None]),
        ),
        np.concatenate([plan.levels_db for plan in plans]),
        tuple(attack_ms for plan in plans for attack_ms in plan.attacks_ms),
        tuple(seed for plan in plans for seed in plan.seeds),
    )


def _held(curves: Sequence[Tensor]) -> Tensor:
    """Curves `(1, frames)` side by side, `(notes, most frames)`; shorter ones stay as they end."""
    longest = max(curve.shape[1] for curve in curves)
    return torch.cat([torch.cat([c, c[:, -1:].expand(1, longest - c.shape[1])], 1) for c in curves])
