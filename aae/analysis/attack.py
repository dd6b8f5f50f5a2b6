"""The envelope of a note and the duration of its attack.

Conventions: `(samples,)` waveforms; envelopes `(steps,)` every millisecond, in dB of the note's own highest
level, not below `ENVELOPE_FLOOR_DB`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from aae.analysis.onset import FIRST_PEAK_S, RISE_FROM_DB, RISE_TO_DB
from mcnn.spectral.level import loudest_rms_db

WINDOW_S = 0.01
STEP_S = 0.001
ENVELOPE_FLOOR_DB = -60.0
_BEGINS_DB = -30.0

FloatArray = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def envelope_db(waveform: FloatArray, sample_rate: int) -> Doubles:
    """The note's level over time."""
    window = np.hanning(round(WINDOW_S * sample_rate) | 1)
    power = fftconvolve(np.square(waveform, dtype=np.float64), window / window.sum(), mode="same")
    steps = np.arange(0.0, len(waveform), STEP_S * sample_rate).astype(np.int64)
    power = np.maximum(power[steps], 0.0)
    if not power.any():
        return np.full(len(steps), ENVELOPE_FLOOR_DB)
    level: Doubles = 10.0 * np.log10(np.maximum(power / power.max(), 1e-12))
    return np.maximum(level, ENVELOPE_FLOOR_DB)


@dataclass(frozen=True)
class Rise:
    """Where an envelope rises to its first peak.

    Attributes:
        start: Step from which it stays within 20 dB of the peak.
        end: Step at which it first comes within 3 dB.
        peak_db: The first peak.
    """

    start: int
    end: int
    peak_db: float


def find_rise(envelope: Doubles) -> Rise:
    """The attack of an envelope `(steps,)` in dB of its highest level.

    Source:
        G. Peeters et al., "The Timbre Toolbox", Journal of the Acoustical Society of America 130(5), 2011
        (attack by thresholds; theirs adapt to the effort).
    """
    begins = int(np.argmax(envelope > _BEGINS_DB))
    first = envelope[begins : begins + round(FIRST_PEAK_S / STEP_S)]
    peak = float(first.max())
    end = begins + int(np.argmax(first >= peak + RISE_TO_DB))
    below = np.flatnonzero(envelope[: end + 1] < peak + RISE_FROM_DB)
    return Rise(int(below[-1]) + 1 if len(below) else 0, end, peak)


def attack_time_ms(waveform: FloatArray, sample_rate: int) -> float:
    """How long the envelope takes from 20 dB under its first peak to 3 dB under it; NaN for silence.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
    """
    if not np.isfinite(loudest_rms_db(waveform, sample_rate)):
        return float("nan")
    rise = find_rise(envelope_db(waveform, sample_rate))
    return float((rise.end - rise.start) * STEP_S * 1e3)
