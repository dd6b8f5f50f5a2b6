"""Phases from magnitudes alone: phase gradient heap integration (PGHI).

The logarithm of a spectrogram's magnitude and its phase are tied together: the slope of one along frequency
is the slope of the other along time, and the reverse. So the phase can be integrated from the magnitude,
most reliably from the loudest bin outwards.

Conventions: arrays are frame-major, `(frames, bins)`; phases are those of `Spectrogram.stft`, in radians.

Source:
    Z. Průša, P. Balazs, P. Søndergaard, "A noniterative method for reconstruction of phase from STFT
    magnitude", IEEE/ACM Transactions on Audio, Speech and Language Processing 25(5), 2017.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mcnn.compiled import Floats, Integers, compiled

HANN_RATIO = 0.25645
"""Time-frequency ratio, over the squared window length, of the Gaussian nearest to a Hann window."""
LEVELS_PER_NEPER = 32
"""Resolution of the loudness that orders the integration."""
DEPTH_NEPERS = 11.5
"""Depth below the loudest bin (100 dB) to which phases are integrated; those below are numerical noise."""
NOISE_DENSITY = 0.7
"""From this density of zeros on, relative to white noise, a region counts as noise."""
NOISE_BLUR_FRAMES = 1.5
"""Standard deviation of the blur along time before the density of zeros is measured."""
NOISE_RUN_BINS = 5
"""Adjacent bins that must all look like noise."""


def phase_gradient(log_magnitude: Floats, n_fft: int, hop_length: int) -> tuple[Floats, Floats]:
    """Phase advances from frame to frame and bin to bin, for a Hann window as long as the transform.

    Exactly so along time for a tone and along frequency for a click. A tone x bins from a bin leaves in the
    bins beside it magnitudes in the ratio (1 - x)(2 - x) : (1 + x)(2 + x), which is solved for x. A click at
    an angle a from the window's centre leaves in the frames an angle b earlier and later cos²(a + b) and
    cos²(a - b), solved for a. For small slopes this is nearly the Gaussian window's rule of the paper, from
    which the relation of both derivatives comes; but no tone or click can lie outside the window's lobes.

    Args:
        log_magnitude: Natural logarithm of the magnitudes, `(frames, bins)`, at least 2 of each.
        n_fft: Window and transform length, in samples.
        hop_length: Samples between frames.

    Returns:
        Phase advance to the next frame, and to the next bin, each `(frames, bins)`.

    Source:
        Průša et al. 2017, equations 15 and 16, for a Gaussian; phases are measured from the window's start.
    """
    bins = np.arange(log_magnitude.shape[1])
    steady = (2 * math.pi * ((hop_length * bins) % n_fft) / n_fft).astype(np.float32)
    tone = np.tanh(np.gradient(log_magnitude, axis=1))
    distance = 4 * tone / (3 + np.sqrt(9 - 8 * tone * tone))
    per_frame: Floats = steady + np.float32(2 * math.pi * hop_length / n_fft) * distance
    click = np.tanh(0.5 * np.gradient(log_magnitude, axis=0))
    per_bin: Floats = -2 * np.arctan(click / np.float32(math.tan(math.pi * hop_length / n_fft)))
    per_bin -= np.float32(math.pi)
    return per_frame, per_bin


def noise_regions(log_magnitude: Floats, n_fft: int, hop_length: int) -> NDArray[np.bool_]:
    """Marks magnitudes that are too smooth to be anything but the average of noise.

    The log-magnitude of any signal curves by −2π per unit of time-frequency area, except at its zeros, each
    of which gives 2π back. Tones and clicks have no zeros near them, white noise has one per unit of area; in
    a magnitude that was smoothed (by mel filters, by averaging, by a network) they are spread evenly and
    cancel the curvature. Integrating phases there would line them all up at the frames' centres: a buzz at
    the frame rate.

    Args:
        log_magnitude: Natural logarithm of the magnitudes, `(frames, bins)`.
        n_fft: Window and transform length, in samples.
        hop_length: Samples between frames.

    Returns:
        `(frames, bins)`, true in noise.

    Source:
        P. Flandrin, "Time-frequency filtering based on spectrogram zeros", IEEE Signal Processing Letters
        22(11), 2015; the curvature is the Bargmann transform's, for the Gaussian nearest to the window.
    """
    ratio = HANN_RATIO * n_fft**2
    blurred = ndimage.gaussian_filter1d(
        log_magnitude, NOISE_BLUR_FRAMES, axis=0, mode="nearest", truncate=2.0
    )
    curvature = np.zeros_like(blurred)
    curvature[:, 1:-1] += np.diff(blurred, 2, axis=1) * np.float32(n_fft**2 / ratio)
    curvature[1:-1] += np.diff(blurred, 2, axis=0) * np.float32(ratio / hop_length**2)
    noisy = 1.0 + curvature / np.float32(2 * math.pi) > NOISE_DENSITY
    run = ndimage.minimum_filter1d(noisy.view(np.uint8), NOISE_RUN_BINS, axis=1)
    return ndimage.maximum_filter1d(run, NOISE_RUN_BINS, axis=1).astype(np.bool_)


@compiled
def _sort_by_level(levels: Integers, n_levels: int) -> Integers:
    """Positions of all bins below `n_levels`, in rising order of level (counting sort)."""
    starts = np.zeros(n_levels + 1, np.int32)
    for level in levels:
        if level < n_levels:
            starts[level + 1] += 1
    starts = np.cumsum(starts).astype(np.int32)
    order = np.empty(starts[n_levels], np.int32)
    for position in range(levels.size):
        level = levels[position]
        if level < n_levels:
            order[starts[level]] = position
            starts[level] += 1
    return order


@compiled
def _integrate(
    levels: Integers, n_levels: int, n_bins: int, per_frame: Floats, per_bin: Floats, phase: Floats
) -> None:
    """Integrates the phase gradient from the loudest bins outwards, in place; all arrays are flattened.

    The heap of the paper is a row of stacks here, one per level of loudness, so that a step costs the same
    however many bins wait. `top[level]` is the last bin pushed, `below[bin]` the one under it.

    Args:
        levels: How far each bin is below the loudest; bins at `n_levels` or more keep their phase.
        n_levels: Number of levels.
        n_bins: Bins in a frame.
        per_frame: Phase advance to the next frame.
        per_bin: Phase advance to the next bin.
        phase: Phases to keep; where a region starts, the phase it starts from.
    """
    top = np.full(n_levels, -1, np.int32)
    below = np.empty(levels.size, np.int32)
    done = levels >= n_levels
    for start in _sort_by_level(levels, n_levels):
        if done[start]:
            continue
        done[start] = True
        level = levels[start]
        below[start] = -1
        top[level] = start
        while level < n_levels:
            here = top[level]
            if here < 0:
                level += 1
                continue
            top[level] = below[here]
            column = here % n_bins
            for offset, advance, sign in (
                (1, per_bin, np.float32(0.5)),
                (-1, per_bin, np.float32(-0.5)),
                (n_bins, per_frame, np.float32(0.5)),
                (-n_bins, per_frame, np.float32(-0.5)),
            ):
                there = here + offset
                if not 0 <= there < levels.size or done[there] or abs(there % n_bins - column) > 1:
                    continue
                done[there] = True
                phase[there] = phase[here] + sign * (advance[here] + advance[there])
                below[there] = top[levels[there]]
                top[levels[there]] = there
                level = min(level, levels[there])


def integrate_phase(
    magnitude: Floats, n_fft: int, hop_length: int, seed: int = 0, noise_is_smooth: bool = False
) -> Floats:
    """Phases for the magnitudes of a Hann-windowed spectrogram.

    Args:
        magnitude: `(frames, bins)`, not negative.
        n_fft: Window and transform length, in samples.
        hop_length: Samples between frames.
        seed: Of the random phases of bins that cannot be integrated.
        noise_is_smooth: Whether noise appears by its average magnitude, as in spectrograms from mel bands or
            from a network, rather than with the zeros of a real one; then noise gets random phases.

    Returns:
        Phases in radians, `(frames, bins)`.
    """
    phase = np.random.default_rng(seed).random(magnitude.shape, dtype=np.float32) * np.float32(2 * math.pi)
    loudest = float(magnitude.max(initial=0.0))
    if loudest == 0.0 or len(magnitude) < 2:
        return phase
    n_levels = math.ceil(DEPTH_NEPERS * LEVELS_PER_NEPER)
    log_magnitude = np.log(np.maximum(magnitude, np.float32(loudest * math.exp(-2 * DEPTH_NEPERS))))
    levels = ((np.float32(math.log(loudest)) - log_magnitude) * np.float32(LEVELS_PER_NEPER)).astype(np.int32)
    np.clip(levels, 0, n_levels, out=levels)
    if noise_is_smooth:
        levels[noise_regions(log_magnitude, n_fft, hop_length)] = n_levels
    per_frame, per_bin = phase_gradient(log_magnitude, n_fft, hop_length)
    _integrate(levels.ravel(), n_levels, levels.shape[1], per_frame.ravel(), per_bin.ravel(), phase.ravel())
    return phase
