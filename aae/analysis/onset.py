"""When a recorded note begins: the place of its attack among its frames, to a fraction of one.

Recordings begin up to a third of a second before their note. A decoder that is not told the place has to
guess it, or the latent has to remember it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ONSET_FRAMES = 2.0
"""Where the attack of a new note lies: so many frames, and the window reaches no further ahead of it."""
EARLIEST_FRAMES = -2.0
"""Of notes that were cut into."""
FIRST_PEAK_S = 0.5
"""The peak of an attack lies within this of the note's beginning; later swells are no attack."""
RISE_FROM_DB = -20.0
"""The attack begins where the level last comes this near its peak ..."""
RISE_TO_DB = -3.0
"""... before it first comes this near."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rise:
    """Where a level rises to its first peak.

    Attributes:
        start: Step from which it stays within 20 dB of the peak.
        end: Step at which it first comes within 3 dB.
        peak_db: The first peak.
    """

    start: int
    end: int
    peak_db: float


def find_rise(level_db: npt.NDArray[np.floating], n_first: int, begins_db: float = -np.inf) -> Rise:
    """The attack in a level over time.

    Args:
        level_db: `(steps,)`.
        n_first: Steps within which the first peak lies.
        begins_db: These steps count from where the level first exceeds this.
    """
    begins = int(np.argmax(level_db > begins_db))
    first = level_db[begins : begins + n_first]
    peak_db = float(first.max())
    end = begins + int(np.argmax(first >= peak_db + RISE_TO_DB))
    below = np.flatnonzero(level_db[: end + 1] < peak_db + RISE_FROM_DB)
    return Rise(int(below[-1]) + 1 if len(below) else 0, end, peak_db)


def measure_onset(level_db: Floats, frame_rate_hz: float) -> float:
    """Where the attack begins, in frames.

    Args:
        level_db: `(frames,)`, from the beginning of the recording.
        frame_rate_hz: Frames per second.

    Returns:
        A fraction of frames; below 0, down to `EARLIEST_FRAMES`, where a note is under way from the start.
    """
    levels, rise = _first_rise(level_db, frame_rate_hz)
    start_db = rise.peak_db + RISE_FROM_DB
    if rise.start == 0:
        return EARLIEST_FRAMES * float((levels[0] - start_db) / -RISE_FROM_DB)
    return rise.start - 1 + _crossing(levels, rise.start, start_db)


def measure_risen(level_db: Floats, frame_rate_hz: float) -> float:
    """Where the level first comes within 3 dB of the attack's peak, in fractions of frames.

    Args:
        level_db: `(frames,)`, from the beginning of the note.
        frame_rate_hz: Frames per second.
    """
    levels, rise = _first_rise(level_db, frame_rate_hz)
    if rise.end == 0:
        return 0.0
    return rise.end - 1 + _crossing(levels, rise.end, rise.peak_db + RISE_TO_DB)


def _first_rise(level_db: Floats, frame_rate_hz: float) -> tuple[npt.NDArray[np.float64], Rise]:
    levels = np.asarray(level_db, np.float64)
    return levels, find_rise(levels, round(FIRST_PEAK_S * frame_rate_hz) + 1)


def _crossing(levels: npt.NDArray[np.float64], step: int, threshold_db: float) -> float:
    """Where between the step before and this one a threshold is crossed, 0 to 1."""
    before = levels[step - 1]
    return float((threshold_db - before) / (levels[step] - before))
