"""How much of a recording is clipped: cut off where the numbers of its file end.

A sound may touch full scale without having been cut, so a sample there proves nothing. Counted are the
samples of runs of three and more, which meters of digital masters call an over, that end in a corner: as far
again from them as they are long the wave is much lower. A round peak falls less, see `_FAR_STEPS`.

A sound that was coded with loss (MP3, Vorbis, Opus) is rounded by that, and may go beyond full scale: there
three samples in a row at or above it are counted, whatever is beside them.

Source: B. Katz, Mastering Audio, chapter on decibels (what an over is).
"""

import numpy as np
import numpy.typing as npt

_MIN_RUN = 3
_STEP, _STEP_OF_8_BITS = 2.0**-15, 2.0**-7
"""Finer files often hold what was cut at 16 bits."""
_FAR_STEPS = 30
"""A parabola that stays within one and a half steps for three samples is 24 steps lower three samples on; one
that stays there for longer is higher."""
_OF_8_BITS = frozenset({"PCM_S8", "PCM_U8"})
_EXACT = ("PCM_", "ALAC_", "FLOAT", "DOUBLE")


def count_clipped(block: npt.NDArray[np.float32], subtype: str) -> npt.NDArray[np.int64]:
    """Clipped samples in each channel.

    Args:
        block: `(samples, channels)`, full scale is 1.
        subtype: What libsndfile calls the file's coding, such as `PCM_16`.
    """
    step = _STEP_OF_8_BITS if subtype in _OF_8_BITS else _STEP
    counts = np.zeros(block.shape[1], np.int64)
    if np.abs(block).max(initial=0.0) < 1.0 - step:
        return counts
    is_exact = subtype.startswith(_EXACT)
    for channel, samples in enumerate(block.T):
        for side in (samples, -samples):
            counts[channel] += _clipped_above(side, step, is_exact)
    return counts


def _clipped_above(samples: npt.NDArray[np.float32], step: float, is_exact: bool) -> int:
    at_end = samples >= 1.0 - step
    if is_exact:
        at_end &= samples <= 1.0 + step
    borders = np.flatnonzero(np.diff(at_end, prepend=False, append=False))
    starts, ends = borders[::2], borders[1::2]
    lengths = ends - starts
    counted = lengths >= _MIN_RUN
    if is_exact:
        before, after = np.maximum(starts - lengths, 0), np.minimum(ends - 1 + lengths, len(samples) - 1)
        counted &= np.minimum(samples[before], samples[after]) < 1.0 - _FAR_STEPS * step
    return int(lengths[counted].sum())
