"""White noise as complex spectra, ready to be given a level in every mel band.

The window that noise is drawn with resolves no more than some 60 Hz. What is below, a room's rumble, is
recorded band by band through the same window, so that each band stays where it is and has its own level.
"""

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from mcnn.compiled import Complexes, Floats, Integers, compiled
from mcnn.spectral.mel_inversion import MelBands
from mcnn.spectral.spectrogram import Spectrogram
from mcnn.spectral.white_noise import white_noise

LOW_EDGES_HZ = (6.0, 18.0, 28.0, 43.0, 60.0)
"""Of the low bands, each of which is drawn as a whole; the rest is drawn bin by bin above the last."""
EDGE_HZ = 2.0
"""Width of the edges of low bands."""
LOW_BINS = 8
"""Bins in which the low bands are seen through the window."""
NOISE_FRAMES = 1024
"""Frames of recorded noise; each note takes a stretch of them."""

Levels: TypeAlias = tuple[Floats, Integers, Floats]
"""Gain of each mel band; lower mel band and shares of each drawn bin, then of each low band."""


class NoiseSpectrum:
    """Noise whose mel magnitudes have a given geometric mean.

    A decoder that learned log-mels puts out the mean of noise's logarithm: at that level, this noise has that
    mean, and fluctuates as noise does.

    Args:
        spectrogram: The front end.
        bands: Its mel filters.
        n_fft: Window and transform length of what is drawn, in samples.
        steps: Frames drawn for each frame of the front end.
    """

    def __init__(self, spectrogram: Spectrogram, bands: MelBands, n_fft: int, steps: int) -> None:
        config = spectrogram.config
        self.steps = steps
        white, mel = white_noise(spectrogram, NOISE_FRAMES)
        gain: Floats = (1.0 / (mel + 1e-9).log().mean(1).exp()).numpy()
        hop_length = config.hop_length // steps
        edges_hz = (*LOW_EDGES_HZ, config.sample_rate)
        *low, rest = (_band(white, edges, config.sample_rate) for edges in pairwise(edges_hz))
        parts = [_window_by_window(band, n_fft, hop_length)[:, :LOW_BINS] for band in low]
        self.spectrum: Complexes = np.concatenate([_window_by_window(rest, n_fft, hop_length), *parts], 1)
        """`(NOISE_FRAMES * steps, n_fft // 2 + 1 + low bands * LOW_BINS)`: all but the low bands, then
        these; the last frame leads on to the first."""
        lowest = int(LOW_EDGES_HZ[-1] * n_fft / config.sample_rate) + 1
        drawn = np.maximum(np.arange(n_fft // 2 + 1), lowest) * ((config.n_bins - 1) // (n_fft // 2))
        middles_hz = np.sqrt(np.multiply(LOW_EDGES_HZ[:-1], LOW_EDGES_HZ[1:]))
        whole = np.maximum(np.rint(middles_hz * config.n_fft / config.sample_rate).astype(np.int64), 1)
        heard = np.concatenate([drawn, whole])
        self.levels: Levels = gain, bands.first[heard], bands.shares[heard]
        """The mel filters and gains, as `spread_levels` takes them."""
        self.n_bins = n_fft // 2 + 1

    def draw(self, mel: Floats, seed: int) -> Complexes:
        """Spectra of noise.

        Args:
            mel: Mel magnitudes `(frames, mels)`.
            seed: Chooses the stretch of noise.

        Returns:
            `(frames * steps, n_fft // 2 + 1)`.
        """
        noise = np.zeros((len(mel) * self.steps, self.n_bins), np.complex64)
        if mel.any():
            _draw(np.ascontiguousarray(mel), self.levels, self.start(seed), self.steps, self.spectrum, noise)
        return noise

    def start(self, seed: int) -> int:
        """The first frame of the recorded noise, of a note with this seed."""
        return int(np.random.default_rng([seed, 1]).integers(NOISE_FRAMES)) * self.steps


@compiled
def spread_levels(mel: Floats, levels: Levels, over_bins: Floats) -> None:
    """Sets the level of every bin and low band, `(bins + low bands,)`, from mel magnitudes, `(mels,)`."""
    gain, first, shares = levels
    for m in range(over_bins.size):
        band = first[m]
        lower, upper = mel[band] * gain[band], mel[band + 1] * gain[band + 1]
        over_bins[m] = lower * shares[m, 0] + upper * shares[m, 1]


@compiled
def add_noise(row: Complexes, here: Floats, after: Floats, share: np.float32, out: Complexes) -> None:
    """Adds a row of recorded noise to a frame, `(bins,)`, with levels on the way from one to the next."""
    n_bins = out.size
    for m in range(n_bins):
        out[m] += row[m] * (here[m] + share * (after[m] - here[m]))
    for band in range(here.size - n_bins):
        level = here[n_bins + band] + share * (after[n_bins + band] - here[n_bins + band])
        for m in range(LOW_BINS):
            out[m] += row[n_bins + band * LOW_BINS + m] * level


def _band(white: Tensor, edges_hz: tuple[float, float], sample_rate: int) -> Tensor:
    """A band of noise `(1, samples)` that goes round; its edges, with its neighbours', add up to 1."""
    spectrum = torch.fft.rfft(white)
    hz = torch.fft.rfftfreq(white.shape[1], 1.0 / sample_rate)
    inside = [((hz - edge) / EDGE_HZ + 0.5).clamp(0.0, 1.0) for edge in edges_hz]
    band: Tensor = torch.fft.irfft(spectrum * (inside[0] - inside[1]), n=white.shape[1])
    return band


def _window_by_window(noise: Tensor, n_fft: int, hop_length: int) -> Complexes:
    """Spectra `(frames, bins)` of noise `(1, samples)` that goes round."""
    margin = n_fft
    around = torch.cat([noise[:, -margin:], noise, noise[:, :margin]], 1)
    window = torch.hann_window(n_fft)
    spectra = torch.stft(around, n_fft, hop_length, window=window, return_complex=True, pad_mode="constant")
    first, count = margin // hop_length, noise.shape[1] // hop_length
    found: Complexes = (spectra[0, :, first : first + count].T * (4.0 / n_fft)).numpy()
    return found


@compiled
def _draw(
    mel: Floats,
    levels: Levels,
    start: int,
    steps: int,
    recorded: Complexes,
    noise: Complexes,
) -> None:
    here, after = np.empty(levels[1].size, np.float32), np.empty(levels[1].size, np.float32)
    spread_levels(mel[0], levels, after)
    for s in range(len(noise)):
        t, step = s // steps, s % steps
        if step == 0:
            here, after = after, here
            spread_levels(mel[min(t + 1, len(mel) - 1)], levels, after)
        share = np.float32(step / steps)
        add_noise(recorded[(start + s) % len(recorded)], here, after, share, noise[s])
