"""A voice's level over time: fade in, release, crossfade to another voice."""

import numpy as np

from aae.synthesis.finishing import FADE_IN_S
from mcnn.compiled import Floats

MIN_DURATION_S = 0.08
"""A key that is only touched, or let go before its note is decoded, sounds for this long."""
STOP_S = 0.02
"""Fade-out of a voice that is to end at once, without a click."""
CROSSFADE_S = 0.12


class Envelope:
    """Rises to full level, and falls to 0 when told to, in straight lines, sample by sample.

    Args:
        sample_rate: Samples per second.
        gain: Full level, a factor.
        fade_in_s: From 0 to full level.
    """

    def __init__(self, sample_rate: int, gain: float, fade_in_s: float = FADE_IN_S) -> None:
        self._sample_rate = sample_rate
        self._full = max(gain, 1e-6)
        self._level = 0.0
        self._step = self._full / max(1.0, fade_in_s * sample_rate)
        self._min_samples = round(max(fade_in_s, MIN_DURATION_S) * sample_rate)
        """Still to be played before it may fall."""
        self._fade_out_s: float | None = None
        self._is_falling = False

    @property
    def is_silent(self) -> bool:
        """Whether it has fallen to 0."""
        return self._is_falling and self._level == 0.0

    def fade_out(self, seconds: float, at_once: bool = False) -> None:
        """Falls to 0; one that already falls faster goes on so.

        Args:
            seconds: From full level to 0.
            at_once: Even before `MIN_DURATION_S` is over.
        """
        if self._fade_out_s is None or seconds < self._fade_out_s:
            self._fade_out_s = seconds
        if at_once:
            self._min_samples = 0

    def apply(self, block: Floats) -> None:
        """Scales the next samples `(samples,)`, in place."""
        if self._fade_out_s is not None and self._min_samples <= 0:
            self._is_falling = True
            self._step = self._full / max(1.0, self._fade_out_s * self._sample_rate)
        steps = np.arange(1, len(block) + 1) * (-self._step if self._is_falling else self._step)
        ramp = (self._level + steps).clip(0.0, self._full)
        block *= ramp.astype(np.float32)
        self._level = float(ramp[-1])
        self._min_samples -= len(block)
