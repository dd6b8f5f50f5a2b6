"""White noise as complex spectra, ready to be given a level in every mel band."""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from mcnn.compiled import Floats, Integers, compiled
from mcnn.mel_inversion import MelBands
from mcnn.spectrogram import Spectrogram

LOWEST_HZ = 60.0
"""Below, no noise is drawn: the window is too short to keep a room's rumble there from spreading upwards."""
NOISE_FRAMES = 1024
"""Frames of recorded noise; each note takes a stretch of them."""

Levels: TypeAlias = tuple[Floats, Integers, Floats]
"""Gain of each band; lower band and shares of each drawn bin."""


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
        gain: Floats = (1.0 / (mel + 1e-9).log().mean(1).exp()).numpy()
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
        first_band: Integers = np.ascontiguousarray(bands.first[::every])
        shares: Floats = np.ascontiguousarray(bands.shares[::every])
        shares[: int(LOWEST_HZ * n_fft / config.sample_rate) + 1] = 0
        self.levels: Levels = gain, first_band, shares
        """What `spread_levels` needs."""

    def draw(self, mel: Floats, seed: int) -> NDArray[np.complex64]:
        """Spectra of noise.

        Args:
            mel: Mel magnitudes `(frames, mels)`.
            seed: Chooses the stretch of noise.

        Returns:
            `(frames * steps, n_fft // 2 + 1)`.
        """
        noise = np.zeros((len(mel) * self.steps, self.spectrum.shape[1]), np.complex64)
        if mel.any():
            _draw(np.ascontiguousarray(mel), self.levels, self.start(seed), self.steps, self.spectrum, noise)
        return noise

    def start(self, seed: int) -> int:
        """The first frame of the recorded noise, of a note with this seed."""
        return int(np.random.default_rng([seed, 1]).integers(NOISE_FRAMES)) * self.steps


@compiled
def spread_levels(mel: Floats, levels: Levels, over_bins: Floats) -> None:
    """Sets the noise's level in every drawn bin, `(bins,)`, from mel magnitudes, `(mels,)`."""
    gain, first, shares = levels
    for m in range(over_bins.size):
        band = first[m]
        lower, upper = mel[band] * gain[band], mel[band + 1] * gain[band + 1]
        over_bins[m] = lower * shares[m, 0] + upper * shares[m, 1]


@compiled
def _draw(
    mel: Floats,
    levels: Levels,
    start: int,
    steps: int,
    recorded: NDArray[np.complex64],
    noise: NDArray[np.complex64],
) -> None:
    here, after = np.empty(noise.shape[1], np.float32), np.empty(noise.shape[1], np.float32)
    spread_levels(mel[0], levels, after)
    for s in range(len(noise)):
        t, step = s // steps, s % steps
        if step == 0:
            here, after = after, here
            spread_levels(mel[min(t + 1, len(mel) - 1)], levels, after)
        share = np.float32(step / steps)
        row = recorded[(start + s) % len(recorded)]
        for m in range(here.size):
            noise[s, m] = row[m] * (here[m] + share * (after[m] - here[m]))
