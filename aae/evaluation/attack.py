"""The envelope of a note: how fast it begins, and how far two notes' envelopes are apart.

Conventions: `(samples,)` waveforms; envelopes `(steps,)` every millisecond, in dB of the note's own highest
level, not below `ENVELOPE_FLOOR_DB`.
"""

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from aae.onset import FIRST_PEAK_S, RISE_FROM_DB, RISE_TO_DB
from mcnn.level import loudest_rms_db

WINDOW_S = 0.01
STEP_S = 0.001
ENVELOPE_FLOOR_DB = -60.0
SHARP_TECHNIQUES = ("pizz", "staccato", "col-legno-battuto", "slap-tongue")
"""Words in the names of techniques that begin sharply."""
_BEGINS_DB = -30.0

FloatArray = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def is_sharp(technique: str) -> bool:
    """Whether a technique's notes begin with a sharp attack, by its name."""
    return any(word in technique for word in SHARP_TECHNIQUES) and "glissando" not in technique


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


def attack_time_ms(waveform: FloatArray, sample_rate: int) -> float:
    """How long the envelope takes from 20 dB under its first peak to 3 dB under it; NaN for silence.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.

    Source:
        G. Peeters et al., "The Timbre Toolbox", Journal of the Acoustical Society of America 130(5), 2011
        (attack by thresholds; theirs adapt to the effort).
    """
    if not np.isfinite(loudest_rms_db(waveform, sample_rate)):
        return float("nan")
    envelope = envelope_db(waveform, sample_rate)
    begins = int(np.argmax(envelope > _BEGINS_DB))
    first = envelope[begins : begins + round(FIRST_PEAK_S / STEP_S)]
    peak = first.max()
    ends = begins + int(np.argmax(first >= peak + RISE_TO_DB))
    below = np.flatnonzero(envelope[: ends + 1] < peak + RISE_FROM_DB)
    starts = int(below[-1]) + 1 if len(below) else 0
    return float((ends - starts) * STEP_S * 1e3)


def envelope_distance_db(input: FloatArray, target: FloatArray, sample_rate: int) -> float:
    """Mean absolute difference of two notes' envelopes in dB, over the shorter of both.

    Args:
        input: `(samples,)` to be judged.
        target: `(samples,)` of the original.
        sample_rate: In Hz.
    """
    made, wanted = envelope_db(input, sample_rate), envelope_db(target, sample_rate)
    length = min(len(made), len(wanted))
    return float(np.abs(made[:length] - wanted[:length]).mean())
