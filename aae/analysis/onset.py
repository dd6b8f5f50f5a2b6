"""When a recorded note begins: the place of its attack among its frames, to a fraction of one.

Recordings begin up to a third of a second before their note. A decoder that is not told the place has to
guess it, or the latent has to remember it.
"""

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


def measure_onset(loudness_db: Floats, frame_rate_hz: float) -> float:
    """Where the attack begins, in frames.

    Args:
        loudness_db: `(frames,)`, from the beginning of the recording.
        frame_rate_hz: Frames per second.

    Returns:
        A fraction of frames; below 0, down to `EARLIEST_FRAMES`, where a note is under way from the start.
    """
    first = _first_part(loudness_db, frame_rate_hz)
    start_db = first.max() + RISE_FROM_DB
    risen = int(np.argmax(first >= first.max() + RISE_TO_DB))
    below = np.flatnonzero(first[: risen + 1] < start_db)
    if not len(below):
        return EARLIEST_FRAMES * float((first[0] - start_db) / -RISE_FROM_DB)
    last = int(below[-1])
    return last + float((start_db - first[last]) / (first[last + 1] - first[last]))


def measure_risen(loudness_db: Floats, frame_rate_hz: float) -> float:
    """Where the level first comes within 3 dB of the attack's peak, in fractions of frames.

    Args:
        loudness_db: `(frames,)`, from the beginning of the note.
        frame_rate_hz: Frames per second.
    """
    first = _first_part(loudness_db, frame_rate_hz)
    wanted_db = first.max() + RISE_TO_DB
    risen = int(np.argmax(first >= wanted_db))
    if risen == 0:
        return 0.0
    before = first[risen - 1]
    return risen - 1 + float((wanted_db - before) / (first[risen] - before))


def _first_part(loudness_db: Floats, frame_rate_hz: float) -> npt.NDArray[np.float64]:
    return np.asarray(loudness_db[: round(FIRST_PEAK_S * frame_rate_hz) + 1], np.float64)
