"""Shortening of a note's attack to the time that the model predicts for it.

A window of 93 ms cannot tell an attack of 5 ms from one of 15: log-mels of both are nearly the same, and
what an inverter makes of a decoded one is too long. A model therefore predicts the attack time, and what
comes too early before its end is taken down.

Conventions: `(samples,)` waveforms; times and levels of attacks as in `aae.analysis.attack`.
"""

import numpy as np

from aae.analysis.attack import STEP_S, Doubles, FloatArray, attack_envelope_db, find_attack
from aae.analysis.modulation import frame_levels_db
from aae.analysis.onset import RISE_FROM_DB, RISE_TO_DB, measure_risen

MAX_SHAPED_MS = 40.0
"""Slower attacks are right as they are."""
SHAPED_DB = 30.0
"""What is further under the first peak stays as it is."""
SHAPE = 1.4
"""Exponent of the rise in dB over time: 1 is a straight line, more is slower at first."""
RISEN_AFTER_S = 0.008
"""A played attack ends so long after the level of its log-mel has risen."""
_MIN_MS = 2.0
_ROUNDS = 2
"""The envelope is measured through a window; the second round makes up for that."""


def shape_attack(waveform: FloatArray, sample_rate: int, attack_ms: float | None) -> FloatArray:
    """A note whose attack takes no longer than requested; what follows it stays as it is.

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
        wanted = allowed_rise_db(rise.end - np.arange(rise.end, dtype=np.float64), attack_ms) + rise.peak_db
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
    """Factors `(samples,)` of a note's first samples that keep its attack from taking longer than requested.

    For a note that sounds before it is made: where `shape_attack` measures the waveform, this goes by the
    log-mel alone.

    Args:
        log_mel: `(mels, frames)`, the note's first ones.
        attack_ms: As `attack_time_ms` measures it; None, or more than `MAX_SHAPED_MS`, shapes nothing.
        frame_rate_hz: Frames per second.
        sample_rate: In Hz.
    """
    if attack_ms is None or attack_ms > MAX_SHAPED_MS:
        return np.ones(0, np.float32)
    end_s = measure_risen(frame_levels_db(log_mel), frame_rate_hz) / frame_rate_hz + RISEN_AFTER_S
    before_ms = 1e3 * (end_s - np.arange(round(end_s * sample_rate)) / sample_rate)
    gain_db = allowed_rise_db(before_ms, attack_ms) - RISE_TO_DB
    return np.asarray(10.0 ** (gain_db / 20.0), np.float32)


def allowed_rise_db(before_ms: Doubles, attack_ms: float) -> Doubles:
    """Highest level relative to the first peak, by the time that is left until within 3 dB of it."""
    progress = np.maximum(before_ms, 0.0) / max(attack_ms, _MIN_MS)
    level: Doubles = np.maximum(RISE_TO_DB + (RISE_FROM_DB - RISE_TO_DB) * progress**SHAPE, -SHAPED_DB)
    return level
