"""White noise as complex spectra, ready to be given a level in every mel band."""

import numpy as np
import torch
from numpy.typing import NDArray

from mcnn.compiled import Floats
from mcnn.mel_inversion import MelBands
from mcnn.spectrogram import Spectrogram

NOISE_FRAMES = 1024
"""Frames of recorded noise; each note takes a stretch of them."""


class NoiseSpectrum:
    """Noise whose mel magnitudes have a given geometric mean.

    A decoder that learned log-mels puts out the mean of noise's logarithm: at that level, this noise has the
    grain of noise again and the same mean.

    Args:
        spectrogram: The front end.
        bands: Its mel filters.
        n_fft: Window and transform length of what is drawn, in samples.
        steps: Frames drawn for each frame of the front end.
    """

    def __init__(self, spectrogram: Spectrogram, bands: MelBands, n_fft: int, steps: int) -> None:
        config = spectrogram.config
        self.steps = steps
        generator = torch.Generator().manual_seed(0)
        white = torch.randn(1, NOISE_FRAMES * config.hop_length, generator=generator)
        mel = spectrogram.mel(spectrogram.magnitude(white))[0]
        self._gain: Floats = (1.0 / (mel + 1e-9).log().mean(1).exp()).numpy()
        margin = config.n_fft
        around = torch.cat([white[:, -margin:], white, white[:, :margin]], 1)
        hop_length = config.hop_length // steps
        spectra = torch.stft(
            around,
            n_fft,
            hop_length,
            window=torch.hann_window(n_fft),
            return_complex=True,
            pad_mode="constant",
        )[0] * (4.0 / n_fft)
        first = margin // hop_length
        self.spectrum: NDArray[np.complex64] = np.ascontiguousarray(
            spectra[:, first : first + NOISE_FRAMES * steps].T.numpy()
        )
        """`(NOISE_FRAMES * steps, n_fft // 2 + 1)`; the last frame leads on to the first."""
        every = (config.n_bins - 1) // (n_fft // 2)
        self._first = bands.first[::every]
        self._shares = bands.shares[::every]

    def draw(self, mel: Floats, seed: int) -> NDArray[np.complex64]:
        """Spectra of noise.

        Args:
            mel: Mel magnitudes `(frames, mels)`.
            seed: Chooses the stretch of noise.

        Returns:
            `(frames * steps, n_fft // 2 + 1)`.
        """
        frames = len(mel)
        if not mel.any():
            return np.zeros((frames * self.steps, self.spectrum.shape[1]), np.complex64)
        level = mel * self._gain
        over_bins = (
            level[:, self._first] * self._shares[:, 0] + level[:, self._first + 1] * self._shares[:, 1]
        )
        after = np.concatenate([over_bins[1:], over_bins[-1:]])
        share = (np.arange(self.steps, dtype=np.float32) / self.steps)[:, None]
        between = over_bins[:, None] + share * (after - over_bins)[:, None]
        first = int(np.random.default_rng([seed, 1]).integers(NOISE_FRAMES)) * self.steps
        where = (first + np.arange(frames * self.steps)) % len(self.spectrum)
        noise: NDArray[np.complex64] = between.reshape(frames * self.steps, -1) * self.spectrum[where]
        return noise
