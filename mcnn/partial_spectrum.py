"""Partials of known pitch, drawn as what they are in a spectrum: the window's lobe around each.

Their phase is integrated from the known pitch, so a steady tone is steady and exactly in tune. They are drawn
for a window that is shorter than the front end's, so that attacks can be sharper than its frames.

Conventions: arrays are frame-major; frame `t` of the front end is centred on sample `t * hop_length`.

Source:
    X. Rodet, P. Depalle, "Spectral envelopes and inverse FFT synthesis", AES 93rd Convention, 1992.
    Inharmonic series: H. Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36(1), 1964.
"""

import numpy as np
from numpy.typing import NDArray

from mcnn.compiled import Floats, compiled
from mcnn.config import SpectrogramConfig
from mcnn.mel_inversion import MelBands

LOBE_STEPS = 256
"""Entries of the lobe's table, per bin."""
LOBE_BINS = 4
"""Half-width of what is drawn of a Hann window's lobe, in bins: two of its side lobes."""
BETWEEN = 1e-4
"""Height of the spectrum between partials, before it is scaled to the mel magnitudes."""
INAUDIBLE = 1e-7
"""Partials below this amplitude are not drawn."""
GOLDEN_TURN = 0.38196601
"""Start of partial k: k² of this, in turns. It spreads the partials' peaks over a period."""

Complexes = NDArray[np.complex64]
Doubles = NDArray[np.float64]


def hann_lobe() -> Floats:
    """Transform of a Hann window, 1 at its centre, by offset: `(LOBE_BINS * LOBE_STEPS + 2,)`."""
    offset = np.arange(LOBE_BINS * LOBE_STEPS + 2) / LOBE_STEPS
    with np.errstate(divide="ignore", invalid="ignore"):
        lobe = np.sinc(offset) / (1.0 - offset**2)
    lobe[LOBE_STEPS] = 0.5
    return lobe.astype(np.float32)


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
        self._lobe = hann_lobe()

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
        _draw(amplitude, f0_hz, inharmonicity, turns, frame_s, bins_per_hz, self._lobe, self.steps, spectrum)
        return spectrum

    def amplitudes(self, mel: Floats, f0_hz: Floats, inharmonicity: float) -> Floats:
        """Amplitudes `(frames, partials)` with which the partials have given mel magnitudes.

        Args:
            mel: `(frames, mels)`.
            f0_hz: `(frames,)`, above 0.
            inharmonicity: Fletcher's coefficient B.
        """
        position = f0_hz * np.float32(self.config.n_fft / self.config.sample_rate)
        comb = np.full((len(mel), self.config.n_bins), BETWEEN, np.float32)
        _comb(position, inharmonicity, self._lobe, comb)
        ratios = self.bands.ratios(comb, mel)
        n_partials = max(1, int((self.config.n_bins - 1) / max(float(position.min(initial=1e9)), 1.0)))
        amplitude = np.zeros((len(mel), n_partials), np.float32)
        _pick(ratios, position, inharmonicity, self.bands.first, self.bands.shares, amplitude)
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
def _partial(position: float, k: int, inharmonicity: float) -> float:
    return float(position * k * np.sqrt(1.0 + inharmonicity * k * k))


@compiled
def _lobe_at(offset: float, lobe: Floats) -> float:
    where = abs(offset) * LOBE_STEPS
    if where >= LOBE_BINS * LOBE_STEPS:
        return 0.0
    before = int(where)
    return float(lobe[before] + (where - before) * (lobe[before + 1] - lobe[before]))


@compiled
def _comb(position: Floats, inharmonicity: float, lobe: Floats, comb: Floats) -> None:
    """Main lobes of height 1 at the partials' positions, in bins."""
    n_bins = comb.shape[1]
    for t in range(len(comb)):
        k = 1
        centre = _partial(position[t], k, inharmonicity)
        while centre < n_bins - 1:
            for m in range(max(int(centre) - 1, 0), min(int(centre) + 3, n_bins)):
                comb[t, m] = max(comb[t, m], abs(_lobe_at(m - centre, lobe)))
            k += 1
            centre = _partial(position[t], k, inharmonicity)


@compiled
def _pick(
    ratios: Floats,
    position: Floats,
    inharmonicity: float,
    first: NDArray[np.int32],
    shares: Floats,
    amplitude: Floats,
) -> None:
    """Each partial's share of its two bands' ratios, between the two bins that it lies between."""
    for t in range(len(amplitude)):
        for k in range(amplitude.shape[1]):
            centre = _partial(position[t], k + 1, inharmonicity)
            m = int(centre)
            if m >= len(first) - 1:
                break
            low = shares[m, 0] * ratios[t, first[m]] + shares[m, 1] * ratios[t, first[m] + 1]
            m += 1
            high = shares[m, 0] * ratios[t, first[m]] + shares[m, 1] * ratios[t, first[m] + 1]
            amplitude[t, k] = low + (centre - int(centre)) * (high - low)


@compiled
def _draw(
    amplitude: Floats,
    f0_hz: Floats,
    inharmonicity: float,
    turns: Doubles,
    frame_s: float,
    bins_per_hz: float,
    lobe: Floats,
    steps: int,
    spectrum: Complexes,
) -> None:
    """Adds every partial's lobe, and near 0 Hz that of its negative frequency, to every drawn frame."""
    n_bins = spectrum.shape[1]
    for s in range(len(spectrum)):
        t = s // steps
        after = min(t + 1, len(f0_hz) - 1)
        share = (s - t * steps) / steps
        rise = f0_hz[after] - f0_hz[t]
        base = turns[t] + frame_s * share * (f0_hz[t] + 0.5 * share * rise)
        position = (f0_hz[t] + share * rise) * bins_per_hz
        for k in range(1, amplitude.shape[1] + 1):
            stretch = k * np.sqrt(1.0 + inharmonicity * k * k)
            centre = position * stretch
            if centre >= n_bins - 1:
                break
            size = amplitude[t, k - 1] + share * (amplitude[after, k - 1] - amplitude[t, k - 1])
            if size < INAUDIBLE:
                continue
            cycles = base * stretch + GOLDEN_TURN * k * k
            angle = 2.0 * np.pi * (cycles - np.floor(cycles))
            real, imaginary = size * np.cos(angle), size * np.sin(angle)
            for m in range(max(int(centre) - LOBE_BINS + 1, 0), min(int(centre) + LOBE_BINS + 1, n_bins)):
                height = _lobe_at(m - centre, lobe)
                image = _lobe_at(m + centre, lobe)
                sign = -1.0 if m & 1 else 1.0
                spectrum[s, m] += complex(sign * real * (height + image), sign * imaginary * (height - image))
