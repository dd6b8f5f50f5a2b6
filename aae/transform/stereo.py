"""Pan and width of a stereo recording, measured and given to the mono sound that replaces it.

A model hears and makes mono: the middle. Of a stereo recording, the part of its sides that goes with the
middle is a direction (pan), the rest is width; the re-made middle gets sides of the same two sizes, the
width from a copy that is smeared in phase.

Conventions: `(samples, 2)` recordings are middle and side (see `aae.analysis.recording_file`), `(samples, 2)`
results left and right; `(samples,)` middles.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.signal

Floats = npt.NDArray[np.float32]

_STEP_S, _WINDOW_STEPS = 0.02, 9
_SMEAR_S = 0.012
_MAX_WIDTH, _MAX_PAN = 1.0, 1.0


@dataclass(frozen=True)
class StereoImage:
    """The image of a stretch of a recording.

    Attributes:
        pan: `(steps,)`, side for one middle; −1 right alone to 1 left alone.
        width: `(steps,)`, level of the rest of the side for one middle, 0 to 1.
        step: Samples between values.
    """

    pan: npt.NDArray[np.float64]
    width: npt.NDArray[np.float64]
    step: int


def measure_image(block: Floats, sample_rate: int) -> StereoImage:
    """Pan and width over time of a recording `(samples, 2)`, middle and side."""
    step = round(_STEP_S * sample_rate)
    mid, side = block.astype(np.float64).T
    mid_power, side_power, common = (_steps(x, step) for x in (mid * mid, side * side, mid * side))
    floor = 1e-6 * max(float(mid_power.max(initial=0.0)), 1e-12)
    pan = np.clip(common / (mid_power + floor), -_MAX_PAN, _MAX_PAN)
    rest = np.maximum(side_power - pan * common, 0.0)
    width = np.clip(np.sqrt(rest / (mid_power + floor)), 0.0, _MAX_WIDTH)
    return StereoImage(pan, width, step)


def spread(mono: Floats, image: StereoImage) -> Floats:
    """A mono sound `(samples,)` in a stereo image: `(samples, 2)`."""
    places = np.arange(len(mono)) / image.step - 0.5
    steps = np.arange(len(image.pan))
    side = mono * np.interp(places, steps, image.pan)
    if float(image.width.max(initial=0.0)) > 1e-3:
        side += _smeared(mono, image.step) * np.interp(places, steps, image.width)
    return np.stack([mono + side, mono - side], 1).astype(np.float32)


def _steps(values: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.float64]:
    """Sums over steps, smoothed over some neighbours."""
    n_steps = max(1, -(-len(values) // step))
    padded = np.pad(values, (0, n_steps * step - len(values)))
    sums = padded.reshape(n_steps, step).sum(1)
    return np.convolve(sums, np.hanning(_WINDOW_STEPS + 2), "full")[_WINDOW_STEPS // 2 + 1 :][:n_steps]


def _smeared(mono: Floats, step: int) -> npt.NDArray[np.float64]:
    """The same sound and loudness, with other phases."""
    smeared: npt.NDArray[np.float64] = scipy.signal.fftconvolve(mono, _smear(step), "same")
    return smeared


@functools.cache
def _smear(step: int) -> npt.NDArray[np.float64]:
    """An impulse response of unit power that decays to both sides and is random."""
    n_taps = 2 * round(step * _SMEAR_S / _STEP_S) + 1
    noise = np.random.default_rng(0).standard_normal(n_taps) * np.hanning(n_taps + 2)[1:-1]
    return np.asarray(noise / np.sqrt(np.square(noise).sum()))
