"""Resynthesis of a played note: decoded in another style, with the performance of the recording.

`Changes.amount` goes from the original, 0, to all of the change, 1. The requested weights, transposition and
latent offset grow with it, while the residual (the recording's log-mel less the model's reconstruction of it)
fades out: at 0 the log-mel is the recording's, at 1 the model's alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.analysis.modulation import Modulation
from aae.model.conditioning import MAX_MIDI_PITCH, MIN_MIDI_PITCH, Mix
from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.finishing import FADE_IN_S, fade, limit_peak, remove_rumble
from aae.synthesis.performance import oscillate
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.changes import Changes, blended_mix, check_offset, target_mix
from aae.transform.loudness_contour import SMOOTH_S, follow_loudness, lateness_s
from aae.transform.note_analysis import AnalysedNote
from aae.transform.performance import SLUR_FRAMES, performance_from_note

Floats = npt.NDArray[np.float32]

SLUR_S = 0.02
"""Fade-in of a slurred note, instead of `FADE_IN_S`."""
FADE_OUT_S = 0.02
"""Of a note that does not overlap the next; it ends where the played one does, so the fade is a short one."""
_LATE_S, _LATEST_S = 0.012, 0.3
"""Some points of the latent space remember recordings that began late; then the first frames are skipped."""
_TECHNIQUE = "technique"
_MODULATED = 0.3
"""Strength from which a vibrato or tremolo is one."""
_SLOW_S = 0.25
"""Smoothing of the loudness that a note with a new tremolo follows: slower than the tremolo itself."""
_NOISE_NOTE = 60
"""A noise has the style that the instrument's own noise has on the note of its range nearest to this."""


@dataclass(frozen=True)
class RemadeNote:
    """A note of the result.

    Attributes:
        start: Its first sample, as the played note's.
        waveform: `(samples,)`; the played note's length and, if `after` was given, as much more.
        midi_pitch: What it was made at; None for an unpitched sound.
        latent: The point of the latent space it was made from.
        trained: Whether the training data had this note of this combination.
    """

    start: int
    waveform: Floats
    midi_pitch: int | None
    latent: tuple[float, ...]
    trained: bool


@dataclass(frozen=True)
class _Plan:
    """What is to be decoded for one note."""

    note: AnalysedNote
    midi_pitch: int | None
    shift_cents: float
    latent: tuple[float, ...]
    style: Tensor
    new_modulation: tuple[float, float] | None
    """Rate in Hz and strength of a vibrato or tremolo that the played note lacks; None keeps its own."""
    extra: int
    """Frames beyond its end."""
    seed: int


class Resynthesizer:
    """Re-makes the notes of one sound.

    Args:
        synthesizer: The model.
        changes: The requested ones.
        source: The sound's own labels, see `aae.transform.source_style`.

    Raises:
        InputError: For words, weights or numbers that the model cannot take.
    """

    def __init__(self, synthesizer: Synthesizer, changes: Changes, source: Mapping[str, str]) -> None:
        synthesizer.vocabulary.check(changes.mix)
        check_offset(synthesizer.info, changes.latent_offset)
        self.synthesizer = synthesizer
        self.config = synthesizer.info.spectrogram
        self.changes = changes
        self.target = target_mix(synthesizer.info, changes.mix, source)
        self.mix = blended_mix(source, self.target, changes.amount)
        self._own_mix: Mix = {name: {label: 1.0} for name, label in source.items()}

    @torch.inference_mode()
    def remake(self, note: AnalysedNote, *, after: int = 0, number: int = 0) -> RemadeNote:
        """One note, aligned to the played one in time, loudness and fine pitch.

        Args:
            note: As measured.
            after: Samples to go on beyond its end, for a cross-fade into the next.
            number: Of the note in its sound; with the seed it decides what is random.
        """
        plan = self._plan(note, after, number)
        waveform = self._synthesize(plan)
        late_s = min(lateness_s(waveform, note.waveform, self.config.sample_rate), _LATEST_S)
        if late_s > _LATE_S and not note.is_slurred:
            waveform = self._synthesize(plan, skip=round(late_s * self.config.frame_rate_hz))
        waveform = self._finish(plan, waveform, len(note.waveform) + after)
        trained = self.synthesizer.info.coverage.is_trained(plan.midi_pitch, self.target)
        return RemadeNote(note.start, waveform, plan.midi_pitch, plan.latent, trained)

    def _plan(self, note: AnalysedNote, after: int, number: int) -> _Plan:
        amount = self.changes.amount
        midi_pitch, shift_cents = self._requested_pitch(note)
        offset = self.changes.latent_offset or (0.0,) * len(note.latent)
        latent = tuple(x + amount * y for x, y in zip(note.latent, offset, strict=True))
        style = self._style(midi_pitch, self.mix, latent, note.takes())
        return _Plan(
            note=note,
            midi_pitch=midi_pitch,
            shift_cents=shift_cents,
            latent=latent,
            style=style,
            new_modulation=self._new_modulation(note, style),
            extra=-(-after // self.config.hop_length),
            seed=int(np.random.default_rng([self.changes.seed, number]).integers(2**31)),
        )

    def _requested_pitch(self, note: AnalysedNote) -> tuple[int | None, float]:
        """The note to make and what its fine pitch is shifted by, in cents."""
        if note.midi_pitch is None:
            return None, 0.0
        requested = self.changes.midi_pitch
        steps = self.changes.transpose if requested is None else requested - note.midi_pitch
        exact = note.midi_pitch + self.changes.amount * steps
        midi_pitch = int(np.clip(round(exact), MIN_MIDI_PITCH, MAX_MIDI_PITCH))
        return midi_pitch, 100.0 * (exact - midi_pitch)

    def _style(
        self, midi_pitch: int | None, mix: Mix, latent: tuple[float, ...], take: Tensor | None
    ) -> Tensor:
        """The style vector `(1, style)`."""
        if midi_pitch is None:
            low, high = self.synthesizer.info.coverage.pitch_range(mix) or (_NOISE_NOTE, _NOISE_NOTE)
            midi_pitch = int(np.clip(_NOISE_NOTE, low, high))
        condition = self.synthesizer.vocabulary.encode([midi_pitch], [mix])
        return self.synthesizer.decoder.style_of(torch.tensor([latent]), condition, take)

    def _new_modulation(self, note: AnalysedNote, style: Tensor) -> tuple[float, float] | None:
        """The tremolo or vibrato of a requested technique; None if the note has one or is to have none."""
        if _TECHNIQUE not in self.changes.mix:
            return None
        traits = self.synthesizer.decoder.traits_of(style)
        strength = self.changes.amount * float(traits.modulation_strengths())
        if note.modulation.strength >= _MODULATED or strength < _MODULATED:
            return None
        return traits.modulation_rates_hz()[0], strength

    def _synthesize(self, plan: _Plan, skip: int = 0) -> Floats:
        """The note as the model plays it, from its frame `skip` on (a slurred one without its attack)."""
        before = skip + (SLUR_FRAMES if plan.note.is_slurred else 0)
        modulation = None
        if plan.new_modulation is not None:
            rate_hz, strength = plan.new_modulation
            n_frames = before + len(plan.note.f0_cents) + plan.extra
            rng = np.random.default_rng([plan.seed, 2])
            phase = oscillate(rate_hz, n_frames, self.config.frame_rate_hz, rng)
            modulation = Modulation(rate_hz, strength, phase)
        performance = performance_from_note(
            plan.note, before=before, after=plan.extra, shift_cents=plan.shift_cents, modulation=modulation
        )
        decoder = self.synthesizer.decoder
        condition = decoder.vocabulary.encode([plan.midi_pitch], [self.mix])
        decoded = decoder.decode_frames(plan.style, condition, performance, before)
        log_mel, noise = decoded.log_mel[0], decoded.noise
        if plan.midi_pitch is None and decoded.residual is not None:
            # It was learned on pitched notes, and bears marks of their partials.
            log_mel = log_mel - decoded.residual[0]
        if self.changes.amount < 1.0:
            log_mel = self._with_residual(plan, log_mel, before)
            noise = None if noise is None else noise * self.changes.amount
        conditioning = replace(decoded, noise=noise).conditioning((plan.seed,))
        return self.synthesizer.invert(log_mel, conditioning)

    def _with_residual(self, plan: _Plan, log_mel: Tensor, before: int) -> Tensor:
        """A log-mel with the share that is left of the residual: the recording less its reconstruction."""
        note, decoder = plan.note, self.synthesizer.decoder
        condition = decoder.vocabulary.encode([note.midi_pitch], [self._own_mix])
        style = self._style(note.midi_pitch, self._own_mix, note.latent, note.takes())
        performance = performance_from_note(note, before=before, after=plan.extra)
        reconstruction = decoder.decode_frames(style, condition, performance, before).log_mel[0]
        n_frames = note.log_mel.shape[1]
        log_mel = log_mel.clone()
        log_mel[:, :n_frames] += (1.0 - self.changes.amount) * (note.log_mel - reconstruction[:, :n_frames])
        return log_mel.clamp_min_(float(np.log10(self.config.log_floor)))

    def _finish(self, plan: _Plan, waveform: Floats, n_samples: int) -> Floats:
        """The right length, the recording's loudness contour, a beginning and an end at 0, never clipped."""
        note, sample_rate = plan.note, self.config.sample_rate
        waveform = remove_rumble(waveform[:n_samples], sample_rate)
        waveform = np.pad(waveform, (0, n_samples - len(waveform)))
        pitches = [pitch for pitch in (note.midi_pitch, plan.midi_pitch) if pitch is not None]
        f0_hz = pitch_frequency_hz(min(pitches)) if pitches else 100.0
        smooth_s = SMOOTH_S if plan.new_modulation is None else _SLOW_S
        waveform = follow_loudness(waveform, note.waveform, sample_rate, f0_hz, smooth_s)
        n_in = round((SLUR_S if note.is_slurred else FADE_IN_S) * sample_rate)
        n_out = n_samples - len(note.waveform) or round(FADE_OUT_S * sample_rate)
        return fade(limit_peak(waveform), n_in, n_out, "equal-power")
