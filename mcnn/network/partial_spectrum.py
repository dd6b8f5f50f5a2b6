"""Partials of known pitch, drawn as what they are in a spectrum: the window's lobe around each.

Their phase is integrated from the known pitch, so a steady tone is steady and exactly in tune. They are drawn
for a window that is shorter than the front end's, so that attacks can be sharper than its frames.

Conventions: arrays are frame-major; frame `t` of the front end is centred on sample `t * hop_length`.

Source:
    X. Rodet, P. Depalle, "Spectral envelopes and inverse FFT synthesis", AES 93rd Convention, 1992.
    Inharmonic series: H. Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36(1), 1964.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mcnn.compiled import Complexes, Doubles, Floats, Integers, compiled
from mcnn.fast_math import sine_of_turns
from mcnn.network.window_lobe import LOBE_BINS, LOBE_STEPS, drawn_lobe_table, lobe_table
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.mel_inversion import TINY, MelBands

MARGIN = 2 * LOBE_BINS
"""Bins on both sides of a row that is drawn into, so that lobes at its ends need no care."""
BETWEEN = 1e-4
"""Height of the spectrum between partials, before it is scaled to the mel magnitudes."""
INAUDIBLE = 1e-7
"""Partials below this amplitude are not drawn."""
GOLDEN_TURN = 0.38196601
"""Start of partial k: k² of this, in turns. It spreads the partials' peaks over a period."""

Filters: TypeAlias = tuple[Integers, Floats, Floats, Floats]
"""Lower band, weights and shares of each bin, and each band's magnitude between partials."""


@dataclass(frozen=True)
class Series:
    """Frequencies and phases of a note's partials, which hold over all its time."""

    stretch: Doubles
    """`(partials,)`, frequencies in multiples of the fundamental."""
    start: Doubles
    """`(partials,)`, phases at the beginning, in turns."""


class PartialSpectrum:
    """Draws partials that have given mel magnitudes.

    Args:
        config: The front end.
        bands: Its mel filters.
        n_fft: Window and transform length of what is drawn, in samples.
        steps: Frames drawn for each frame of the front end.
    """

    def __init__(self, config: SpectrogramConfig, bands: MelBands, n_fft: int, steps: int) -> None:
        self.config, self.bands, self.n_fft, self.steps = config, bands, n_fft, steps
        self.lobe, self.drawn_lobe = lobe_table(), drawn_lobe_table(n_fft)
        between = np.zeros(bands.n_mels, np.float64)
        np.add.at(between, bands.first, bands.weights[:, 0])
        np.add.at(between, bands.first + 1, bands.weights[:, 1])
        self.filters = bands.first, bands.weights, bands.shares, (BETWEEN * between).astype(np.float32)
        """The mel filters, as `set_amplitudes` takes them."""
        self._k: Doubles = np.arange(1, config.n_bins, dtype=np.float64)
        self._start: Doubles = np.mod(GOLDEN_TURN * self._k**2, 1.0)

    def series(self, inharmonicity: float) -> Series:
        """The partials of a note, as many as there can be.

        Args:
            inharmonicity: Fletcher's coefficient B.
        """
        return Series(self._k * np.sqrt(1.0 + inharmonicity * self._k**2), self._start)

    def draw(self, mel: Floats, f0_hz: Floats, inharmonicity: float, turns: Doubles) -> Complexes:
        """Spectra of the partials.

        Args:
            mel: Mel magnitudes `(frames, mels)`.
            f0_hz: `(frames,)`, above 0.
            inharmonicity: Fletcher's coefficient B.
            turns: `(frames,)`, cycles of the fundamental until each frame.

        Returns:
            `(frames * steps, n_fft // 2 + 1)`; after the last frame it is held.
        """
        spectrum = np.zeros((len(mel) * self.steps, self.n_fft // 2 + 1), np.complex64)
        frame_s = self.config.hop_length / self.config.sample_rate
        bins_per_hz = self.n_fft / self.config.sample_rate
        amplitude = self.amplitudes(mel, f0_hz, inharmonicity)
        series = self.series(inharmonicity)
        tables = series.stretch, series.start, self.drawn_lobe
        _draw_all(amplitude, f0_hz, turns, frame_s, bins_per_hz, *tables, self.steps, spectrum)
        return spectrum

    def amplitudes(self, mel: Floats, f0_hz: Floats, inharmonicity: float) -> Floats:
        """Amplitudes `(frames, partials)` with which the partials have given mel magnitudes.

        Args:
            mel: `(frames, mels)`.
            f0_hz: `(frames,)`, above 0.
            inharmonicity: Fletcher's coefficient B.
        """
        position = f0_hz * np.float32(self.config.n_fft / self.config.sample_rate)
        n_partials = max(1, int((self.config.n_bins - 1) / max(float(position.min(initial=1e9)), 1.0)))
        amplitude = np.empty((len(mel), n_partials), np.float32)
        _set_all(mel, position, self.series(inharmonicity).stretch, self.lobe, self.filters, amplitude)
        return amplitude


def count_turns(f0_hz: Floats, frame_rate_hz: float, start: float = 0.0) -> Doubles:
    """Cycles of a fundamental up to each frame, by the trapezoid rule.

    Args:
        f0_hz: `(frames,)`.
        frame_rate_hz: Frames per second.
        start: Cycles at the first frame.

    Returns:
        `(frames,)`.
    """
    steps = 0.5 * (f0_hz[1:].astype(np.float64) + f0_hz[:-1]) / frame_rate_hz
    return np.concatenate([[start], start + np.cumsum(steps)])


@compiled
def _set_all(
    mel: Floats, position: Floats, stretch: Doubles, lobe: Floats, filters: Filters, amplitude: Floats
) -> None:
    comb, ratio = new_scratch(filters)
    for t in range(len(mel)):
        set_amplitudes(mel[t], position[t], stretch, lobe, filters, comb, ratio, amplitude[t])


@compiled
def new_scratch(filters: Filters) -> tuple[Floats, Floats]:
    """Memory of `set_amplitudes`: a row of bins and one of bands."""
    first, _, _, between = filters
    return np.full(first.size, np.float32(BETWEEN), np.float32), np.empty(between.size, np.float32)


@compiled
def set_amplitudes(
    mel: Floats,
    position: float,
    stretch: Doubles,
    lobe: Floats,
    filters: Filters,
    comb: Floats,
    ratio: Floats,
    amplitude: Floats,
) -> int:
    """Sets the amplitudes of one frame's partials; returns how many there are.

    They are those of lobes of height 1, times their share of the ratios of two bands' given magnitudes to
    theirs, between the two bins that they lie between.

    Args:
        mel: Mel magnitudes `(mels,)`.
        position: The fundamental, in bins.
        stretch: `Series.stretch`.
        lobe: `lobe_table()`.
        filters: `PartialSpectrum.filters`.
        comb: Scratch, `(bins,)`, that is `BETWEEN` everywhere, before and after.
        ratio: Scratch, `(mels,)`.
        amplitude: `(partials,)`, 0 above the last one.
    """
    first, weights, shares, between = filters
    last_bin = first.size - 1
    count = 0
    while count < amplitude.size and position * stretch[count] < last_bin:
        centre = position * stretch[count]
        below = int(centre)
        row = int((centre - below) * LOBE_STEPS)
        part = np.float32((centre - below) * LOBE_STEPS - row)
        for m in range(max(below - 1, 0), min(below + 3, last_bin + 1)):
            column = m - below + LOBE_BINS - 1
            height = lobe[row, column] + part * (lobe[row + 1, column] - lobe[row, column])
            comb[m] = max(comb[m], abs(height))
        count += 1
    ratio[:] = between
    done = 0
    for k in range(count):
        below = int(position * stretch[k])
        for m in range(max(below - 1, done), min(below + 3, last_bin + 1)):
            above = comb[m] - np.float32(BETWEEN)
            ratio[first[m]] += weights[m, 0] * above
            ratio[first[m] + 1] += weights[m, 1] * above
            comb[m] = np.float32(BETWEEN)
        done = max(done, below + 3)
    for band in range(ratio.size):
        ratio[band] = mel[band] / max(ratio[band], TINY)
    for k in range(count):
        centre = position * stretch[k]
        m = int(centre)
        low = shares[m, 0] * ratio[first[m]] + shares[m, 1] * ratio[first[m] + 1]
        m += 1
        high = shares[m, 0] * ratio[first[m]] + shares[m, 1] * ratio[first[m] + 1]
        amplitude[k] = low + np.float32(centre - int(centre)) * (high - low)
    amplitude[count:] = 0
    return count


@compiled
def draw_partials(
    here: Floats,
    after: Floats,
    share: np.float32,
    position: float,
    turns: float,
    stretch: Doubles,
    start: Doubles,
    lobe: Floats,
    waves: Floats,
    real: Floats,
    imaginary: Floats,
) -> None:
    """Adds the lobe of every partial, and near 0 Hz that of its negative frequency, to one drawn frame.

    Args:
        here: Amplitudes `(partials,)` of the front end's frame before.
        after: Those of the one after.
        share: Where between them it is.
        position: The fundamental, in drawn bins.
        turns: Its cycles until then.
        stretch: `Series.stretch`, like `start`.
        start: Phases at the beginning.
        lobe: `drawn_lobe_table(...)`.
        waves: Scratch, `(3, partials)`.
        real: Real parts, `(MARGIN + bins + MARGIN,)`.
        imaginary: Imaginary parts.
    """
    sizes, cosines, sines = waves[0], waves[1], waves[2]
    for k in range(here.size):
        size = here[k] + share * (after[k] - here[k])
        cycles = turns * stretch[k] + start[k]
        turn = np.float32(cycles - np.floor(cycles + 0.5))
        away = abs(turn)
        sine = sine_of_turns(min(away, np.float32(0.5) - away))
        sizes[k] = size
        cosines[k] = size * sine_of_turns(np.float32(0.25) - away)
        sines[k] = size * (sine if turn > np.float32(0) else -sine)
    last_bin = real.size - 2 * MARGIN - 1
    for k in range(here.size):
        centre = position * stretch[k]
        if centre >= last_bin:
            break
        if sizes[k] < np.float32(INAUDIBLE):
            continue
        _add_lobe(centre, cosines[k], sines[k], lobe, real, imaginary)
        if centre < LOBE_BINS:
            _add_lobe(-centre, cosines[k], -sines[k], lobe, real, imaginary)


@compiled
def _add_lobe(
    centre: float, cosine: np.float32, sine: np.float32, lobe: Floats, real: Floats, imaginary: Floats
) -> None:
    below = int(np.floor(centre))
    where = (centre - below) * LOBE_STEPS
    part = np.float32(where - int(where))
    lower, upper = lobe[int(where)], lobe[int(where) + 1]
    if below & 1:
        cosine, sine = -cosine, -sine
    first = MARGIN + below - LOBE_BINS + 1
    reals, imaginaries = real[first : first + 2 * LOBE_BINS], imaginary[first : first + 2 * LOBE_BINS]
    for j in range(2 * LOBE_BINS):
        height = lower[j] + part * (upper[j] - lower[j])
        reals[j] += cosine * height
        imaginaries[j] += sine * height


@compiled
def place_between(
    f0_hz: Floats, turns: Doubles, t: int, after: int, share: float, frame_s: float
) -> tuple[float, float]:
    """Fundamental and its cycles at a place between two frames, as `count_turns` integrates it."""
    rise = share * (f0_hz[after] - f0_hz[t])
    return f0_hz[t] + rise, turns[t] + frame_s * share * (f0_hz[t] + 0.5 * rise)


@compiled
def _draw_all(
    amplitude: Floats,
    f0_hz: Floats,
    turns: Doubles,
    frame_s: float,
    bins_per_hz: float,
    stretch: Doubles,
    start: Doubles,
    lobe: Floats,
    steps: int,
    spectrum: Complexes,
) -> None:
    n_bins = spectrum.shape[1]
    rows = np.empty((2, n_bins + 2 * MARGIN), np.float32)
    waves = np.empty((3, amplitude.shape[1]), np.float32)
    for s in range(len(spectrum)):
        t = s // steps
        after = min(t + 1, len(f0_hz) - 1)
        share = (s - t * steps) / steps
        hz, cycles = place_between(f0_hz, turns, t, after, share, frame_s)
        rows[:] = 0
        draw_partials(
            amplitude[t],
            amplitude[after],
            np.float32(share),
            hz * bins_per_hz,
            cycles,
            stretch,
            start,
            lobe,
            waves,
            rows[0],
            rows[1],
        )
        for m in range(n_bins):
            spectrum[s, m] = complex(rows[0, MARGIN + m], rows[1, MARGIN + m])
