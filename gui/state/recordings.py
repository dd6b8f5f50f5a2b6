"""A person's own recordings: read, trimmed, its pitch measured, its point in the space. Qt-free."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from aae.model.model_file import LoadedModel
from mcnn.compiled import Floats
from mcnn.errors import InputError
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from mcnn.spectral.spectrogram import Spectrogram

MAX_READ_S = 30.0
SILENT_DB = -70.0
ONSET_DB = -40.0
"""A note begins where it first comes this near its peak."""
STEP_S = 0.005
PRE_ROLL_S = 0.01
FADE_S = 0.1
READ, ENCODED = 0.1, 0.5
"""Shares of the whole work when the file is read, and when it is encoded; the rest measures its pitch."""
MIN_PITCH, MAX_PITCH = 12, 119
"""C0 to B8: what the model takes."""
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus")


@dataclass(frozen=True)
class Recording:
    """One recording as the model sees it."""

    path: Path
    waveform: Floats
    """`(samples,)`, the note as it is heard beside its variations."""
    latent: tuple[float, ...]
    measured_pitch: float | None
    """Fractional MIDI number; None if no pitch was heard."""
    midi_pitch: int | None
    """The pitch that its variations get; a person may correct it."""

    @property
    def name(self) -> str:
        """What it is called on the shelf."""
        return self.path.stem


def read_recording(
    path: Path,
    loaded: LoadedModel,
    spectrogram: Spectrogram,
    told: Callable[[float], object] = lambda _share: None,
) -> Recording:
    """Opens a recording.

    Args:
        path: Anything that libsndfile reads.
        loaded: The model that encodes it.
        spectrogram: The model's front end.
        told: Hears how much is done, 0 to 1, whenever a part is.

    Raises:
        InputError: If it cannot be read, or is silent.
    """
    config = loaded.info.spectrogram
    samples = _read_mono(path, config.sample_rate)
    told(READ)
    note = trim(samples, config.sample_rate, config.max_samples)
    level_db = loudest_rms_db(note, config.sample_rate)
    if level_db < SILENT_DB:
        raise InputError(f"{path.name} is silent: give a recording of a note")
    at_reference = note * np.float32(10.0 ** ((REFERENCE_LEVEL_DB - level_db) / 20.0))
    with torch.inference_mode():
        log_mel = spectrogram(torch.from_numpy(at_reference)[None])
        latent = loaded.model.encoder(log_mel, torch.ones(1, log_mel.shape[2]))[0]
    told(ENCODED)
    pitch = measured_pitch(at_reference, config.sample_rate)
    told(1.0)
    nearest = None if pitch is None else min(max(round(pitch), MIN_PITCH), MAX_PITCH)
    return Recording(path, note, tuple(float(value) for value in latent), pitch, nearest)


def measured_pitch(waveform: Floats, sample_rate: int) -> float | None:
    """Fractional MIDI number of what is heard; None if there is no pitch, or nothing to measure it with."""
    try:
        from aae.analysis.f0 import measure_pitch

        measured = measure_pitch(waveform, sample_rate)
    except ImportError:
        return None
    return measured.midi_pitch if np.isfinite(measured.f0_hz) else None


def trim(waveform: Floats, sample_rate: int, max_samples: int) -> Floats:
    """The note of a recording: from its onset, as long as the model can be told of, faded out if cut."""
    step = max(1, round(STEP_S * sample_rate))
    levels = np.abs(waveform[: len(waveform) // step * step]).reshape(-1, step).max(1, initial=0.0)
    peak = float(levels.max(initial=0.0))
    heard = np.flatnonzero(levels > peak * 10 ** (ONSET_DB / 20))
    if not len(heard):
        return waveform[:max_samples]
    start = max(0, int(heard[0]) * step - round(PRE_ROLL_S * sample_rate))
    end = min(len(waveform), (int(heard[-1]) + 1) * step + round(FADE_S * sample_rate))
    note = waveform[start : min(end, start + max_samples)].copy()
    fall = min(len(note), round(FADE_S * sample_rate))
    note[len(note) - fall :] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
    return note


def _read_mono(path: Path, sample_rate: int) -> Floats:
    try:
        with soundfile.SoundFile(path) as file:
            samples = file.read(int(MAX_READ_S * file.samplerate), dtype="float32", always_2d=True)
            rate = file.samplerate
    except (soundfile.SoundFileError, OSError, ValueError, TypeError):
        known = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise InputError(f"{path.name} is no audio file that can be read ({known} can)") from None
    mono = samples.mean(axis=1)
    if not len(mono) or not np.isfinite(mono).all():
        raise InputError(f"{path.name} holds no sound")
    return np.asarray(mono if rate == sample_rate else soxr.resample(mono, rate, sample_rate), np.float32)
