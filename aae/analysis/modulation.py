"""Vibrato, trill and tremolo of a recorded note as one oscillator: rate, phase over time and strength.

A decoder cannot guess where in a cycle a player was; told the phase, it can learn what happens within a
cycle. The oscillator is read from the f0 curve or from the loudness, whichever is the more periodic.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

Floats = npt.NDArray[np.float32]

MIN_HZ = 3.0
MAX_HZ = 16.0
MIN_DURATION_S = 0.45
"""Notes shorter than this have no measurable modulation."""


@dataclass(frozen=True)
class Modulation:
    """The periodic modulation of one note."""

    rate_hz: float
    strength: float
    """0 none to 1 strictly periodic and clearly heard."""
    phase: Floats
    """`(frames,)`, radians, unwrapped; 0 at the top of the cycle."""


def frame_levels_db(log_mel: npt.NDArray[np.floating]) -> Floats:
    """The level of each frame `(frames,)` of a log-mel `(mels, frames)`, in dB."""
    power = np.square(np.power(10.0, log_mel.astype(np.float32))).sum(0)
    return np.asarray(10 * np.log10(power + 1e-8), np.float32)


def measure_modulation(f0_cents: Floats, levels_db: Floats, frame_rate_hz: float) -> Modulation:
    """Finds the modulation of a note.

    Args:
        f0_cents: `(frames,)`, deviation of f0; NaN where unvoiced.
        levels_db: Level, `(frames,)`.
        frame_rate_hz: Frames per second.
    """
    frames = len(levels_db)
    none = Modulation(0.0, 0.0, np.zeros(frames, np.float32))
    if frames < MIN_DURATION_S * frame_rate_hz:
        return none
    candidates = [_oscillator(levels_db, 1.5, frame_rate_hz)]
    voiced = np.isfinite(f0_cents)
    if voiced.mean() > 0.6:
        filled = np.interp(np.arange(frames), np.flatnonzero(voiced), f0_cents[voiced])
        candidates.append(_oscillator(filled.astype(np.float32), 12.0, frame_rate_hz))
    best = max(candidates, key=lambda modulation: modulation.strength)
    return best if best.strength > 0 else none


def _oscillator(curve: Floats, audible: float, frame_rate_hz: float) -> Modulation:
    """The strongest periodic component of a curve.

    Args:
        curve: `(frames,)`, in cents or decibels.
        audible: RMS depth that counts as clearly heard, in the curve's unit.
        frame_rate_hz: Frames per second.
    """
    margin = min(8, len(curve) // 6)
    core = curve[margin : len(curve) - margin]
    trend = signal.savgol_filter(core, min(len(core) // 2 * 2 - 1, 43), 2)
    core = np.clip(core - trend, -10 * audible, 10 * audible)
    size = 1024
    spectrum = np.abs(np.fft.rfft(core * signal.windows.hann(len(core)), size)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / frame_rate_hz)
    band = (frequencies >= MIN_HZ) & (frequencies <= MAX_HZ)
    rate_hz = float(frequencies[band][np.argmax(spectrum[band])])
    width = max(1.0, 2.0 * frame_rate_hz / len(core))
    share = spectrum[np.abs(frequencies - rate_hz) < width].sum() / max(
        spectrum[frequencies > 2.0].sum(), 1e-12
    )
    depth = float(np.sqrt(np.mean(core**2)))
    strength = float(np.clip(2 * share - 0.7, 0, 1) * np.clip(depth / audible - 0.15, 0, 1))
    return Modulation(rate_hz, strength, _phase(core, margin, len(curve), rate_hz, frame_rate_hz))


def _phase(core: Floats, margin: int, frames: int, rate_hz: float, frame_rate_hz: float) -> Floats:
    """Phase by complex demodulation, extended steadily over the edges."""
    t = np.arange(frames) / frame_rate_hz
    carrier = 2 * np.pi * rate_hz * t
    inner = slice(margin, frames - margin)
    window = signal.windows.hann(max(9, int(1.6 * frame_rate_hz / rate_hz)))
    baseband = signal.fftconvolve(core * np.exp(-1j * carrier[inner]), window / window.sum(), "same")
    offset = np.unwrap(np.angle(baseband))
    return np.asarray(carrier + np.pad(offset, (margin, margin), "edge"), np.float32)
