"""Phases from magnitudes as they arrive: real-time phase gradient heap integration (RTPGHI).

Every frame's phases are integrated from those of the frame before and from louder bins of the frame itself,
in the order that a heap would give. Along one frame that order needs no heap. A bin is reached from its
predecessor in time at the predecessor's level, or from a neighbour at the lowest level on the way from where
that one started; the highest wins. These levels are the frame's morphological reconstruction from the frame
before, which one pass upwards and one downwards compute exactly, in linear time, with the phases.

The gradients are exact for a Hann window: that along frequency for steady tones, that along time for clicks.
A quotient of magnitudes tells where in the window the energy lies, so no logarithm is taken.

Conventions: arrays are frame-major, `(notes, frames, bins)`; phases are those of `Spectrogram.stft`.

Source:
    Z. Průša, P. Søndergaard, "Real-time spectrogram inversion using phase gradient heap integration",
    DAFx-16, 2016. The two passes: L. Vincent, "Morphological grayscale reconstruction in image analysis",
    IEEE Transactions on Image Processing 2(2), 1993, in one dimension.
"""

import math

import numpy as np

from mcnn.compiled import Floats, Integers, compiled
from mcnn.fast_math import twice_arctan_in_turns
from mcnn.inversion.pghi import HANN_RATIO, NOISE_DENSITY, NOISE_RUN_BINS

FLOOR = 1e-7
"""Magnitudes that count as silence; a unit sinusoid has 1."""
BLUR = np.float32(0.35)
"""Part of a new frame in the running average that tells noise."""


class Rtpghi:
    """Integrates phases frame by frame, of many notes at once; the same however the frames are split.

    Args:
        n_bins: Bins of a frame, `n_fft // 2 + 1`.
        n_fft: Hann window and transform length, in samples.
        hop_length: Samples between frames.
        n_notes: Notes that advance together.
        lookahead: Frames, 0 or 1, that must have arrived after one before its phases are told. One makes
            attacks much better.
        smoothing: Weight, relative to a frame's own, of the frames beside it (those that have arrived) in the
            slope along frequency; more is more robust to magnitudes that were estimated.
        noise_is_smooth: Whether noise appears by its average magnitude, as in spectrograms from mel bands or
            from a network, rather than with the zeros of a real one; then noise gets random phases.
        seed: Of the random phases.

    Raises:
        ValueError: If the lookahead is another one or the smoothing is negative.
    """

    def __init__(
        self,
        n_bins: int,
        n_fft: int,
        hop_length: int,
        n_notes: int = 1,
        lookahead: int = 0,
        smoothing: float = 0.0,
        noise_is_smooth: bool = False,
        seed: int = 0,
    ) -> None:
        if lookahead not in (0, 1):
            raise ValueError(f"lookahead {lookahead}; expected 0 or 1")
        if smoothing < 0:
            raise ValueError(f"smoothing {smoothing}; expected 0 or more")
        self.n_bins = n_bins
        self.lookahead = lookahead
        self._settings = (
            lookahead,
            np.float32(smoothing),
            np.float32(hop_length / n_fft),
            np.float32(1.0 / math.tan(math.pi * hop_length / n_fft)),
            np.float32((hop_length / n_fft) ** -2 * HANN_RATIO**2) if noise_is_smooth else np.float32(-1),
        )
        self._seeds: Integers = np.full(n_notes, seed, np.int32)
        self._steady: Floats = ((np.arange(n_bins) * hop_length) % n_fft / n_fft).astype(np.float32)
        self._turns: Floats = np.zeros((n_notes, n_bins), np.float32)
        self._before: Floats = np.zeros((n_notes, 2, n_bins), np.float32)
        """Level and gradient of the last frame that has phases."""
        self._roots: Floats = np.zeros((n_notes, 6, n_bins), np.float32)
        """Roots of the last three magnitudes, then of their running averages."""
        self._frames: Integers = np.zeros(n_notes, np.int32)
        self._rows: Floats = np.zeros((5, n_bins), np.float32)
        """Scratch: a row, gradients along time and frequency, levels, how loud bins are reached."""
        self._arrived = 0
        self.reset()

    def reset(self, note: int | None = None, seed: int | None = None) -> None:
        """Starts over after silence: one note, as when a voice is taken for another, or all of them.

        A new seed keeps the noise of two notes from being the same.
        """
        notes = slice(None) if note is None else slice(note, note + 1)
        self._turns[notes] = 0
        self._before[notes] = -1
        self._roots[notes] = math.sqrt(FLOOR)
        self._frames[notes] = 0
        if seed is not None:
            self._seeds[notes] = seed
        if note is None:
            self._arrived = 0

    def advance(self, magnitude: Floats) -> Floats:
        """Phases of the frames that are now known far enough.

        Args:
            magnitude: The next frames, `(notes, frames, bins)`, not negative; any number of them.

        Returns:
            Phases in radians, `(notes, frames, bins)`, of the same frames, delayed by the lookahead: the
            first call returns so many fewer. After `reset` of one note alone, its first phases are those of
            the silence before.

        Raises:
            ValueError: If the shape is another one.
        """
        n_notes, shape = len(self._turns), magnitude.shape
        if len(shape) != 3 or shape[0] != n_notes or shape[2] != self.n_bins:
            raise ValueError(f"magnitudes of shape {shape}; expected ({n_notes}, frames, {self.n_bins})")
        missing = max(self.lookahead - self._arrived, 0)
        phase = np.empty((n_notes, max(shape[1] - missing, 0), self.n_bins), np.float32)
        state = self._roots, self._before, self._turns, self._frames, self._arrived
        fixed = self._settings, self._seeds, self._steady
        _advance(np.ascontiguousarray(magnitude, np.float32), *state, *fixed, self._rows, phase)
        self._arrived += shape[1]
        return phase

    def flush(self) -> Floats:
        """Phases of the frames still held back, `(notes, lookahead, bins)`, as if the last frame stayed."""
        if not self.lookahead or not self._arrived:
            return np.empty((len(self._turns), 0, self.n_bins), np.float32)
        return self.advance(np.square(self._roots[:, (self._arrived - 1) % 3])[:, None])


@compiled
def _gradients(
    older: Floats,
    before: Floats,
    here: Floats,
    after: Floats,
    lookahead: int,
    smoothing: np.float32,
    hop: np.float32,
    cotangent: np.float32,
    rows: Floats,
) -> None:
    """Phase advances of one frame, in turns, into `rows`, from the roots of the magnitudes around it.

    `advance` is what comes on top of each bin's own frequency. A tone x bins away from a bin leaves beside it
    the Hann window's magnitudes in the ratio (1 - x)(2 - x) : (1 + x)(2 + x), which is solved for x. A click
    at an angle a from the window's centre leaves in frames an angle b earlier and later the roots cos(a ± b),
    solved for a. Without a frame after it, a frame's slope along time is extrapolated from three.
    """
    n_bins, row, advance, per_bin = here.size, rows[0], rows[1], rows[2]
    later = smoothing if lookahead else np.float32(0)
    for k in range(n_bins):
        mean = here[k] + smoothing * before[k] + later * after[k]
        row[k] = mean * mean
    advance[0] = advance[n_bins - 1] = 0
    for k in range(1, n_bins - 1):
        slope = (row[k + 1] - row[k - 1]) / (row[k + 1] + row[k - 1])
        root = np.sqrt(np.float32(9) - np.float32(8) * slope * slope)
        advance[k] = hop * np.float32(4) * slope / (np.float32(3) + root)
    if lookahead:
        for k in range(n_bins):
            tangent = cotangent * (before[k] - after[k]) / (before[k] + after[k])
            per_bin[k] = np.float32(-0.5) + twice_arctan_in_turns(tangent)
    else:
        for k in range(n_bins):
            square = here[k] * here[k]
            rising = np.sqrt(square * square * here[k] * older[k])
            falling = before[k] * before[k] * before[k]
            tangent = cotangent * (falling - rising) / (falling + rising)
            per_bin[k] = np.float32(-0.5) + twice_arctan_in_turns(tangent)


@compiled
def _random_turns(seed: int, frame: int, k: int) -> np.float32:
    """A random number of a place, the same however one comes there (a hash with good avalanche)."""
    mask = 0xFFFFFFFF
    mixed = (seed * 0x3C6EF372 + frame * 0x1E3779B1 + k * 0x05EBCA77) & mask
    mixed = ((mixed ^ (mixed >> 16)) * 0x7FEB352D) & mask
    mixed = ((mixed ^ (mixed >> 15)) * 0x046CA68B) & mask
    mixed ^= mixed >> 16
    return np.float32(mixed >> 8) * np.float32(2.0**-24)


@compiled
def _randomise(level: Floats, seed: int, frame: int, phase: Floats) -> None:
    """Gives bins in noise random phases."""
    for k in range(level.size):
        if level[k] < 0:
            phase[k] = _random_turns(seed, frame, k) * np.float32(2 * math.pi)


@compiled
def _silence_noise(
    older: Floats, before: Floats, here: Floats, stretch: np.float32, row: Floats, level: Floats
) -> None:
    """Sets the levels of bins in noise to -1; as `noise_regions`, of running averages that have arrived."""
    n_bins = here.size
    least = np.float32((NOISE_DENSITY - 1) * 2 * math.pi * HANN_RATIO / 4)
    row[:] = 0
    for k in range(1, n_bins - 1):
        square = here[k] * here[k]
        along_bins = here[k - 1] * here[k + 1]
        middle = before[k] * before[k]
        along_time = here[k] * older[k]
        row[k] = (along_bins - square) / (along_bins + square) + stretch * (along_time - middle) / (
            along_time + middle
        )
    run = 0
    for k in range(n_bins + 1):
        if k < n_bins and row[k] > least:
            run += 1
            continue
        if run >= NOISE_RUN_BINS:
            level[k - run : k] = -1
        run = 0


@compiled
def _seed(level: Floats, source: Floats, seed: int, frame: int, turns: Floats) -> None:
    """Gives every stretch of bins that no bin of the frame before leads to a start at its loudest bin."""
    has_source = False
    loudest = -1
    for k in range(level.size + 1):
        if k < level.size and level[k] >= 0:
            has_source = has_source or source[k] >= 0
            if loudest < 0 or level[k] > level[loudest]:
                loudest = k
            continue
        if loudest >= 0 and not has_source:
            source[loudest] = level[loudest]
            turns[loudest] = _random_turns(seed, frame, loudest)
        has_source = False
        loudest = -1


@compiled
def _spread(level: Floats, source: Floats, per_bin: Floats, turns: Floats) -> None:
    """Spreads phases along a frame from where they came from the frame before, both in place.

    Args:
        level: How loud each bin is; nothing passes below 0.
        source: How loud its predecessor is, below 0 if it does not count; on return, how it was reached.
        per_bin: Phase advance to the next bin, in turns.
        turns: Phases as the predecessors say; on return, as the loudest way says.
    """
    half = np.float32(0.5)
    reached = np.float32(-1)
    for k in range(level.size):
        if reached > source[k]:
            turns[k] = turns[k - 1] + half * (per_bin[k - 1] + per_bin[k])
            source[k] = reached
        reached = min(level[k], source[k])
    reached = np.float32(-1)
    for k in range(level.size - 1, -1, -1):
        if reached > source[k]:
            turns[k] = turns[k + 1] - half * (per_bin[k + 1] + per_bin[k])
            source[k] = reached
        reached = min(level[k], source[k])


@compiled
def _arrive(magnitude: Floats, running: Floats, root: Floats, blurred: Floats, blurs: bool) -> None:
    """Takes a new frame in: its root, and with it the next running average."""
    for k in range(root.size):
        root[k] = np.sqrt(max(magnitude[k], np.float32(FLOOR)))
    if blurs:
        for k in range(root.size):
            blurred[k] = running[k] + BLUR * (root[k] - running[k])


@compiled
def _integrate(
    steady: Floats, rows: Floats, before: Floats, turns: Floats, seed: int, frame: int, phase: Floats
) -> None:
    """Turns the phases of one frame into those of the next, whose gradients and levels are in `rows`."""
    advance, per_bin, level, source = rows[1], rows[2], rows[3], rows[4]
    floor = np.float32(math.sqrt(FLOOR))
    for k in range(steady.size):
        source[k] = before[0, k] if before[0, k] > floor and level[k] >= 0 else np.float32(-1)
        turns[k] += steady[k] + np.float32(0.5) * (advance[k] + before[1, k])
    _seed(level, source, seed, frame, turns)
    _spread(level, source, per_bin, turns)
    for k in range(steady.size):
        turns[k] -= np.floor(turns[k])
        phase[k] = turns[k] * np.float32(2 * math.pi)
        before[0, k] = level[k]
        before[1, k] = advance[k]


@compiled
def _advance(
    magnitude: Floats,
    roots: Floats,
    before: Floats,
    turns: Floats,
    frames: Integers,
    arrived: int,
    settings: tuple[int, np.float32, np.float32, np.float32, np.float32],
    seeds: Integers,
    steady: Floats,
    rows: Floats,
    phase: Floats,
) -> None:
    """Advances every note through its new frames; `phase` is filled with what is ready. See `Rtpghi`."""
    lookahead, smoothing, hop, cotangent, stretch = settings
    row, level = rows[0], rows[3]
    skipped = magnitude.shape[1] - phase.shape[1]
    for note in range(len(magnitude)):
        root, blurred = roots[note, :3], roots[note, 3:]
        for t in range(magnitude.shape[1]):
            frames[note] += 1
            new, middle, old = (arrived + t) % 3, (arrived + t + 2) % 3, (arrived + t + 1) % 3
            _arrive(magnitude[note, t], blurred[middle], root[new], blurred[new], bool(stretch >= 0))
            if t < skipped:
                continue
            here = root[middle] if lookahead else root[new]
            last = root[old] if lookahead else root[middle]
            _gradients(root[old], last, here, root[new], lookahead, smoothing, hop, cotangent, rows)
            level[:] = here
            if stretch >= 0:
                _silence_noise(blurred[old], blurred[middle], blurred[new], stretch, row, level)
            made, seed = phase[note, t - skipped], seeds[note]
            _integrate(steady, rows, before[note], turns[note], seed, frames[note], made)
            if stretch >= 0:
                _randomise(level, seed, frames[note], made)
