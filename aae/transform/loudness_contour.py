"""Loudness over time: measured on a recording, laid onto what replaces it.

Conventions: `(samples,)` mono waveforms; contours in dB of full scale, one value every `STEP` samples.
"""

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aae.analysis.envelope import envelope_db

Floats = npt.NDArray[np.float32]

STEP = 64
WINDOW_S = 0.02
SMOOTH_S = 0.01
PERIODS = 2.5
"""A window holds so many periods, so that it does not follow the wave itself."""
_DEEPEST_DB = -50.0
_MAX_BOOST_DB = 18.0
"""A sound that dies away cannot be held by turning it up without end."""
_SILENT_DB = -100.0
_ARRIVED_DB = -20.0
_PASSES = 2


def loudness_contour(waveform: Floats, sample_rate: int, f0_hz: float = 100.0) -> npt.NDArray[np.float64]:
    """Level around every `STEP`-th sample.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
        f0_hz: The pitch, which limits how fast the contour can be.
    """
    window_s = max(WINDOW_S, PERIODS / max(f0_hz, 20.0))
    return envelope_db(waveform, max(2, round(window_s * sample_rate)), STEP)


def follow_loudness(
    made: Floats, original: Floats, sample_rate: int, f0_hz: float = 100.0, smooth_s: float = SMOOTH_S
) -> Floats:
    """A sound with the loudness contour of another; both begin together.

    Args:
        made: `(samples,)`; what is longer than the original keeps its last gain.
        original: `(samples,)`.
        sample_rate: In Hz.
        f0_hz: The lower of both pitches.
        smooth_s: Faster changes than this are left to the sound itself.
    """
    for _ in range(_PASSES):
        made = _nearer(made, original, sample_rate, f0_hz, smooth_s)
    return made


def _nearer(made: Floats, original: Floats, sample_rate: int, f0_hz: float, smooth_s: float) -> Floats:
    """One step: what smoothing the gain leaves over, the next step mends."""
    wanted = loudness_contour(original, sample_rate, f0_hz)
    found = loudness_contour(made, sample_rate, f0_hz)[: len(wanted)]
    wanted = wanted[: len(found)]
    if found.max(initial=_SILENT_DB) <= _SILENT_DB or wanted.max(initial=_SILENT_DB) <= _SILENT_DB:
        return np.zeros_like(made)
    power = 10.0 ** (wanted / 10.0)
    overall_db = 10.0 * np.log10(power.mean() / (10.0 ** (found / 10.0)).mean())
    gain_db = np.clip(wanted - found, overall_db + _DEEPEST_DB, overall_db + _MAX_BOOST_DB)
    size = max(1, round(smooth_s * sample_rate / STEP))
    gain_db = scipy.ndimage.uniform_filter1d(scipy.ndimage.uniform_filter1d(gain_db, size), size)
    places = np.arange(len(made)) / STEP
    gain = np.interp(places, np.arange(len(gain_db)), 10.0 ** (gain_db / 20.0))
    return (made * gain).astype(np.float32)


def lateness_s(made: Floats, original: Floats, sample_rate: int) -> float:
    """How much later a sound comes near its own loudest than another does.

    Args:
        made: `(samples,)`.
        original: `(samples,)`.
        sample_rate: In Hz.
    """
    return _arrival_s(made, sample_rate) - _arrival_s(original, sample_rate)


def _arrival_s(waveform: Floats, sample_rate: int) -> float:
    contour = loudness_contour(waveform, sample_rate)
    return float(np.argmax(contour > contour.max() + _ARRIVED_DB)) * STEP / sample_rate
