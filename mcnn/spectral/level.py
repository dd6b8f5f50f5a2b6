"""The level of a note: the root mean square of its loudest 50 ms, in dB of full scale."""

import math

import numpy as np
import numpy.typing as npt

WINDOW_S = 0.05
REFERENCE_LEVEL_DB = -20.0
"""Level to which a NoteBank's notes are scaled, and at which log-mels are inverted."""


def loudest_rms_db(waveform: npt.NDArray[np.float32], sample_rate: int) -> float:
    """Root mean square of the loudest 50 ms, in dB of full scale; −inf for silence.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
    """
    window = min(max(1, round(WINDOW_S * sample_rate)), max(1, len(waveform)))
    energy = np.concatenate([[0.0], np.cumsum(np.square(waveform, dtype=np.float64))])
    power = float((energy[window:] - energy[:-window]).max(initial=0.0)) / window
    return float(10.0 * np.log10(power)) if power > 0 else -math.inf
