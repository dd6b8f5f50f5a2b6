"""The one door to sound: (note, style mix, latent) to log-mel and waveform, for every part that plays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal
from torch import Tensor

from aae.bundle import Bundle, ModelInfo, load_bundle, strongest
from aae.conditioning import Condition, Mix, Vocabulary
from aae.model import Performance
from aae.modulation import oscillate
from mcnn.errors import InputError
from mcnn.griffin_lim import GriffinLim
from mcnn.inverter import Inverter
from mcnn.level import REFERENCE_LEVEL_DB, loudest_rms_db
from mcnn.spectrogram import Spectrogram

SHORTEST_FRAMES = 8
FADE_IN_S = 0.004
"""Shorter than what a NoteBank keeps before an onset; the inversion's first sample need not be 0."""
FADE_OUT_S = 0.06
"""The analysis window smears a note's end by as much."""
PEAK_LIMIT = 0.97
LEVEL_RANGE_DB = (-50.0, -6.0)
RUMBLE_HZ = 20.0
"""What is below this in a rendered note is the recording room, not the note."""
ONSET_DB = -32.0
"""A note begins where it first comes this near its peak."""
ONSET_STEP_S = 0.005
PRE_ROLL_S = 0.01
"""What is kept before that, as in a NoteBank."""
GRAIN_FRAMES = 2048
"""Frames of recorded noise; each note takes a stretch of them that its seed chooses."""
SILENCE_ABOVE_FLOOR = 0.3
"""Log-mel distance from the floor, in log10 units, under which a frame at the end counts as silent."""


@dataclass(frozen=True)
class NoteRequest:
    """One note to make.

    Args:
        midi_pitch: MIDI number, or None for an unpitched sound.
        mix: Attribute to label to weight, 0 or more.
        latent: A point of the latent space.
        seed: Of everything that differs between two takes of the same point: noise, start of a vibrato.
    """

    midi_pitch: int | None
    mix: Mapping[str, Mapping[str, float]]
    latent: tuple[float, ...]
    seed: int = 0


INVERTERS: dict[str, type[GriffinLim]] = {GriffinLim.name: GriffinLim}
"""Ways from log-mel to waveform, by the name that the command line uses."""


class Synthesizer:
    """Makes notes with a model.

    Args:
        bundle: An opened model file.
        inverter: Turns its log-mels into waveforms.
    """

    def __init__(self, bundle: Bundle, inverter: Inverter) -> None:
        self.info: ModelInfo = bundle.info
        self.model = bundle.model
        self.latents = bundle.latents
        self.vocabulary = Vocabulary(bundle.info.vocabularies)
        self.inverter = inverter
        self._spectrogram = Spectrogram(bundle.info.spectrogram)
        self._grain = _noise_grain(self._spectrogram)

    @classmethod
    def open(cls, path: Path, inverter: str = "griffin-lim") -> "Synthesizer":
        """Opens a model file.

        Args:
            path: A `.safetensors` file that `clariolin train` made.
            inverter: Name of the way from log-mel to waveform.

        Raises:
            InputError: If the file cannot be used or there is no such inverter.
        """
        if inverter not in INVERTERS:
            raise InputError(f"no inverter '{inverter}'; there are {', '.join(INVERTERS)}")
        bundle = load_bundle(path)
        return cls(bundle, INVERTERS[inverter](bundle.info.spectrogram))

    def complete(self, mix: Mix) -> dict[str, dict[str, float]]:
        """Fills in what a mix leaves open.

        Args:
            mix: Weights of some attributes.

        Returns:
            The mix with, for every other attribute, the label that was trained most often together with the
            strongest labels of those given.

        Raises:
            InputError: For attributes, labels or weights the model cannot take.
        """
        self.vocabulary.check(mix)
        full = {name: dict(weights) for name, weights in mix.items() if weights}
        for name in self.vocabulary.attributes:
            if name not in full:
                label = self._usual(name, full)
                full[name] = {label: 1.0} if label is not None else {}
        return {name: full[name] for name in self.vocabulary.attributes}

    def _usual(self, attribute: str, mix: Mix) -> str | None:
        """The most frequent label beside a mix, giving up its last attributes first where nothing matches."""
        given = list(mix)
        for kept in range(len(given), -1, -1):
            label = self.info.coverage.most_frequent(attribute, {name: mix[name] for name in given[:kept]})
            if label is not None:
                return label
        return None

    def random_latent(self, seed: int) -> tuple[float, ...]:
        """A point drawn from the prior N(0, I)."""
        return tuple(float(x) for x in np.random.default_rng(seed).standard_normal(self.info.latent_size))

    def pitch_range(self, mix: Mix) -> tuple[int, int] | None:
        """Lowest and highest MIDI pitch trained with a mix's strongest labels; None if none was."""
        rows = [row for row in self.info.coverage.matching(mix) if row.low >= 0]
        return (min(row.low for row in rows), max(row.high for row in rows)) if rows else None

    def is_trained(self, midi_pitch: int | None, mix: Mix) -> bool:
        """Whether the training data had the mix's strongest labels together, around this note."""
        if midi_pitch is None:
            return any(row.low < 0 for row in self.info.coverage.matching(mix))
        bounds = self.pitch_range(mix)
        return bounds is not None and bounds[0] <= midi_pitch <= bounds[1]

    def log_mel(self, requests: Sequence[NoteRequest], n_frames: int | None = None) -> list[Tensor]:
        """Log-mels `(mels, frames)` of notes at the reference level.

        Args:
            requests: The notes.
            n_frames: Length of every note; if not given, each has the length the model predicts.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        log_mels, _ = self._decode(requests, n_frames)
        return log_mels

    def render(self, requests: Sequence[NoteRequest]) -> list[npt.NDArray[np.float32]]:
        """Waveforms `(samples,)` of notes, each of its own length, at its natural level, never clipped.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        log_mels, levels_db = self._decode(requests)
        return [
            self._finish(self.inverter(log_mel[None])[0].numpy(), level_db)
            for log_mel, level_db in zip(log_mels, levels_db, strict=True)
        ]

    @torch.inference_mode()
    def _decode(
        self, requests: Sequence[NoteRequest], n_frames: int | None = None
    ) -> tuple[list[Tensor], list[float]]:
        if not requests:
            return [], []
        condition = self.vocabulary.encode([r.midi_pitch for r in requests], [r.mix for r in requests])
        latent = self._latent(requests)
        traits = self.model.decoder.traits(latent, condition).numpy()
        if n_frames is not None:
            traits[:, 0] = np.log(n_frames)
        performance = self._perform(traits, requests)
        decoded = self.model.decoder(latent, condition, performance)
        log_mels = []
        for i, request in enumerate(requests):
            log_mel = decoded.log_mel[i, :, : int(performance.n_frames[i])]
            if decoded.noise is not None:
                noise = decoded.noise[i, :, : log_mel.shape[1]]
                log_mel = self._roughen(log_mel, noise, request.seed)
            log_mels.append(self._without_silence(log_mel))
        levels_db = REFERENCE_LEVEL_DB + 20.0 * traits[:, 1].astype(float)
        return log_mels, [float(np.clip(level, *LEVEL_RANGE_DB)) for level in levels_db]

    def _latent(self, requests: Sequence[NoteRequest]) -> Tensor:
        size = self.info.latent_size
        for request in requests:
            if len(request.latent) != size or not np.isfinite(request.latent).all():
                raise InputError(f"latent {request.latent} is not {size} finite numbers")
        return torch.tensor([request.latent for request in requests], dtype=torch.float32)

    def _perform(self, traits: npt.NDArray[np.float32], requests: Sequence[NoteRequest]) -> Performance:
        """How notes are played, from the predicted traits and each request's seed."""
        config = self.info.spectrogram
        lengths = np.exp(traits[:, 0].clip(0, np.log(config.max_frames))).round().astype(np.int64)
        lengths = lengths.clip(SHORTEST_FRAMES, config.max_frames)
        frames = config.max_frames if self.model.decoder.whole_length else int(lengths.max())
        if self.model.decoder.whole_length:
            lengths[:] = frames
        phases = [
            oscillate(
                float(max(trait[2], 0.3)) * 10, frames, config.frame_rate_hz, np.random.default_rng(r.seed)
            )
            for trait, r in zip(traits, requests, strict=True)
        ]
        return Performance(
            n_frames=torch.from_numpy(lengths),
            deviation_cents=None,
            modulation_phase=torch.from_numpy(np.stack(phases)),
            modulation_strength=torch.from_numpy(traits[:, 3].clip(0, 1)),
        )

    def _roughen(self, log_mel: Tensor, noise: Tensor, seed: int) -> Tensor:
        """Gives the noisy share of a log-mel the grain that noise has; the decoder puts out its mean.

        Args:
            log_mel: `(mels, frames)`.
            noise: `(mels, frames)`, the share of the magnitude that is noise.
            seed: Of the grain.
        """
        frames = log_mel.shape[1]
        start = int(np.random.default_rng([seed, 1]).integers(self._grain.shape[1] - frames + 1))
        grain = self._grain[:, start : start + frames]
        return self._spectrogram.compress(self._spectrogram.expand(log_mel) * (1 + noise * (grain - 1)))

    def _without_silence(self, log_mel: Tensor) -> Tensor:
        """Cuts silent frames off the end."""
        floor = float(np.log10(self.info.spectrogram.log_floor))
        heard = (log_mel.amax(0) > floor + SILENCE_ABOVE_FLOOR).nonzero()
        last = int(heard.max()) + 1 if len(heard) else 0
        return log_mel[:, : max(last, SHORTEST_FRAMES)]

    def _onset(self, waveform: npt.NDArray[np.float32]) -> int:
        """The sample to start from: some recordings began late, and points of the latent remember it."""
        sample_rate = self.info.spectrogram.sample_rate
        step = max(1, round(ONSET_STEP_S * sample_rate))
        levels = np.abs(waveform[: len(waveform) // step * step]).reshape(-1, step).max(1, initial=0.0)
        heard = np.flatnonzero(levels > levels.max(initial=0.0) * 10 ** (ONSET_DB / 20))
        return int(max(0, heard[0] * step - round(PRE_ROLL_S * sample_rate))) if len(heard) else 0

    def _finish(self, waveform: npt.NDArray[np.float32], level_db: float) -> npt.NDArray[np.float32]:
        """Sets the level; the note starts and ends at 0."""
        sample_rate = self.info.spectrogram.sample_rate
        rumble = signal.butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos")
        waveform = signal.sosfilt(rumble, waveform).astype(np.float32)
        waveform = waveform[self._onset(waveform) :].copy()
        rise, fall = (
            round(s * sample_rate) for s in (FADE_IN_S, min(FADE_OUT_S, len(waveform) / sample_rate / 4))
        )
        waveform[:rise] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rise, dtype=np.float32))
        waveform[len(waveform) - fall :] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fall, dtype=np.float32))
        now_db = loudest_rms_db(waveform, sample_rate)
        if not np.isfinite(now_db):
            return waveform
        gain = 10 ** ((level_db - now_db) / 20)
        peak = float(np.abs(waveform).max())
        return np.asarray(waveform * min(gain, PEAK_LIMIT / peak), np.float32)


def _noise_grain(spectrogram: Spectrogram) -> Tensor:
    """How white noise fluctuates in this front end: mels `(mels, GRAIN_FRAMES)` of geometric mean 1."""
    n_samples = GRAIN_FRAMES * spectrogram.config.hop_length
    white = torch.randn(1, n_samples, generator=torch.Generator().manual_seed(0))
    mel = spectrogram.mel(spectrogram.magnitude(white))[0]
    return mel / mel.log().mean(1, keepdim=True).exp()


def strongest_labels(mix: Mix) -> dict[str, str | None]:
    """Each attribute's label with the largest weight."""
    return {name: strongest(weights) if weights else None for name, weights in mix.items()}


__all__ = ["INVERTERS", "Condition", "NoteRequest", "Synthesizer", "strongest_labels"]
