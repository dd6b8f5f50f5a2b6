"""From an inverted note to one that can be heard: high-pass, attack, onset, fades, level and peak limit.

Each step is a function of its own; `finish_note` is all of them, for a whole new note. A note that is
streamed has no whole waveform to measure: `onset_frame` and `level_correction_db` go by its first frames.

Conventions: `(samples,)` float32 waveforms; `(mels, frames)` log-mels at the reference level. No function
changes what it is given.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import signal
from torch import Tensor

from aae.analysis.modulation import frame_levels_db
from aae.synthesis.attack_shaping import shape_attack
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db

Floats = npt.NDArray[np.float32]

RUMBLE_HZ = 20.0
"""What is below this in a rendered note is the recording room, not the note."""
ONSET_DB = -32.0
"""A note begins where it first comes this near its peak."""
ONSET_STEP_S = 0.005
PRE_ROLL_S = 0.01
"""What is kept before the onset, as in a NoteBank."""
FADE_IN_S = 0.004
"""Shorter than what a NoteBank keeps before an onset; the inversion's first sample need not be 0."""
FADE_OUT_S = 0.06
"""The analysis window smears a note's end by as much."""
RELEASE_S = 0.25
"""From letting a note go to silence."""
PEAK_LIMIT = 0.97
"""Highest magnitude of a sample in a finished sound."""

WINDOW_REACH_FRAMES = 3
"""Frames before an onset whose analysis windows reach it."""
PEAK_FRAME_OVER_LEVEL_DB = 4.2
"""Level of a note's loudest frame, relative to the level that the note will have."""
MAX_CORRECTION_DB = 12.0
PEAK_PASSED_DB = 1.0
"""A note whose first frames end this far under their peak will hardly become louder."""

FadeShape = Literal["raised-cosine", "equal-power"]
"""A raised cosine begins and ends flat; of equal power are quarters of a sine, for notes that overlap."""


def finish_note(waveform: Floats, sample_rate: int, level_db: float, attack_ms: float | None) -> Floats:
    """A whole new note: it starts at its onset, has its attack and level, and starts and ends at 0.

    Args:
        waveform: As inverted.
        sample_rate: In Hz.
        level_db: See `mcnn.spectral.level`; less where the peak would pass `PEAK_LIMIT`.
        attack_ms: See `aae.analysis.attack`; None leaves the attack as it is.
    """
    waveform = remove_rumble(waveform, sample_rate)
    waveform = shape_attack(waveform, sample_rate, attack_ms)
    waveform = waveform[find_onset(waveform, sample_rate) :]
    fade_out_s = min(FADE_OUT_S, len(waveform) / sample_rate / 4)
    waveform = fade(waveform, round(FADE_IN_S * sample_rate), round(fade_out_s * sample_rate))
    return set_level(waveform, sample_rate, level_db)


def rumble_filter(sample_rate: int) -> npt.NDArray[np.float64]:
    """Second-order sections of the high-pass at `RUMBLE_HZ`, for what is filtered block by block."""
    return np.asarray(signal.butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos"))


def remove_rumble(waveform: Floats, sample_rate: int) -> Floats:
    """A waveform without what is below `RUMBLE_HZ`."""
    return np.asarray(signal.sosfilt(rumble_filter(sample_rate), waveform), np.float32)


def find_onset(waveform: Floats, sample_rate: int) -> int:
    """The sample to start from: some recordings began late, and points of the latent space remember it."""
    step = max(1, round(ONSET_STEP_S * sample_rate))
    peaks = np.abs(waveform[: len(waveform) // step * step]).reshape(-1, step).max(1, initial=0.0)
    audible = np.flatnonzero(peaks > peaks.max(initial=0.0) * 10 ** (ONSET_DB / 20))
    return int(max(0, audible[0] * step - round(PRE_ROLL_S * sample_rate))) if len(audible) else 0


def fade(waveform: Floats, n_in: int, n_out: int, shape: FadeShape = "raised-cosine") -> Floats:
    """Fades a waveform in and out.

    Args:
        waveform: At any level.
        n_in: Samples of the fade at its beginning, at most half of all.
        n_out: Samples of the fade at its end, at most half of all.
        shape: Of both.
    """
    faded, half = waveform.copy(), len(waveform) // 2
    n_in, n_out = min(n_in, half), min(n_out, half)
    faded[:n_in] *= _rise(n_in, shape)
    faded[len(faded) - n_out :] *= _fall(n_out, shape)
    return faded


def _rise(n_samples: int, shape: FadeShape) -> Floats:
    if shape == "raised-cosine":
        return np.asarray(0.5 - 0.5 * np.cos(np.linspace(0, np.pi, n_samples, dtype=np.float32)))
    return np.sin(_quarter_turn(n_samples)).astype(np.float32)


def _fall(n_samples: int, shape: FadeShape) -> Floats:
    if shape == "raised-cosine":
        return np.asarray(0.5 + 0.5 * np.cos(np.linspace(0, np.pi, n_samples, dtype=np.float32)))
    return np.cos(_quarter_turn(n_samples)).astype(np.float32)


def _quarter_turn(n_samples: int) -> npt.NDArray[np.float64]:
    return np.asarray(0.5 * np.pi * (np.arange(n_samples) + 0.5) / max(1, n_samples))


def release(waveform: Floats, sample_rate: int, held_s: float) -> Floats:
    """A note that is let go: it falls in a straight line to 0 within `RELEASE_S`.

    Args:
        waveform: Of the whole note.
        sample_rate: In Hz.
        held_s: Seconds before it is let go.
    """
    held, n_fall = round(held_s * sample_rate), round(RELEASE_S * sample_rate)
    ramp = (1.0 - (np.arange(len(waveform)) - held) / n_fall).clip(0.0, 1.0)
    return waveform * ramp.astype(np.float32)


def set_level(waveform: Floats, sample_rate: int, level_db: float) -> Floats:
    """A waveform scaled to a level, see `mcnn.spectral.level`, or as near as `PEAK_LIMIT` lets it come."""
    measured_db = loudest_rms_db(waveform, sample_rate)
    if not np.isfinite(measured_db):
        return waveform
    gain = 10 ** ((level_db - measured_db) / 20)
    peak = float(np.abs(waveform).max())
    return np.asarray(waveform * min(gain, PEAK_LIMIT / peak), np.float32)


def limit_peak(waveform: Floats) -> Floats:
    """A waveform scaled down to `PEAK_LIMIT` if it passes it, else as it is."""
    peak = float(np.abs(waveform).max(initial=0.0))
    return waveform * np.float32(PEAK_LIMIT / peak) if peak > PEAK_LIMIT else waveform


def onset_frame(log_mel: Tensor) -> int:
    """The frame to start from, of a note's first frames: 0 unless it begins late. See `find_onset`."""
    begun = (log_mel.amax(0) > (REFERENCE_LEVEL_DB + ONSET_DB) / 20).nonzero()
    if not len(begun) or int(begun[0]) == 0:
        return 0
    return min(int(begun[0]) + WINDOW_REACH_FRAMES - 1, log_mel.shape[1] - 1)


def level_correction_db(log_mel: Tensor) -> float:
    """Gain that brings a note to the reference level, of its first frames; 0 if it still grows.

    Short notes come out under the level that they are to have.
    """
    levels_db = frame_levels_db(log_mel.numpy())
    if levels_db.max() - levels_db[-1] < PEAK_PASSED_DB:
        return 0.0
    return float(
        np.clip(REFERENCE_LEVEL_DB + PEAK_FRAME_OVER_LEVEL_DB - levels_db.max(), 0.0, MAX_CORRECTION_DB)
    )
