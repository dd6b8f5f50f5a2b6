"""The one door to sound: (note, style mix, latent) to log-mel and waveform, for every part that plays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal
from torch import Tensor

from aae.analysis.attack import shape_attack
from aae.model.model_file import LoadedModel, load_model
from aae.model.model_info import ModelInfo
from aae.synthesis.decoding import DecodedNote, NoteDecoder
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.request import NoteRequest
from mcnn.inversion.inverter import Inverter
from mcnn.spectral.level import loudest_rms_db

FADE_IN_S = 0.004
"""Shorter than what a NoteBank keeps before an onset; the inversion's first sample need not be 0."""
FADE_OUT_S = 0.06
"""The analysis window smears a note's end by as much."""
PEAK_LIMIT = 0.97
RUMBLE_HZ = 20.0
"""What is below this in a rendered note is the recording room, not the note."""
ONSET_DB = -32.0
"""A note begins where it first comes this near its peak."""
ONSET_STEP_S = 0.005
PRE_ROLL_S = 0.01
"""What is kept before that, as in a NoteBank."""


class Synthesizer:
    """Makes notes with a model.

    Args:
        loaded: An opened model file.
        inverter: Turns its log-mels into waveforms.
        notice: What a person should know about that choice.
    """

    def __init__(self, loaded: LoadedModel, inverter: Inverter, notice: str | None = None) -> None:
        self.info: ModelInfo = loaded.info
        self.model = loaded.model
        self.latents = loaded.latents
        self.decoder = NoteDecoder(loaded)
        self.vocabulary = self.decoder.vocabulary
        self.inverter = inverter
        self.notice = notice

    @classmethod
    def open(cls, path: Path, inverter: str = "griffin-lim") -> "Synthesizer":
        """Opens a model file.

        Args:
            path: A `.safetensors` file that `clariolin train` made.
            inverter: Name of the way from log-mel to waveform.

        Raises:
            InputError: If the file cannot be used or there is no such inverter.
        """
        loaded = load_model(path)
        chosen = choose_inverter(inverter, loaded)
        return cls(loaded, chosen.inverter, chosen.notice)

    def log_mel(self, requests: Sequence[NoteRequest], n_frames: int | None = None) -> list[Tensor]:
        """Log-mels `(mels, frames)` of notes at the reference level, with the grain of their noise.

        Args:
            requests: The notes.
            n_frames: Length of every note; if not given, each has the length the model predicts.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        return [
            note.log_mel for note in self.decoder.decode(requests, noise_fluctuation=True, n_frames=n_frames)
        ]

    @torch.inference_mode()
    def render(self, requests: Sequence[NoteRequest]) -> list[npt.NDArray[np.float32]]:
        """Waveforms `(samples,)` of notes, each of its own length, at its natural level, never clipped.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        notes = self.decoder.decode(requests, noise_fluctuation=not self.inverter.uses_noise)
        return [
            self._finish(self.inverter(note.log_mel[None], note.conditioning)[0].numpy(), note)
            for note in notes
        ]

    def _onset(self, waveform: npt.NDArray[np.float32]) -> int:
        """The sample to start from: some recordings began late, and points of the latent remember it."""
        sample_rate = self.info.spectrogram.sample_rate
        step = max(1, round(ONSET_STEP_S * sample_rate))
        levels = np.abs(waveform[: len(waveform) // step * step]).reshape(-1, step).max(1, initial=0.0)
        heard = np.flatnonzero(levels > levels.max(initial=0.0) * 10 ** (ONSET_DB / 20))
        return int(max(0, heard[0] * step - round(PRE_ROLL_S * sample_rate))) if len(heard) else 0

    def _finish(self, waveform: npt.NDArray[np.float32], note: DecodedNote) -> npt.NDArray[np.float32]:
        """Sets the attack and the level; the note starts and ends at 0."""
        sample_rate = self.info.spectrogram.sample_rate
        rumble = signal.butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos")
        waveform = signal.sosfilt(rumble, waveform).astype(np.float32)
        waveform = shape_attack(waveform, sample_rate, note.attack_ms)
        waveform = waveform[self._onset(waveform) :].copy()
        rise, fall = (
            round(s * sample_rate) for s in (FADE_IN_S, min(FADE_OUT_S, len(waveform) / sample_rate / 4))
        )
        waveform[:rise] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rise, dtype=np.float32))
        waveform[len(waveform) - fall :] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fall, dtype=np.float32))
        now_db = loudest_rms_db(waveform, sample_rate)
        if not np.isfinite(now_db):
            return waveform
        gain = 10 ** ((note.level_db - now_db) / 20)
        peak = float(np.abs(waveform).max())
        return np.asarray(waveform * min(gain, PEAK_LIMIT / peak), np.float32)
