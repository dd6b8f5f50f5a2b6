"""Requests to log-mels: the only door to a model's decoder.

A style, from latent and condition, and a performance make frames (`NoteDecoder.style_of`, `traits_of`,
`decode_frames`); for new notes the traits say how they are performed (`NoteDecoder.decode`).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from aae.analysis.modulation import frame_levels_db
from aae.analysis.onset import measure_onset
from aae.model.conditioning import Condition, Vocabulary
from aae.model.decoder import Decoded, Decoder
from aae.model.model_file import LoadedModel
from aae.model.noise_fluctuation import NoiseFluctuation, fluctuation_strength, n_starts
from aae.model.performance import Performance
from aae.model.traits import Traits
from aae.synthesis.decoding_plan import DecodingPlan
from aae.synthesis.performance import MIN_FRAMES, sample_performance
from aae.synthesis.request import NoteRequest
from mcnn.errors import InputError
from mcnn.inversion.inverter import InverterConditioning
from mcnn.network.config import Precision
from mcnn.spectral.spectrogram import Spectrogram

LEVEL_RANGE_DB = (-50.0, -6.0)
"""Of new notes, whatever is predicted."""
SILENCE_ABOVE_FLOOR = 0.3
"""Log-mel distance from the floor, in log10 units, under which a frame at the end counts as silent."""


@dataclass(frozen=True)
class DecodedNote:
    """One note before its inversion."""

    log_mel: Tensor
    """`(mels, frames)`, at the reference level."""
    conditioning: InverterConditioning
    """What else is known of it, batch 1."""
    level_db: float
    """The level it is to have; see `mcnn.spectral.level`."""
    attack_ms: float | None = None
    """The attack time it is to have, see `aae.analysis.attack`; None if the model predicts none."""


class NoteDecoder:
    """Makes the log-mels of notes.

    Args:
        loaded: An opened model file.
        precision: Of the decoder's large layers. `bf16` is faster on processors that have instructions for
            it, and slower on others.
    """

    def __init__(self, loaded: LoadedModel, precision: Precision = "f32") -> None:
        self._decoder: Decoder = loaded.model.decoder
        if precision == "bf16":
            self._decoder = copy.deepcopy(self._decoder)
            for layer in self._decoder.half_precision_layers():
                layer.to(torch.bfloat16)
        self.vocabulary = Vocabulary(loaded.info.vocabularies)
        self.latent_size = loaded.info.latent_size
        self.config = loaded.info.spectrogram
        self._fluctuation = NoiseFluctuation(Spectrogram(self.config))

    @property
    def whole_length(self) -> bool:
        """Whether notes always span all frames of the front end."""
        return self._decoder.whole_length

    def style_of(self, latent: Tensor, condition: Condition, take: Tensor | None = None) -> Tensor:
        """Style vectors `(notes, style)`.

        Args:
            latent: `(notes, latent)`.
            condition: Of as many notes.
            take: `(notes, take)`; the mean one if not given.
        """
        style: Tensor = self._decoder.mapping(latent, condition, take)
        return style

    def traits_of(self, style: Tensor) -> Traits:
        """The note-level descriptors that belong to styles `(notes, style)`."""
        return Traits.of(self._decoder.trait_head(style))

    def decode_frames(
        self,
        style: Tensor,
        condition: Condition,
        performance: Performance,
        start: int = 0,
        stop: int | None = None,
    ) -> Decoded:
        """Frames `start` to `stop` of notes; see `aae.model.decoder.Decoder.decode_frames`."""
        return self._decoder.decode_frames(style, condition, performance, start, stop)

    @torch.inference_mode()
    def decode(
        self, requests: Sequence[NoteRequest], *, noise_fluctuation: bool, n_frames: int | None = None
    ) -> list[DecodedNote]:
        """Decodes notes, each of its own length.

        Args:
            requests: The notes.
            noise_fluctuation: Whether noise shall fluctuate in the log-mels as recorded noise does. If not,
                they show its mean, and the conditioning says what share of them is noise.
            n_frames: Length of every note; if not given, each has the length the model predicts.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        if not requests:
            return []
        plan = self.plan(requests, n_frames)
        decoded = self.decode_frames(plan.style, plan.condition, plan.performance)
        known = decoded.conditioning(plan.seeds)
        notes = []
        for i in range(len(requests)):
            length = int(plan.performance.n_frames[i])
            log_mel, conditioning = decoded.log_mel[i, :, :length], known.one(i, length)
            if noise_fluctuation:
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
        plan = self.plan(requests)
        return [NoteInParts(self, plan.one(i)) for i in range(len(requests))]

    def plan(self, requests: Sequence[NoteRequest], n_frames: int | None = None) -> DecodingPlan:
        """The decoder's input for new notes: styles, and performances that follow from traits and seeds.

        Args:
            requests: The notes, at least one.
            n_frames: Length of every note; if not given, each has the length the model predicts.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        condition = self.vocabulary.encode([r.midi_pitch for r in requests], [r.mix for r in requests])
        style = self.style_of(self._latent(requests), condition, self._take(requests))
        traits = self.traits_of(style)
        if n_frames is not None:
            traits = traits._replace(log_frames=torch.full_like(traits.log_frames, np.log(n_frames)))
        seeds = tuple(request.seed for request in requests)
        tunings_cents = [request.tuning_cents for request in requests]
        return DecodingPlan(
            style,
            condition,
            sample_performance(traits, seeds, tunings_cents, self.config, self.whole_length),
            traits.levels_db().clip(*LEVEL_RANGE_DB),
            traits.attacks_ms(),
            seeds,
        )

    def _latent(self, requests: Sequence[NoteRequest]) -> Tensor:
        """`(notes, latent)`."""
        size = self.latent_size
        for request in requests:
            if len(request.latent) != size or not np.isfinite(request.latent).all():
                raise InputError(f"latent {request.latent} is not {size} finite numbers")
        return torch.tensor([request.latent for request in requests], dtype=torch.float32)

    def _take(self, requests: Sequence[NoteRequest]) -> Tensor | None:
        """`(notes, take)`; None where the model has none."""
        size = self._decoder.mapping.take_size
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
        """Lets the noisy share of a log-mel fluctuate after the attack; the decoder predicts its mean.

        It is for inverters that do not use `conditioning.noise` themselves.

        Args:
            log_mel: `(mels, frames)`, as the decoder made it.
            conditioning: Of this one note.

        Returns:
            The log-mel, and conditioning with its onset and without a share of noise.
        """
        onset = measure_onset(frame_levels_db(log_mel.numpy()), self.config.frame_rate_hz)
        if conditioning.noise is not None:
            frames = log_mel.shape[1]
            start = np.random.default_rng([conditioning.seed(0), 1]).integers(n_starts(frames))
            strength = fluctuation_strength(torch.arange(frames) - onset)
            log_mel = self._fluctuation.add(log_mel, conditioning.noise[0] * strength, int(start))
        return log_mel, replace(conditioning, noise=None, onsets=(onset,))

    def _without_silence(self, log_mel: Tensor) -> Tensor:
        """Cuts silent frames off the end."""
        floor = float(np.log10(self.config.log_floor))
        audible = (log_mel.amax(0) > floor + SILENCE_ABOVE_FLOOR).nonzero()
        end = int(audible.max()) + 1 if len(audible) else 0
        return log_mel[:, : max(end, MIN_FRAMES)]


class NoteInParts:
    """A note whose frames are decoded when they are needed; made by `NoteDecoder.begin`.

    Its parts are what `NoteDecoder.decode` makes without noise fluctuation, but silence at the end stays.

    Args:
        decoder: The model's.
        plan: Of this one note.
    """

    def __init__(self, decoder: NoteDecoder, plan: DecodingPlan) -> None:
        self._decoder = decoder
        self._plan = plan
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
        plan = DecodingPlan.join([note._plan for note in notes])
        end = min(stop, plan.performance.modulation_phase.shape[1])
        decoder = notes[0]._decoder
        decoded = decoder.decode_frames(plan.style, plan.condition, plan.performance, start, end)
        known = decoded.conditioning(plan.seeds)
        parts = []
        for i, note in enumerate(notes):
            count = min(end, note.n_frames) - start
            log_mel, conditioning = decoded.log_mel[i, :, :count], known.one(i, count)
            parts.append(DecodedNote(log_mel, conditioning, note.level_db, plan.attacks_ms[i]))
        return parts
