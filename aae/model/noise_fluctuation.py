"""The fluctuation of noise in a log-mel, added where a decoder predicts the mean of the noise."""

from torch import Tensor

from mcnn.spectral.spectrogram import Spectrogram
from mcnn.spectral.white_noise import white_noise

NOISE_FRAMES = 2048
"""Length of the reference noise; each note takes an excerpt of it."""
ATTACK_FRAMES = 8
"""Frames from the onset on whose analysis window holds the attack."""
RISE_FRAMES = 4
"""Frames after these over which the fluctuation sets in."""


def n_starts(frames: int) -> int:
    """Number of excerpts of a length in the reference noise; see `NoiseFluctuation.add`."""
    return NOISE_FRAMES - frames + 1


def fluctuation_strength(since_onset: Tensor) -> Tensor:
    """Strength of the fluctuation, 0 to 1, at frames counted from the onset; shape as given.

    Frames whose window holds the attack have none: what lies between their partials is the spread of the
    attack itself, and fluctuation there would make it longer.
    """
    return ((since_onset - ATTACK_FRAMES) / RISE_FRAMES).clamp(0, 1)


class NoiseFluctuation:
    """Lets the noisy share of log-mels fluctuate as white noise does in this front end.

    Args:
        spectrogram: The front end.
    """

    def __init__(self, spectrogram: Spectrogram) -> None:
        self._spectrogram = spectrogram
        _, mel = white_noise(spectrogram, NOISE_FRAMES)
        self.fluctuation = mel / mel.log().mean(1, keepdim=True).exp()
        """`(mels, NOISE_FRAMES)`, factors of geometric mean 1."""

    def add(self, log_mel: Tensor, noise: Tensor, start: int) -> Tensor:
        """A log-mel whose noise fluctuates, `(mels, frames)`.

        Args:
            log_mel: `(mels, frames)`.
            noise: As `log_mel`, the share of the magnitude that is noise.
            start: Number of the excerpt of the reference noise, below `n_starts`.
        """
        factors = self.fluctuation[:, start : start + log_mel.shape[1]]
        return self._spectrogram.compress(self._spectrogram.expand(log_mel) * (1 + noise * (factors - 1)))
