"""A sounding note's level over time: its rise, its release, being taken over by another. Qt-free."""

import numpy as np

from mcnn.compiled import Floats

RISE_S = 0.004
MIN_DURATION_S = 0.08
"""A key that is only touched, or let go before its note is made, sounds as long."""
RELEASE_S = 0.25
"""From letting a key go to silence."""
STOP_S = 0.02
CROSSFADE_S = 0.12


class Envelope:
    """Rises to full level, and falls when told to, sample by sample.

    Args:
        sample_rate: Samples per second.
        gain: Full level.
        rise_s: How long it takes to get there.
    """

    def __init__(self, sample_rate: int, gain: float, rise_s: float = RISE_S) -> None:
        self._sample_rate = sample_rate
        self._full = max(gain, 1e-6)
        self._level = 0.0
        self._pace = self._full / max(1.0, rise_s * sample_rate)
        self._to_come = round(max(rise_s, MIN_DURATION_S) * sample_rate)
        self._fall_s: float | None = None
        self._falls = False

    @property
    def is_silent(self) -> bool:
        """Whether it has fallen to 0."""
        return self._falls and self._level == 0.0

    def fall(self, seconds: float, at_once: bool = False) -> None:
        """Goes to 0; one that falls faster already goes on so.

        Args:
            seconds: From full level.
            at_once: Also if it has hardly begun.
        """
        if self._fall_s is None or seconds < self._fall_s:
            self._fall_s = seconds
        if at_once:
            self._to_come = 0

    def apply(self, block: Floats) -> None:
        """Scales the next samples."""
        if self._fall_s is not None and self._to_come <= 0:
            self._falls = True
            self._pace = self._full / max(1.0, self._fall_s * self._sample_rate)
        steps = np.arange(1, len(block) + 1) * (-self._pace if self._falls else self._pace)
        ramp = (self._level + steps).clip(0.0, self._full)
        block *= ramp.astype(np.float32)
        self._level = float(ramp[-1])
        self._to_come -= len(block)
