"""The level of a sound over time, in the two ways that are measured.

`envelope_db` takes the mean square of a run of samples, in dB of full scale: a run has sharp ends, so that it
tells where something begins and ends. `relative_envelope_db` weights the samples by a Hann window, in dB of
the sound's own highest level: a window without edges makes a curve whose shape can be compared.

Conventions: waveforms are `(samples,)`, envelopes `(steps,)`.
"""

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

RELATIVE_FLOOR_DB = -60.0
"""No relative envelope is lower."""

FloatArray = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def envelope_db(waveform: FloatArray, n_window: int, hop: int, floor_db: float = -200.0) -> Doubles:
    """The level around every `hop`-th sample, in dB of full scale.

    Args:
        waveform: `(samples,)`.
        n_window: Samples whose mean square is taken.
        hop: Samples between values.
        floor_db: Level of a noise that is thought to be added, so that silence has a level.
    """
    padded = np.pad(waveform, (n_window // 2, n_window - n_window // 2))
    power = _moving_power(padded, n_window)[: len(waveform) : hop]
    return np.asarray(10.0 * np.log10(power + 10.0 ** (floor_db / 10.0)))


def relative_envelope_db(waveform: FloatArray, n_window: int, hop: float) -> Doubles:
    """The level around every `hop`-th sample, in dB of the highest; at least `RELATIVE_FLOOR_DB`.

    Args:
        waveform: `(samples,)`.
        n_window: Length of the Hann window, an odd number of samples.
        hop: Samples between values; of a fraction the sample before is taken.
    """
    window = np.hanning(n_window)
    power = fftconvolve(np.square(waveform, dtype=np.float64), window / window.sum(), mode="same")
    power = np.maximum(power[np.arange(0.0, len(waveform), hop).astype(np.int64)], 0.0)
    if not power.any():
        return np.full(len(power), RELATIVE_FLOOR_DB)
    level: Doubles = 10.0 * np.log10(np.maximum(power / power.max(), 1e-12))
    return np.maximum(level, RELATIVE_FLOOR_DB)


def _moving_power(waveform: FloatArray, n_window: int) -> Doubles:
    """Mean square of every run of `n_window` samples (of all, if there are fewer)."""
    energy = np.concatenate([[0.0], np.cumsum(waveform.astype(np.float64) ** 2)])
    n_window = max(1, min(n_window, len(waveform)))
    power: Doubles = np.maximum(energy[n_window:] - energy[:-n_window], 0.0) / n_window
    return power
