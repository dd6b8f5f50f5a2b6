"""The envelope of a note, how long its attack takes, and making it as short as it is asked.

A window of 93 ms cannot tell an attack of 5 ms from one of 15: log-mels of both are nearly the same, and
what an inverter makes of a decoded one is too long. A model therefore says how long an attack is to take, and
what comes before its end too early is taken down.

Conventions: `(samples,)` waveforms; envelopes `(steps,)` every millisecond, in dB of the note's own highest
level, not below `aae.analysis.envelope.RELATIVE_FLOOR_DB`.
"""

import numpy as np
import numpy.typing as npt

from aae.analysis.envelope import relative_envelope_db
from aae.analysis.modulation import frame_levels_db
from aae.analysis.onset import FIRST_PEAK_S, RISE_FROM_DB, RISE_TO_DB, Rise, find_rise, measure_risen
from mcnn.spectral.level import loudest_rms_db

WINDOW_S = 0.01
STEP_S = 0.001
MAX_SHAPED_MS = 40.0
"""Slower attacks are right as they are."""
SHAPED_DB = 30.0
"""What is further under the first peak is left as it is."""
SHAPE = 1.4
"""How the level rises on its way: 1 in a straight line of dB, more is slower at first."""
RISEN_AFTER_S = 0.008
"""A played attack ends so long after the place where the level of its log-mel says it does."""
_MIN_MS = 2.0
_ROUNDS = 2
"""The envelope is measured through a window; the second round makes up for that."""
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


def shape_attack(waveform: FloatArray, sample_rate: int, attack_ms: float | None) -> FloatArray:
    """A note whose attack takes no longer than asked; what follows it stays as it is.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
        attack_ms: As `attack_time_ms` measures it; None, or more than `MAX_SHAPED_MS`, changes nothing.
    """
    if attack_ms is None or attack_ms > MAX_SHAPED_MS or not waveform.any():
        return waveform
    shaped = waveform
    for _ in range(_ROUNDS):
        envelope = attack_envelope_db(shaped, sample_rate)
        rise = find_attack(envelope)
        wanted = wanted_rise_db(rise.end - np.arange(rise.end, dtype=np.float64), attack_ms) + rise.peak_db
        gain_db = np.minimum(wanted - envelope[: rise.end], 0.0)
        times = np.arange(len(waveform)) / sample_rate / STEP_S
        last = np.searchsorted(times, rise.end)
        gains = np.interp(times[:last], np.arange(rise.end + 1), np.append(gain_db, 0.0))
        shaped = shaped.copy()
        shaped[:last] *= (10.0 ** (gains / 20.0)).astype(np.float32)
    return shaped


def attack_gain(
    log_mel: FloatArray, attack_ms: float | None, frame_rate_hz: float, sample_rate: int
) -> FloatArray:
    """Factors `(samples,)` of a note's first samples that keep its attack from taking longer than asked.

    For a note that sounds before it is made: where `shape_attack` measures the waveform, this goes by the
    log-mel alone.

    Args:
        log_mel: `(mels, frames)`, the note's first ones.
        attack_ms: As `attack_time_ms` measures it; None, or more than `MAX_SHAPED_MS`, asks for nothing.
        frame_rate_hz: Frames per second.
        sample_rate: In Hz.
    """
    if attack_ms is None or attack_ms > MAX_SHAPED_MS:
        return np.ones(0, np.float32)
    end_s = measure_risen(frame_levels_db(log_mel), frame_rate_hz) / frame_rate_hz + RISEN_AFTER_S
    before_ms = 1e3 * (end_s - np.arange(round(end_s * sample_rate)) / sample_rate)
    gain_db = wanted_rise_db(before_ms, attack_ms) - RISE_TO_DB
    return np.asarray(10.0 ** (gain_db / 20.0), np.float32)


def wanted_rise_db(before_ms: Doubles, attack_ms: float) -> Doubles:
    """Level under the first peak, so long before an attack comes within 3 dB of it."""
    place = np.maximum(before_ms, 0.0) / max(attack_ms, _MIN_MS)
    level: Doubles = np.maximum(RISE_TO_DB + (RISE_FROM_DB - RISE_TO_DB) * place**SHAPE, -SHAPED_DB)
    return level
