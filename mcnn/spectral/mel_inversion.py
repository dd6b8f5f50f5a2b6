"""Linear magnitudes from mel magnitudes, for mel filters of which every bin feels at most two."""

import numpy as np
from torch import Tensor

from mcnn.compiled import Floats, Integers, compiled

LOBE_UPDATES = 32
"""Updates of the peaks' heights."""
BIN_UPDATES = 8
"""Updates of single bins afterwards."""
BLOCK = 32
"""Frames computed together: whole vector registers, in arrays that fit the cache."""
TINY = np.float32(1e-20)


class MelBands:
    """A bank of triangular mel filters as what it is: two weights a bin.

    Args:
        filters: `(mels, bins)`; no bin may lie in more than two adjacent filters.
        lobe_updates: Updates of the peaks' heights; fewer are faster and blur close partials.
        bin_updates: Updates of single bins afterwards.

    Raises:
        ValueError: If one does.
    """

    def __init__(
        self, filters: Tensor, lobe_updates: int = LOBE_UPDATES, bin_updates: int = BIN_UPDATES
    ) -> None:
        matrix: Floats = filters.detach().cpu().numpy().astype(np.float32)
        n_mels = len(matrix)
        first = np.maximum.accumulate(np.argmax(matrix > 0, axis=0))
        self.first: Integers = np.minimum(first, n_mels - 2).astype(np.int32)
        """`(bins,)`: the lower of the two filters that each bin lies in."""
        self.starts: Integers = np.searchsorted(self.first, np.arange(n_mels)).astype(np.int32)
        """`(mels,)`: the first bin that lies in each filter and the next; the last one ends the bins."""
        bins = np.arange(matrix.shape[1])
        self.weights: Floats = np.stack([matrix[self.first, bins], matrix[self.first + 1, bins]], axis=1)
        """`(bins, 2)`: the bin's weight in that filter and the next."""
        if not np.array_equal(self.weights.sum(1), matrix.sum(0)):
            raise ValueError(
                "mel filters in which a bin lies in more than two adjacent ones; expected triangles"
            )
        total = self.weights.sum(1, keepdims=True)
        self.shares: Floats = np.divide(self.weights, total, out=np.zeros_like(self.weights), where=total > 0)
        """`(bins, 2)`: the weights, scaled to sum to 1."""
        self.n_mels = n_mels
        self.lobe_updates = lobe_updates
        self.bin_updates = bin_updates

    def magnitude(self, mel: Floats) -> Floats:
        """Non-negative magnitudes `(frames, bins)` that have the mel magnitudes `(frames, mels)`.

        Where bands are wider than bins, many magnitudes fit. Richardson-Lucy updates find first the heights
        of spectral peaks of the window's own shape, so that a partial comes back as a partial and not as a
        plateau; then the bins themselves, until the mel magnitudes are met.

        Source:
            W. Richardson, "Bayesian-based iterative method of image restoration", JOSA 62(1), 1972; the same
            multiplicative updates as D. Lee and H. Seung, "Algorithms for non-negative matrix factorization",
            NIPS 2000, for the Kullback-Leibler divergence.
        """
        magnitude = np.empty((len(mel), len(self.first)), np.float32)
        updates = self.lobe_updates, self.bin_updates
        _invert(mel, self.first, self.weights, self.shares, *updates, magnitude)
        return magnitude

    def match(self, spectrum: Floats, mel: Floats) -> None:
        """Scales a spectrum's bins, in place, towards given mel magnitudes, by as little as each band needs.

        Args:
            spectrum: `(frames, 2 * bins)`, real and imaginary parts side by side.
            mel: `(frames, mels)`.
        """
        _match(spectrum, mel, self.starts, self.weights, self.shares)

    def ratios(self, magnitude: Floats, mel: Floats) -> Floats:
        """Given mel magnitudes over those of a spectrum, `(frames, mels)`.

        Args:
            magnitude: `(frames, bins)`.
            mel: `(frames, mels)`.
        """
        ratios = np.empty_like(mel)
        _frame_ratios(magnitude, mel, self.starts, self.weights, ratios)
        return ratios


@compiled
def _frame_ratios(magnitude: Floats, mel: Floats, starts: Integers, weights: Floats, ratios: Floats) -> None:
    for t in range(len(magnitude)):
        row, ratio = magnitude[t], ratios[t]
        ratio[:] = TINY
        for band in range(ratio.size - 1):
            lower = upper = np.float32(0)
            for k in range(starts[band], starts[band + 1]):
                lower += weights[k, 0] * row[k]
                upper += weights[k, 1] * row[k]
            ratio[band] += lower
            ratio[band + 1] += upper
        for band in range(ratio.size):
            ratio[band] = mel[t, band] / ratio[band]


@compiled
def _match(spectrum: Floats, mel: Floats, starts: Integers, weights: Floats, shares: Floats) -> None:
    """`starts[band]` to `starts[band + 1]` are the bins that lie in `band` and `band + 1`."""
    sizes = np.empty(len(weights), np.float32)
    ratio = np.empty(mel.shape[1], np.float32)
    for t in range(len(spectrum)):
        for k in range(sizes.size):
            sizes[k] = np.sqrt(spectrum[t, 2 * k] ** 2 + spectrum[t, 2 * k + 1] ** 2)
        ratio[:] = TINY
        for band in range(ratio.size - 1):
            lower = upper = np.float32(0)
            for k in range(starts[band], starts[band + 1]):
                lower += weights[k, 0] * sizes[k]
                upper += weights[k, 1] * sizes[k]
            ratio[band] += lower
            ratio[band + 1] += upper
        for band in range(ratio.size):
            ratio[band] = mel[t, band] / ratio[band]
        for band in range(ratio.size - 1):
            for k in range(starts[band], starts[band + 1]):
                gain = shares[k, 0] * ratio[band] + shares[k, 1] * ratio[band + 1]
                spectrum[t, 2 * k] *= gain
                spectrum[t, 2 * k + 1] *= gain


@compiled
def _ratios(bins: Floats, mel: Floats, first: Integers, weights: Floats, ratios: Floats) -> None:
    """Given over estimated mel magnitudes. Bins or bands down, one block of frames across, here and below."""
    ratios[:] = TINY
    for k in range(first.size):
        lower, upper, row = ratios[first[k]], ratios[first[k] + 1], bins[k]
        to_lower, to_upper = weights[k, 0], weights[k, 1]
        for t in range(BLOCK):
            lower[t] += to_lower * row[t]
        for t in range(BLOCK):
            upper[t] += to_upper * row[t]
    for band in range(len(ratios)):
        for t in range(BLOCK):
            ratios[band, t] = mel[band, t] / ratios[band, t]


@compiled
def _spread(ratios: Floats, first: Integers, weights: Floats, bins: Floats) -> None:
    """Every bin's weighted sum of its two bands."""
    for k in range(first.size):
        lower, upper, row = ratios[first[k]], ratios[first[k] + 1], bins[k]
        of_lower, of_upper = weights[k, 0], weights[k, 1]
        for t in range(BLOCK):
            row[t] = of_lower * lower[t] + of_upper * upper[t]


@compiled
def _lobes(peaks: Floats, bins: Floats) -> None:
    """A Hann window's spectrum around every peak: half as high one bin away."""
    last = len(peaks) - 1
    for k in range(len(peaks)):
        left, centre, right, row = peaks[max(k - 1, 0)], peaks[k], peaks[min(k + 1, last)], bins[k]
        for t in range(BLOCK):
            row[t] = centre[t] + np.float32(0.5) * (left[t] + right[t])


@compiled
def _scale_peaks(peaks: Floats, gains: Floats, normal: Floats) -> None:
    """Multiplies peaks by normalised gains, but never down to where arithmetic becomes slow."""
    for k in range(len(peaks)):
        row, gain, over = peaks[k], gains[k], np.float32(1) / normal[k]
        for t in range(BLOCK):
            row[t] = max(row[t] * gain[t] * over, TINY)


@compiled
def _scale(bins: Floats, gains: Floats) -> None:
    for k in range(len(bins)):
        row, gain = bins[k], gains[k]
        for t in range(BLOCK):
            row[t] *= gain[t]


@compiled
def _invert(
    mel: Floats,
    first: Integers,
    weights: Floats,
    shares: Floats,
    lobe_updates: int,
    bin_updates: int,
    magnitude: Floats,
) -> None:
    n_bins, n_mels = first.size, mel.shape[1]
    given, ratios = np.empty((n_mels, BLOCK), np.float32), np.ones((n_mels, BLOCK), np.float32)
    peaks, bins = np.empty((n_bins, BLOCK), np.float32), np.empty((n_bins, BLOCK), np.float32)
    gains, lobe_gains = np.empty((n_bins, BLOCK), np.float32), np.empty((n_bins, BLOCK), np.float32)
    _spread(ratios, first, weights, gains)
    _lobes(gains, lobe_gains)
    normal = np.maximum(lobe_gains[:, 0], TINY)
    for start in range(0, len(mel), BLOCK):
        count = min(BLOCK, len(mel) - start)
        given[:] = 0
        given[:, :count] = mel[start : start + count].T
        peaks[:] = 1
        for _ in range(lobe_updates):
            _lobes(peaks, bins)
            _ratios(bins, given, first, weights, ratios)
            _spread(ratios, first, weights, gains)
            _lobes(gains, lobe_gains)
            _scale_peaks(peaks, lobe_gains, normal)
        _lobes(peaks, bins)
        for _ in range(bin_updates):
            _ratios(bins, given, first, weights, ratios)
            _spread(ratios, first, shares, gains)
            _scale(bins, gains)
        magnitude[start : start + count] = bins[:, :count].T
