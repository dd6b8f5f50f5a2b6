"""Phases from magnitudes alone: phase gradient heap integration (PGHI).

The logarithm of a spectrogram's magnitude and its phase are tied together: the slope of one along frequency is
the slope of the other along time, and the reverse. So the phase can be integrated from the magnitude, most
reliably from the loudest bin outwards.

Conventions: arrays are `(batch, frames, bins)`, frame-major; phases are those of `Spectrogram.stft`.

Source:
    Z. Průša, P. Balazs, P. Søndergaard, "A noniterative method for reconstruction of phase from STFT magnitude",
    IEEE/ACM Transactions on Audio, Speech and Language Processing 25(5), 2017.
"""

import math

import numpy as np
from numpy.typing import NDArray

from mcnn.compiled import compiled

Floats = NDArray[np.float32]

HANN_TIME_FREQUENCY_RATIO = 0.25645
"""γ / window length² of the Gaussian nearest to a Hann window (Průša et al., table I)."""
BUCKETS_PER_NEPER = 32
"""Loudness resolution of the integration order."""
TOLERANCE = 1e-5
"""Bins this far below the loudest one (−100 dB) get a random phase: theirs would be numerical noise."""


def phase_gradient(log_magnitude: Floats, n_fft: int, hop_length: int) -> tuple[Floats, Floats]:
    """How the phase advances from bin to bin and frame to frame, for a Hann window as long as the transform.

    Args:
        log_magnitude: Natural logarithm of the magnitudes, `(frames, bins)`.
        n_fft: Window and transform length, in samples.
        hop_length: Samples between frames.

    Returns:
        Phase advance to the next frame, and to the next bin, in radians, each `(frames, bins)`.

    Source:
        Průša et al. 2017, equations 15 and 16, with the phase measured from the window's start.
    """
    gamma = HANN_TIME_FREQUENCY_RATIO * n_fft**2
    n_bins = log_magnitude.shape[1]
    along_time = (
        np.gradient(log_magnitude, axis=0) if len(log_magnitude) > 1 else np.zeros_like(log_magnitude)
    )
    along_frequency = np.gradient(log_magnitude, axis=1)
    bin_advance = 2 * math.pi * hop_length / n_fft * np.arange(n_bins, dtype=np.float32)
    per_frame = (hop_length * n_fft / gamma) * along_frequency + bin_advance
    per_bin = -gamma / (hop_length * n_fft) * along_time - math.pi
    return per_frame.astype(np.float32), per_bin.astype(np.float32)


@compiled
def integrate(
    level: NDArray[np.int32], n_levels: int, per_frame: Floats, per_bin: Floats, phase: Floats
) -> None:
    """Integrates the phase gradient from the loudest bins outwards, in place.

    The heap of the paper is a row of buckets, one per loudness level, each a linked stack: every step costs the
    same however many bins wait.

    Args:
        level: How far below the loudest bin, `(frames, bins)`; bins of `n_levels` or more keep their phase.
        n_levels: Number of levels to integrate.
        per_frame: Phase advance to the next frame, in radians, `(frames, bins)`.
        per_bin: Phase advance to the next bin, in radians, `(frames, bins)`.
        phase: `(frames, bins)`; holds the phases to keep, and the starting phase of each separate region.
    """
    n_frames, n_bins = level.shape
    size = n_frames * n_bins
    levels, advance_t, advance_f = level.ravel(), per_frame.ravel(), per_bin.ravel()
    flat = phase.ravel()
    counts = np.zeros(n_levels + 1, np.int32)
    for i in range(size):
        if levels[i] < n_levels:
            counts[levels[i] + 1] += 1
    for i in range(n_levels):
        counts[i + 1] += counts[i]
    by_level = np.empty(counts[n_levels], np.int32)
    for i in range(size):
        if levels[i] < n_levels:
            by_level[counts[levels[i]]] = i
            counts[levels[i]] += 1
    done = levels >= n_levels
    top = np.full(n_levels, -1, np.int32)
    below = np.empty(size, np.int32)
    for seed in by_level:
        if done[seed]:
            continue
        done[seed] = True
        loudest = levels[seed]
        below[seed] = -1
        top[loudest] = seed
        while loudest < n_levels:
            here = top[loudest]
            if here < 0:
                loudest += 1
                continue
            top[loudest] = below[here]
            column = here % n_bins
            for direction in range(4):
                if direction == 0:
                    if column + 1 == n_bins:
                        continue
                    there = here + 1
                elif direction == 1:
                    if column == 0:
                        continue
                    there = here - 1
                elif direction == 2:
                    there = here + n_bins
                else:
                    there = here - n_bins
                if there < 0 or there >= size or done[there]:
                    continue
                if direction == 0:
                    step = 0.5 * (advance_f[here] + advance_f[there])
                elif direction == 1:
                    step = -0.5 * (advance_f[here] + advance_f[there])
                elif direction == 2:
                    step = 0.5 * (advance_t[here] + advance_t[there])
                else:
                    step = -0.5 * (advance_t[here] + advance_t[there])
                flat[there] = flat[here] + step
                done[there] = True
                there_level = levels[there]
                below[there] = top[there_level]
                top[there_level] = there
                loudest = min(loudest, there_level)


def pghi(magnitude: Floats, n_fft: int, hop_length: int, seed: int = 0) -> Floats:
    """Phases for magnitudes of a Hann-windowed spectrogram.

    Args:
        magnitude: `(batch, frames, bins)`, not negative.
        n_fft: Window and transform length, in samples.
        hop_length: Samples between frames.
        seed: Of the random phases of bins that are too quiet to integrate.

    Returns:
        Phases in radians, `(batch, frames, bins)`.
    """
    random = np.random.default_rng(seed)
    phases = np.empty_like(magnitude)
    n_levels = math.ceil(-math.log(TOLERANCE) * BUCKETS_PER_NEPER)
    for one, phase in zip(magnitude, phases, strict=True):
        phase[:] = random.random(one.shape, dtype=np.float32) * np.float32(2 * math.pi)
        loudest = float(one.max(initial=0.0))
        if loudest > 0.0:
            log_magnitude = np.log(np.maximum(one, loudest * 1e-10))
            level = ((math.log(loudest) - log_magnitude) * BUCKETS_PER_NEPER).astype(np.int32)
            integrate(level, n_levels, *phase_gradient(log_magnitude, n_fft, hop_length), phase)
    return phases
