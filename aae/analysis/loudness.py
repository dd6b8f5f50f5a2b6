"""How loud a rendered note is to be: as the model made it, or matched to a loudness or a level.

A note's loudness is its maximum momentary loudness, the loudest 400 ms through the ear's weighting: unlike
the loudness of the whole file it does not depend on how long a note rings. Each note is matched by itself,
so a set can be continued, or made by many workers, without knowing the rest.

Source: ITU-R BS.1770-4; EBU Tech 3341.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyloudnorm

from mcnn.errors import InputError
from mcnn.spectral.level import loudest_rms_db

BLOCK_S, STEP_S = 0.4, 0.1
NATURAL = "natural"
_MIN_DB, _MAX_DB = -60.0, 0.0


@dataclass(frozen=True)
class TargetLevel:
    """What the notes of a set are brought to.

    Attributes:
        measure: `natural` (left as they are), `lufs` or `rms`.
        target_db: LUFS, or dB of full scale of the loudest 50 ms; 0 for `natural`.
    """

    measure: str = NATURAL
    target_db: float = 0.0

    def __str__(self) -> str:
        return NATURAL if self.measure == NATURAL else f"{self.measure}:{self.target_db:g}"

    def gain_db(self, waveform: npt.NDArray[np.float32], sample_rate: int) -> float:
        """What a note `(samples,)` must be amplified by; 0 for silence."""
        if self.measure == NATURAL:
            return 0.0
        measure = momentary_loudness_lufs if self.measure == "lufs" else loudest_rms_db
        now_db = measure(waveform, sample_rate)
        return self.target_db - now_db if math.isfinite(now_db) else 0.0


def parse_level(text: str) -> TargetLevel:
    """Reads `natural`, `lufs:-23` or `rms:-20`.

    Raises:
        InputError: If the text is none of these.
    """
    measure, _, number = text.strip().lower().partition(":")
    if measure == NATURAL and not number:
        return TargetLevel()
    try:
        target_db = float(number)
    except ValueError:
        target_db = math.nan
    if measure not in ("lufs", "rms") or not _MIN_DB <= target_db <= _MAX_DB:
        raise InputError(
            f"level '{text}' is not natural, lufs:-23 or rms:-20 (a number from {_MIN_DB:g} to {_MAX_DB:g})"
        )
    return TargetLevel(measure, target_db)


def momentary_loudness_lufs(waveform: npt.NDArray[np.float32], sample_rate: int) -> float:
    """Maximum momentary loudness of a mono note; −inf for silence.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
    """
    step = round(STEP_S * sample_rate)
    n_steps = max(-(-len(waveform) // step), round(BLOCK_S / STEP_S))
    padded = np.zeros(n_steps * step, np.float64)
    padded[: len(waveform)] = waveform
    if not padded.any():
        return -math.inf
    meter = pyloudnorm.Meter(sample_rate, block_size=BLOCK_S, overlap=1 - STEP_S / BLOCK_S)
    meter.integrated_loudness(padded)
    return float(max(meter.blockwise_loudness))
