"""The envelope of a note and the duration of its attack.

Conventions: `(samples,)` waveforms; envelopes `(steps,)` every millisecond, in dB of the note's own highest
level, not below `aae.analysis.envelope.RELATIVE_FLOOR_DB`.
"""

import numpy as np
import numpy.typing as npt

from aae.analysis.envelope import relative_envelope_db
from aae.analysis.onset import FIRST_PEAK_S, Rise, find_rise
from mcnn.spectral.level import loudest_rms_db

WINDOW_S = 0.01
STEP_S = 0.001
_BEGINS_DB = -30.0

FloatArray = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def attack_envelope_db(waveform: FloatArray, sample_rate: int) -> Doubles:
    """The note's level every millisecond, relative to its highest."""
    return relative_envelope_db(waveform, round(WINDOW_S * sample_rate) | 1, STEP_S * sample_rate)


def find_attack(envelope: Doubles) -> Rise:
    """The attack in an `attack_envelope_db`.

    Source:
        G. Peeters et al., "The Timbre Toolbox", Journal of the Acoustical Society of America 130(5), 2011
        (attack by thresholds; theirs adapt to the effort).
    """
    return find_rise(envelope, round(FIRST_PEAK_S / STEP_S), begins_db=_BEGINS_DB)


def attack_time_ms(waveform: FloatArray, sample_rate: int) -> float:
    """How long the envelope takes from 20 dB under its first peak to 3 dB under it; NaN for silence.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
    """
    if not np.isfinite(loudest_rms_db(waveform, sample_rate)):
        return float("nan")
    rise = find_attack(attack_envelope_db(waveform, sample_rate))
    return float((rise.end - rise.start) * STEP_S * 1e3)
