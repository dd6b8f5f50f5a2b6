"""Excitations that the primed MCNN's heads scale: partials of known pitch, estimated phases, noise.

Partials are drawn as what they are in a spectrum: the window's main lobe around each, in step with a phase
that is integrated from the known pitch. So a steady tone is steady, exactly in tune and free of the frame
rate, whatever the network does with its level.

Conventions: arrays are frame-major, `(frames, bins)`; frame `t` is centred on sample `t * hop_length`.

Source:
    Main lobes as additive synthesis: X. Rodet, P. Depalle, "Spectral envelopes and inverse FFT synthesis",
    AES 93rd Convention, 1992. Harmonic plus noise excitation of a network: X. Wang, S. Takaki, J. Yamagishi,
    "Neural source-filter waveform models", IEEE/ACM TASLP 28, 2020 (arXiv 1904.12088). Inharmonic series:
    H. Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36(1), 1964.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mcnn.compiled import Floats, compiled
from mcnn.config import SpectrogramConfig
from mcnn.inverter import Hints
from mcnn.mel_inversion import MelBands
from mcnn.phase import HANN_RATIO, integrate_phase
from mcnn.spectrogram import Spectrogram

LOBE_STEPS = 256
"""Entries of the main lobe's table, per bin."""
LOBE_BINS = 2
"""Half-width of a Hann window's main lobe, in bins."""
BETWEEN = 1e-4
"""Height of the spectrum between partials, before it is scaled to the mel magnitudes."""
NOISE_FRAMES = 1024
"""Frames of recorded noise; each note takes stretches of them."""
SLOPE = 0.5
"""Share of the phase's slope along frequency that is drawn: drawn partials are smeared by the mel bands."""
SILENT_MEL = 1e-3
"""Mel magnitudes below this part of the log floor are rounding errors of silence."""
QUIETEST = 1e-7
"""Magnitudes below are taken as equal when slopes of levels are measured."""


def main_lobe() -> Floats:
    """Magnitude of a Hann window's main lobe, 1 at its centre: `(LOBE_BINS * LOBE_STEPS + 2,)` offsets."""
    offset = np.arange(LOBE_BINS * LOBE_STEPS + 2) / LOBE_STEPS
    with np.errstate(divide="ignore", invalid="ignore"):
        lobe = np.sinc(offset) / (1.0 - offset**2)
    lobe[LOBE_STEPS] = 0.5
    return np.maximum(lobe, 0.0).astype(np.float32)


class PartialSpectrum:
    """Draws partials of known pitch, with given mel magnitudes, as complex spectra.

    Args:
        config: The front end.
        bands: Its mel filters.
    """

    def __init__(self, config: SpectrogramConfig, bands: MelBands) -> None:
        self.config = config
        self.bands = bands
        self._lobe = main_lobe()

    def comb(self, f0_hz: Floats, inharmonicity: float) -> Floats:
        """Partials of height 1.

        Args:
            f0_hz: `(frames,)`, above 0.
            inharmonicity: Fletcher's coefficient B.

        Returns:
            Magnitudes `(frames, bins)`.
        """
        comb = np.full((len(f0_hz), self.config.n_bins), BETWEEN, np.float32)
        _comb(
            f0_hz * np.float32(self.config.n_fft / self.config.sample_rate), inharmonicity, self._lobe, comb
        )
        return comb

    def magnitude(self, mel: Floats, f0_hz: Floats, inharmonicity: float) -> Floats:
        """Magnitudes `(frames, bins)` of partials, by as much as each band needs to have `mel`.

        Args:
            mel: `(frames, mels)`.
            f0_hz: `(frames,)`, above 0.
            inharmonicity: Fletcher's coefficient B.
        """
        comb = self.comb(f0_hz, inharmonicity)
        self.bands.match_magnitude(comb, mel)
        return comb

    def phase(
        self, turns: NDArray[np.float64], f0_hz: Floats, inharmonicity: float, per_bin: Floats
    ) -> Floats:
        """Phases `(frames, bins)` in radians: each partial's own at its centre, sloped along frequency.

        Args:
            turns: `(frames,)`, cycles of the fundamental until each frame.
            f0_hz: `(frames,)`, above 0.
            inharmonicity: Fletcher's coefficient B.
            per_bin: `(frames, bins)`, phase advance to the next bin; -π for what is at the frame's centre.
        """
        phase = np.empty_like(per_bin)
        position = f0_hz * np.float32(self.config.n_fft / self.config.sample_rate)
        _phase(turns, position, inharmonicity, per_bin, phase)
        return phase


def count_turns(f0_hz: Floats, frame_rate_hz: float, start: float = 0.0) -> NDArray[np.float64]:
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


def bin_slope(magnitude: Floats, n_fft: int, hop_length: int) -> Floats:
    """Phase advance to the next bin, from how levels rise and fall over time: late energy turns it down.

    Args:
        magnitude: `(frames, bins)`.
        n_fft: Window and transform length, in samples.
        hop_length: Samples between frames.

    Returns:
        `(frames, bins)`; no steeper than energy at the window's ends would make it.

    Source:
        Průša et al. 2017 (see `mcnn.phase`), equation 16.
    """
    if len(magnitude) < 2:
        return np.full_like(magnitude, -math.pi)
    level = np.log(np.maximum(magnitude, np.float32(QUIETEST)))
    slope: Floats = np.gradient(level, axis=0)
    slope *= np.float32(-SLOPE * HANN_RATIO * n_fft / hop_length)
    np.clip(slope, -math.pi, math.pi, out=slope)
    slope -= np.float32(math.pi)
    return slope


@compiled
def _comb(position: Floats, inharmonicity: float, lobe: Floats, comb: Floats) -> None:
    n_bins = comb.shape[1]
    for t in range(len(comb)):
        k = 1
        while True:
            centre = position[t] * k * np.sqrt(1.0 + inharmonicity * k * k)
            if centre >= n_bins - 1 or position[t] <= 0.0:
                break
            for m in range(max(int(centre) - 1, 0), min(int(centre) + 3, n_bins)):
                where = abs(m - centre) * LOBE_STEPS
                if where < LOBE_BINS * LOBE_STEPS:
                    before = int(where)
                    height = lobe[before] + (where - before) * (lobe[before + 1] - lobe[before])
                    comb[t, m] = max(comb[t, m], height)
            k += 1


@compiled
def _phase(
    turns: NDArray[np.float64], position: Floats, inharmonicity: float, per_bin: Floats, phase: Floats
) -> None:
    n_bins = phase.shape[1]
    for t in range(len(phase)):
        k, start = 1, 0
        while start < n_bins:
            stretch = k * np.sqrt(1.0 + inharmonicity * k * k)
            centre = position[t] * stretch
            after = position[t] * (k + 1) * np.sqrt(1.0 + inharmonicity * (k + 1) * (k + 1))
            end = min(n_bins, max(start + 1, int(0.5 * (centre + after)) + 1))
            offset = 0.38196601 * k * k
            cycles = turns[t] * stretch + offset
            angle = 2.0 * np.pi * (cycles - np.floor(cycles))
            for m in range(start, end):
                # at bin 0 the phase of the window's centre is its own: advance is counted from there
                parity = np.pi if m & 1 else 0.0
                phase[t, m] = angle + parity + (m - centre) * (per_bin[t, m] + np.pi)
            start = end
            k += 1


class NoiseSpectrum:
    """White noise as complex spectra, scaled so that the mel magnitudes of level 1 have geometric mean 1.

    A decoder that learned log-mels puts out the mean of noise's logarithm: scaled by it, this noise has
    the grain of noise again and the same mean.

    Args:
        spectrogram: The front end.
    """

    def __init__(self, spectrogram: Spectrogram, bands: MelBands) -> None:
        config = spectrogram.config
        generator = torch.Generator().manual_seed(0)
        white = torch.randn(1, NOISE_FRAMES * config.hop_length, generator=generator)
        margin = config.n_fft // config.hop_length
        around = torch.cat([white[:, -margin * config.hop_length :], white, white], 1)
        spectrum = spectrogram.stft(around)[:, :, margin : margin + NOISE_FRAMES]
        level = torch.log(spectrogram.mel(spectrum.abs())[0] + 1e-9).mean(1).exp()
        flat = torch.clamp_min(spectrogram.mel_filters.sum(1), 1e-9)
        gain = (flat / level).numpy()
        over_bins = bands.shares[:, 0] * gain[bands.first] + bands.shares[:, 1] * gain[bands.first + 1]
        self.spectrum: NDArray[np.complex64] = np.ascontiguousarray(
            (spectrum[0].numpy() * over_bins[:, None]).T.astype(np.complex64)
        )
        """`(NOISE_FRAMES, bins)`; the last frame leads on to the first."""

    def stretch(self, seed: int, start: int, stop: int) -> NDArray[np.complex64]:
        """Frames `start` to `stop` `(frames, bins)` of the noise that a seed chooses."""
        first = int(np.random.default_rng([seed, 1]).integers(NOISE_FRAMES))
        return self.spectrum[np.arange(first + start, first + stop) % NOISE_FRAMES]


class Primer:
    """Makes excitations of log-mels and of what else is known of the notes.

    Where the pitch is known, the tonal part is drawn from it. Elsewhere (recordings, unpitched sounds)
    its phases are integrated from the magnitudes.

    Args:
        spectrogram: The front end.
    """

    def __init__(self, spectrogram: Spectrogram) -> None:
        self.spectrogram = spectrogram
        self.config = spectrogram.config
        self.bands = MelBands(spectrogram.mel_filters)
        self.partials = PartialSpectrum(self.config, self.bands)
        self.noise = NoiseSpectrum(spectrogram, self.bands)

    @torch.no_grad()
    def __call__(self, log_mel: Tensor, hints: Hints) -> "Excitation":
        """Excitations of a batch.

        Args:
            log_mel: `(batch, mels, frames)`.
            hints: What else is known.
        """
        mels = self.spectrogram.expand(log_mel.detach().float().cpu())
        mels = torch.where(mels < SILENT_MEL * self.config.log_floor, 0.0, mels)
        tonal, noisy = [], []
        for index in range(len(mels)):
            mel: Floats = np.ascontiguousarray(mels[index].T.numpy())
            own = hints.one(index)
            noise_mel = np.zeros_like(mel)
            if own.noise is not None:
                noise_mel = mel * own.noise[0].detach().float().cpu().T.numpy()
            tonal.append(self._tonal(mel - noise_mel, own))
            noisy.append(self._noise(noise_mel, own.seed(0)))
        return Excitation(torch.from_numpy(np.stack(tonal)), torch.from_numpy(np.stack(noisy)))

    def _tonal(self, mel: Floats, hints: Hints) -> NDArray[np.complex64]:
        n_fft, hop_length = self.config.n_fft, self.config.hop_length
        f0_hz = None if hints.f0_hz is None else fill_unvoiced(hints.f0_hz[0].detach().float().cpu().numpy())
        if f0_hz is None:
            magnitude = self.bands.magnitude(mel)
            phase = integrate_phase(magnitude, n_fft, hop_length, hints.seed(0), noise_is_smooth=True)
        else:
            b = 0.0 if hints.inharmonicity is None else float(hints.inharmonicity[0])
            magnitude = self.partials.magnitude(mel, f0_hz, b)
            slope = bin_slope(magnitude, n_fft, hop_length)
            phase = self.partials.phase(count_turns(f0_hz, self.config.frame_rate_hz), f0_hz, b, slope)
        return to_complex(magnitude, phase)

    def _noise(self, mel: Floats, seed: int) -> NDArray[np.complex64]:
        if not mel.any():
            return np.zeros((len(mel), self.config.n_bins), np.complex64)
        level = np.ones((len(mel), self.config.n_bins), np.float32)
        self.bands.match_magnitude(level, mel)
        noise: NDArray[np.complex64] = level * self.noise.stretch(seed, 0, len(mel))
        return noise


@dataclass(frozen=True)
class Excitation:
    """What the heads scale, as complex spectra."""

    tonal: Tensor
    """`(batch, frames, bins)`: partials, or what an estimated phase makes of the log-mel."""
    noise: Tensor
    """`(batch, frames, bins)`; zeros where no noise share is known."""


def fill_unvoiced(f0_hz: Floats) -> Floats | None:
    """An f0 curve `(frames,)` without gaps: between voiced frames interpolated; None if none is voiced."""
    voiced = np.flatnonzero(f0_hz > 0)
    if not len(voiced):
        return None
    return np.interp(np.arange(len(f0_hz)), voiced, f0_hz[voiced]).astype(np.float32)


def to_complex(magnitude: Floats, phase: Floats) -> NDArray[np.complex64]:
    """Spectrum `(frames, bins)` of magnitudes and phases."""
    return torch.polar(torch.from_numpy(magnitude), torch.from_numpy(phase)).numpy()
