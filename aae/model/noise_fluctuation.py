"""The grain of noise: how it fluctuates in a log-mel whose decoder puts out its mean."""

from torch import Tensor

from mcnn.spectral.spectrogram import Spectrogram
from mcnn.spectral.white_noise import white_noise

GRAIN_FRAMES = 2048
"""Frames of recorded noise; each note takes a stretch of them."""
ATTACK_FRAMES = 8
"""From its onset, an attack is heard in so many frames: as many as an analysis window is long."""
RISE_FRAMES = 4
"""Over so many more frames noise gets its grain."""


def n_starts(frames: int) -> int:
    """How many stretches of so many frames the recorded noise has."""
    return GRAIN_FRAMES - frames + 1


def fluctuation_strength(since_onset: Tensor) -> Tensor:
    """How much of its grain noise has so many frames after the onset, 0 to 1; shapes alike.

    Frames whose window holds the attack have none: what they have between their partials is the attack's own
    spread, and grain there would make it longer.
    """
    return ((since_onset - ATTACK_FRAMES) / RISE_FRAMES).clamp(0, 1)


class NoiseFluctuation:
    """Gives the noisy share of log-mels the grain that noise has.

    Args:
        spectrogram: The front end.
    """

    def __init__(self, spectrogram: Spectrogram) -> None:
        self._spectrogram = spectrogram
        _, mel = white_noise(spectrogram, GRAIN_FRAMES)
        self.fluctuation = mel / mel.log().mean(1, keepdim=True).exp()
        """`(mels, GRAIN_FRAMES)`, of geometric mean 1."""

    def add(self, log_mel: Tensor, noise: Tensor, start: int) -> Tensor:
        """A log-mel with grain, `(mels, frames)`.

        Args:
            log_mel: `(mels, frames)`.
            noise: As `log_mel`, the share of the magnitude that is noise.
            start: Which stretch of the recorded noise it takes: one of `n_starts`.
        """
        grain = self.fluctuation[:, start : start + log_mel.shape[1]]
        return self._spectrogram.compress(self._spectrogram.expand(log_mel) * (1 + noise * (grain - 1)))
