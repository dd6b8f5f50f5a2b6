"""Phases from magnitudes in a single pass: every spectral peak is a tone (SPSI).

Each peak's phase advances at the frequency that the peak shows, and the bins around it are locked to it as a
windowed tone's are. Very fast, and good for steady tones; attacks and noise are better served by `rtpghi`.
Where the paper fits a parabola to a peak, the main lobe of the Hann window is solved here, which is exact.

Conventions: arrays are frame-major, `(notes, frames, bins)`; phases are those of `Spectrogram.stft`.

Source:
    G. Beauregard, M. Harish, L. Wyse, "Single pass spectrogram inversion", IEEE International Conference on
    Digital Signal Processing, 2015.
"""

import math

import numpy as np

from mcnn.compiled import Floats, compiled

TINY = np.float32(1e-30)


class Spsi:
    """Advances phases frame by frame, for many notes at once; the same however the frames are split.

    Args:
        n_bins: Bins of a frame, `n_fft // 2 + 1`.
        n_fft: Hann window and transform length, in samples.
        hop_length: Samples between frames.
        n_notes: Notes that advance together.
    """

    def __init__(self, n_bins: int, n_fft: int, hop_length: int, n_notes: int = 1) -> None:
        self.n_bins = n_bins
        self._hop = np.float32(hop_length / n_fft)
        self._steady: Floats = ((np.arange(n_bins) * hop_length) % n_fft / n_fft).astype(np.float32)
        self._turns: Floats = np.zeros((n_notes, n_bins), np.float32)

    def reset(self, note: int | None = None) -> None:
        """Starts over: one note, as when a voice is taken for another, or all of them."""
        self._turns[slice(None) if note is None else note] = 0

    def advance(self, magnitude: Floats) -> Floats:
        """Phases of the next frames.

        Args:
            magnitude: `(notes, frames, bins)`, not negative; any number of frames.

        Returns:
            Phases in radians, of the same shape.

        Raises:
            ValueError: If the shape is another one.
        """
        n_notes = len(self._turns)
        if magnitude.ndim != 3 or magnitude.shape[0] != n_notes or magnitude.shape[2] != self.n_bins:
            raise ValueError(
                f"magnitudes of shape {magnitude.shape}; expected ({n_notes}, frames, {self.n_bins})"
            )
        phase = np.empty(magnitude.shape, np.float32)
        _advance(np.ascontiguousarray(magnitude, np.float32), self._turns, self._steady, self._hop, phase)
        return phase


@compiled
def _lock(frame: Floats, peak: int, side: int, is_beside: bool, turns: Floats) -> None:
    """Locks the bins on one side of a peak, down to the valley.

    From the window's start, bins of the main lobe alternate between the peak's phase and its opposite, those
    beyond all have the last one's. `is_beside` says that the tone lies on this side, so that the lobe reaches
    two bins far.
    """
    shift = np.float32(0.5)
    k = peak + side
    while 0 <= k < frame.size and (k == peak + side or frame[k] < frame[k - side]):
        turns[k] = turns[peak] + shift
        if is_beside:
            shift = np.float32(0)
        k += side


@compiled
def _advance(magnitude: Floats, turns: Floats, steady: Floats, hop: np.float32, phase: Floats) -> None:
    """Advances every note; `turns`, `(notes, bins)`, holds the phases of the frame before."""
    n_bins = steady.size
    for note in range(len(magnitude)):
        here = turns[note]
        for t in range(magnitude.shape[1]):
            frame = magnitude[note, t]
            for k in range(1, n_bins - 1):
                left, centre, right = frame[k - 1], frame[k], frame[k + 1]
                if centre <= left or centre <= right:
                    continue
                slope = (right - left) / (right + left + TINY)
                root = np.sqrt(np.float32(9) - np.float32(8) * slope * slope)
                offset = np.float32(4) * slope / (np.float32(3) + root)
                here[k] += steady[k] + hop * offset
                _lock(frame, k, -1, offset < 0, here)
                _lock(frame, k, 1, offset >= 0, here)
            for k in range(n_bins):
                here[k] -= np.floor(here[k])
                phase[note, t, k] = here[k] * np.float32(2 * math.pi)
