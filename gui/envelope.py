"""A sounding note's level over time: its rise, its release, being taken over by another. Qt-free."""

import numpy as np

from mcnn.compiled import Floats

RISE_S = 0.004
RELEASE_S = 0.25
"""From letting a key go to silence."""
STOP_S = 0.02
CROSSFADE_S = 0.12


class Envelope:
    """Moves towards a goal at an even pace, sample by sample.

    Args:
        sample_rate: Samples per second.
        gain: Where it rises to.
        rise_s: How long that takes.
    """

    def __init__(self, sample_rate: int, gain: float, rise_s: float = RISE_S) -> None:
        self._sample_rate = sample_rate
        self._level = 0.0
        self._full = gain
        self._goal = gain
        self._pace = max(gain, 1e-6) / max(1.0, rise_s * sample_rate)

    @property
    def is_silent(self) -> bool:
        """Whether it has fallen to 0 for good."""
        return self._goal == 0.0 and self._level == 0.0

    @property
    def is_falling(self) -> bool:
        """Whether the note was let go."""
        return self._goal == 0.0

    def fall(self, seconds: float) -> None:
        """Goes to 0; one that falls faster already goes on so."""
        pace = self._full / max(1.0, seconds * self._sample_rate)
        if not self.is_falling or pace > self._pace:
            self._goal, self._pace = 0.0, pace

    def apply(self, block: Floats) -> None:
        """Scales the next samples."""
        ramp = self._level + np.arange(1, len(block) + 1) * (
            self._pace if self._goal > self._level else -self._pace
        )
        low, high = sorted((self._level, self._goal))
        ramp = ramp.clip(low, high)
        block *= ramp.astype(np.float32)
        self._level = float(ramp[-1])
