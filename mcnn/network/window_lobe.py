"""The lobe of a Hann window around a partial, in tables over the partial's place between two bins.

Source:
    X. Rodet, P. Depalle, "Spectral envelopes and inverse FFT synthesis", AES 93rd Convention, 1992.
"""

import numpy as np

from mcnn.compiled import Doubles, Floats

LOBE_STEPS = 256
"""Rows of the lobe's table."""
LOBE_BINS = 4
"""Half-width of what is drawn of a Hann window's lobe, in bins."""


def hann_lobe(offset: Doubles) -> Doubles:
    """Transform of a Hann window at an offset in bins, 1 at its centre, without its phase."""
    beside = np.abs(np.abs(offset) - 1.0) < 1e-6
    lobe: Doubles = np.where(beside, 0.5, np.sinc(offset) / np.where(beside, 1.0, 1.0 - offset**2))
    return lobe


def lobe_table() -> Floats:
    """Transform of a Hann window around a partial, 1 at its centre: `(LOBE_STEPS + 2, 2 * LOBE_BINS)`.

    Row `i` is that of a partial `i / LOBE_STEPS` above a bin, at the bins from `LOBE_BINS - 1` below that one
    to `LOBE_BINS` above, with the alternating sign that phases relative to the window's centre have.
    """
    bins = np.arange(1 - LOBE_BINS, LOBE_BINS + 1)
    offset = bins - np.arange(LOBE_STEPS + 2)[:, None] / LOBE_STEPS
    lobe = hann_lobe(offset)
    lobe[np.abs(offset) >= LOBE_BINS] = 0.0
    return (lobe * np.where(bins % 2, -1.0, 1.0)).astype(np.float32)


def drawn_lobe_table(n_fft: int) -> Floats:
    """Lobes as they are drawn, in the shape of `lobe_table`: a few bins, fitted to a partial in time.

    Frames are windowed again before they overlap. A lobe that just ends makes each frame wrong at its edges
    and in its middle alike, which modulates a steady partial at the rate of the frames, 50 dB under it; the
    least squares under the second window leave 70 dB.

    Args:
        n_fft: Length of window and transform, in samples.
    """
    bins = np.arange(1 - LOBE_BINS, LOBE_BINS + 1)
    offset = np.arange(LOBE_STEPS + 2) / LOBE_STEPS
    turns = (np.arange(n_fft) - n_fft / 2) / n_fft
    window = np.hanning(n_fft + 1)[:-1]
    waves, partials = (
        np.concatenate([np.cos(angle), np.sin(angle)])
        for angle in (2 * np.pi * turns[:, None] * bins, 2 * np.pi * turns[:, None] * offset)
    )
    twice = np.concatenate([window, window])[:, None]
    lobe = 2.0 * np.linalg.lstsq(waves * twice, partials * twice**2, rcond=None)[0].T
    return np.ascontiguousarray(lobe * np.where(bins % 2, -1.0, 1.0), dtype=np.float32)
