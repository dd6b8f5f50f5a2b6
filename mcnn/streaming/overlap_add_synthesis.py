"""From excitations and gains to samples, frame by frame: the last steps of the source-filter MCNN, compiled.

They are those of `SourceFilterMcnn.shape_excitation` for notes of known pitch, without gradients: partials
and noise are drawn, scaled by the heads' gains, transformed, overlapped and added. Nothing is kept of a frame
but its share of samples that are not complete yet.
"""

from typing import TypeAlias

import numpy as np
import torch

from mcnn.compiled import Complexes, Doubles, Floats, compiled
from mcnn.fast_math import exponential
from mcnn.network.excitation import FINE_OVERLAP, FINE_STEPS, ExcitationGenerator
from mcnn.network.noise_spectrum import Levels, add_noise, spread_levels
from mcnn.network.partial_spectrum import (
    MARGIN,
    Filters,
    draw_partials,
    new_scratch,
    place_between,
    set_amplitudes,
)

Known: TypeAlias = tuple[Floats, Floats, Floats, Doubles]
"""A note frame by frame: mel magnitudes of its tonal part and its noise, `(frames, mels)`; f0 in Hz and
cycles of the fundamental, `(frames,)`."""
Constants: TypeAlias = tuple[Floats, Floats, Filters, Levels, Complexes]
"""The lobe's tables, as it is and as it is drawn; what partials and noise need of the mel filters; recorded
noise."""
Window: TypeAlias = tuple[Floats, Floats, Floats]
"""Synthesis window and its square, `(FINE_OVERLAP, fine hop)`, and the inverse of the squares' sum."""


class OverlapAddSynthesis:
    """Makes scaled spectra of notes whose pitch is known, and samples of these.

    Args:
        excitations: Its tables are used.
        max_gain: Largest correction of a level, in nepers.
        max_frames: Most frames of the front end that are made at once.
    """

    def __init__(self, excitations: ExcitationGenerator, max_gain: float, max_frames: int) -> None:
        config = excitations.config
        self.hop = excitations.fine_hop
        self.n_fft = excitations.fine_n_fft
        self.spectrum: Complexes = np.zeros((max_frames * FINE_STEPS, self.n_fft // 2 + 1), np.complex64)
        """Rows that `shape` writes and `transform` reads."""
        self._spectrum = torch.from_numpy(self.spectrum)
        self._frames = torch.empty(max_frames * FINE_STEPS, self.n_fft)
        self.frames: Floats = self._frames.numpy()
        self._constants: Constants = (
            excitations.partials.lobe,
            excitations.partials.drawn_lobe,
            excitations.partials.filters,
            excitations.noise.levels,
            excitations.noise.spectrum,
        )
        scales = config.hop_length / config.sample_rate, config.n_fft / config.sample_rate
        self._scales = (*scales, self.n_fft / config.sample_rate, np.float32(max_gain))
        window = np.hanning(self.n_fft + 1)[:-1].reshape(FINE_OVERLAP, self.hop)
        square = (window**2).astype(np.float32)
        synthesis = (window * (self.n_fft / 4.0)).astype(np.float32)
        self._window: Window = synthesis, square, (1.0 / square.sum(0)).astype(np.float32)

    def shape(
        self,
        known: Known,
        series: tuple[Doubles, Doubles],
        span: tuple[int, int, int],
        noise_start: int,
        gains: tuple[Floats, Floats],
        row: int,
    ) -> None:
        """Writes scaled spectra of some frames of one note.

        Args:
            known: What is known of the note.
            series: Its partials' frequencies and phases, as in `partial_spectrum.Series`.
            span: First frame, end of the frames, and last frame that is known: after that it is held.
            noise_start: Row of the recorded noise that belongs to the first frame; below 0 there is none.
            gains: What the heads of partials and noise say of these frames, before it is limited.
            row: Row of `spectrum` that the first one goes to.
        """
        rows = self.spectrum[row : row + (span[1] - span[0]) * FINE_STEPS]
        _shape(known, series, span, noise_start, gains, self._constants, self._scales, rows)

    def transform(self, n_rows: int) -> None:
        """Inverse transforms of the first rows of `spectrum` into `frames`."""
        torch.fft.irfft(self._spectrum[:n_rows], n=self.n_fft, out=self._frames[:n_rows])

    def add_up(
        self,
        rows: slice,
        first: int,
        total: int,
        sums: Floats,
        block: Floats,
        filled: int,
        spare: Floats,
        n_spare: int,
    ) -> tuple[int, int]:
        """Overlaps and adds transformed frames of one note; samples that are complete go out.

        Args:
            rows: Which of `frames`.
            first: The first one's number in the note.
            total: How many the note has; -1 while its end is not among them.
            sums: Memory of samples that are not complete yet, `(FINE_OVERLAP, fine hop)`, 0 at first.
            block: Where samples go, `(samples,)`.
            filled: How many it holds already.
            spare: Where samples go that have no place there any more.
            n_spare: How many it holds already.

        Returns:
            How many samples are in `block` and in `spare` now.
        """
        return _add_up(self.frames[rows], first, total, sums, self._window, block, filled, spare, n_spare)


@compiled
def _shape(
    known: Known,
    series: tuple[Doubles, Doubles],
    span: tuple[int, int, int],
    noise_start: int,
    gains: tuple[Floats, Floats],
    constants: Constants,
    scales: tuple[float, float, float, np.float32],
    spectrum: Complexes,
) -> None:
    tonal, noisy, f0_hz, turns = known
    lobe, drawn_lobe, filters, levels, recorded = constants
    frame_s, bins_per_hz, fine_bins_per_hz, max_gain = scales
    n_bins = spectrum.shape[1]
    n_partials = series[0].size
    amplitudes = np.empty((2, n_partials), np.float32)
    waves = np.empty((3, n_partials), np.float32)
    rows = np.empty((2, n_bins + 2 * MARGIN), np.float32)
    level = np.zeros((2, levels[1].size), np.float32)
    noise = np.zeros(n_bins, np.complex64)
    factors = np.empty((2, n_bins), np.float32)
    comb, ratio = new_scratch(filters)
    start, stop, last = span
    counts = np.zeros(2, np.int64)
    for t in range(start, stop + 1):
        after = min(t, last)
        k = t & 1
        counts[k] = set_amplitudes(
            tonal[after], f0_hz[after] * bins_per_hz, series[0], lobe, filters, comb, ratio, amplitudes[k]
        )
        if noise_start >= 0:
            spread_levels(noisy[after], levels, level[k])
        if t == start:
            continue
        here = t - 1
        n = max(counts[0], counts[1])
        for part in range(2 if noise_start >= 0 else 1):
            _limit(gains[part][here - start], max_gain, factors[part])
        for step in range(FINE_STEPS):
            share = step / FINE_STEPS
            hz, cycles = place_between(f0_hz, turns, here, after, share, frame_s)
            rows[:] = 0
            draw_partials(
                amplitudes[1 - k, :n],
                amplitudes[k, :n],
                np.float32(share),
                hz * fine_bins_per_hz,
                cycles,
                series[0],
                series[1],
                drawn_lobe,
                waves,
                rows[0],
                rows[1],
            )
            out = spectrum[(here - start) * FINE_STEPS + step]
            _scale(rows, factors[0], out)
            if noise_start >= 0:
                row = recorded[(noise_start + (here - start) * FINE_STEPS + step) % len(recorded)]
                noise[:] = 0
                add_noise(row, level[1 - k], level[k], np.float32(share), noise)
                _add_scaled(noise, factors[1], out)


@compiled
def _limit(gain: Floats, max_gain: np.float32, factor: Floats) -> None:
    """Factors `exp(max_gain * tanh(gain / max_gain))` of gains in nepers."""
    for m in range(factor.size):
        twice = max(min(gain[m] * (np.float32(2) / max_gain), np.float32(20)), np.float32(-20))
        tanh = np.float32(1) - np.float32(2) / (exponential(twice) + np.float32(1))
        factor[m] = exponential(max_gain * tanh)


@compiled
def _scale(rows: Floats, factor: Floats, out: Complexes) -> None:
    for m in range(out.size):
        out[m] = complex(factor[m] * rows[0, MARGIN + m], factor[m] * rows[1, MARGIN + m])


@compiled
def _add_scaled(noise: Complexes, factor: Floats, out: Complexes) -> None:
    for m in range(out.size):
        out[m] += noise[m] * factor[m]


@compiled
def _level(done: int, end: int, square: Floats, over: Floats, level: Floats) -> None:
    """Normalises a hop's sums by the squared windows of the frames, up to `end`, that reach it."""
    overlap = len(square)
    half = overlap // 2
    if done >= half - 1 and done + half < end:
        level[:] = over
        return
    level[:] = 0
    for part in range(overlap):
        if 0 <= done + half - part < end:
            level += square[part]
    level[:] = np.float32(1) / level


@compiled
def _add_up(
    frames: Floats,
    first: int,
    total: int,
    sums: Floats,
    window: Window,
    block: Floats,
    filled: int,
    spare: Floats,
    n_spare: int,
) -> tuple[int, int]:
    synthesis, square, over = window
    overlap, hop = synthesis.shape
    half = overlap // 2
    level = np.empty(hop, np.float32)
    end = first + len(frames)
    n_ends = half if end == total else 0
    for f in range(first, end + n_ends):
        for part in range(max(half - f, 0), overlap if f < end else 0):
            into, window_part = sums[(f - half + part) % overlap], synthesis[part]
            frame = frames[f - first, part * hop : (part + 1) * hop]
            for i in range(hop):
                into[i] += window_part[i] * frame[i]
        done = f - half
        if done < 0:
            continue
        _level(done, end, square, over, level)
        into = sums[done % overlap]
        count = min(hop, block.size - filled)
        out, rest = block[filled : filled + count], spare[n_spare : n_spare + hop - count]
        for i in range(count):
            out[i] = into[i] * level[i]
        for i in range(hop - count):
            rest[i] = into[count + i] * level[count + i]
        filled += count
        n_spare += hop - count
        into[:] = 0
    return filled, n_spare
