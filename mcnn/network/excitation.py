"""Excitations: complex spectra whose phase is right, which the network's heads then scale.

Where the pitch is known, partials are drawn from it; elsewhere (recordings, unpitched sounds) a phase is
integrated from the magnitudes. The share of noise, where it is known, is noise.

Source:
    Harmonic plus noise excitation of a network: X. Wang, S. Takaki, J. Yamagishi, "Neural source-filter
    waveform models", IEEE/ACM TASLP 28, 2020 (arXiv 1904.12088).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mcnn.compiled import Complexes, Floats
from mcnn.inversion.inverter import InverterConditioning
from mcnn.inversion.pghi import integrate_phase
from mcnn.inversion.phase_inverters import FAST_BIN_UPDATES, FAST_LOBE_UPDATES
from mcnn.network.noise_spectrum import NoiseSpectrum
from mcnn.network.partial_spectrum import PartialSpectrum, count_turns
from mcnn.spectral.mel_inversion import MelBands
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram

FINE_STEPS = 2
"""Frames of what is drawn, for each frame of the front end."""
FINE_OVERLAP = 4
"""Length of its window, in hops."""


@dataclass(frozen=True)
class Excitation:
    """The spectra that the heads scale."""

    integrated: Tensor | None
    """`(batch, frames, bins)`, spectra with integrated phases, of notes whose pitch is not known; None if all
    are."""
    partials: Tensor | None
    """`(batch, fine frames, fine bins)`; None if no pitch is known."""
    noise: Tensor | None
    """`(batch, fine frames, fine bins)`; None if no share of noise is known."""


class ExcitationGenerator:
    """Makes excitations of log-mels and of what else is known of the notes.

    Args:
        spectrogram: The front end.
        projections: How often an integrated spectrum is made one that a waveform can have.
    """

    def __init__(self, spectrogram: Spectrogram, projections: int) -> None:
        self.spectrogram = spectrogram
        self.config = spectrogram.config
        self.projections = projections
        self.bands = MelBands(spectrogram.mel_filters, FAST_LOBE_UPDATES, FAST_BIN_UPDATES)
        self.fine_hop = self.config.hop_length // FINE_STEPS
        self.fine_n_fft = self.fine_hop * FINE_OVERLAP
        self.partials = PartialSpectrum(self.config, self.bands, self.fine_n_fft, FINE_STEPS)
        self.noise = NoiseSpectrum(spectrogram, self.bands, self.fine_n_fft, FINE_STEPS)

    @torch.no_grad()
    def __call__(self, log_mel: Tensor, conditioning: InverterConditioning) -> Excitation:
        """Excitations of a batch.

        Args:
            log_mel: `(batch, mels, frames)`.
            conditioning: What else is known.
        """
        batch, _, frames = log_mel.shape
        mels = self.spectrogram.audible_mel(log_mel).transpose(1, 2).contiguous()
        fine = (batch, frames * FINE_STEPS, self.fine_n_fft // 2 + 1)
        integrated = np.zeros((batch, frames, self.config.n_bins), np.complex64)
        partials, noise = np.zeros(fine, np.complex64), np.zeros(fine, np.complex64)
        pitched = [False] * batch
        for i in range(batch):
            mel, own = mels[i].numpy(), conditioning.one(i)
            if own.noise is not None:
                noise_mel = mel * own.noise[0].detach().float().cpu().T.numpy()
                noise[i] = self.noise.draw(noise_mel, own.seed(0))
                mel = mel - noise_mel
            f0_hz = None if own.f0_hz is None else fill_unvoiced(own.f0_hz[0].detach().float().cpu().numpy())
            if f0_hz is None:
                integrated[i] = self._integrate(mel, own.seed(0), own.noise is not None)
            else:
                stiffness = 0.0 if own.inharmonicity is None else float(own.inharmonicity[0])
                turns = count_turns(f0_hz, self.config.frame_rate_hz)
                partials[i] = self.partials.draw(mel, f0_hz, stiffness, turns)
                pitched[i] = True
        return Excitation(
            None if all(pitched) else torch.from_numpy(integrated),
            torch.from_numpy(partials) if any(pitched) else None,
            None if conditioning.noise is None else torch.from_numpy(noise),
        )

    def _integrate(self, mel: Floats, seed: int, noise_is_smooth: bool) -> Complexes:
        """Spectrum `(frames, bins)` of mel magnitudes `(frames, mels)`, nearly one that a waveform has."""
        config = self.config
        magnitude = self.bands.magnitude(mel)
        phase = integrate_phase(magnitude, config.n_fft, config.hop_length, seed, noise_is_smooth)
        spectrum = torch.polar(torch.from_numpy(magnitude), torch.from_numpy(phase))
        if self.projections:
            transform = OverlapAdd(config, len(mel))
            for _ in range(self.projections):
                spectrum = transform.analyse(transform.synthesise(spectrum))
                self.bands.match(torch.view_as_real(spectrum).flatten(1).numpy(), mel)
        return spectrum.numpy()


def fill_unvoiced(f0_hz: Floats) -> Floats | None:
    """An f0 curve `(frames,)` without gaps: between voiced frames interpolated; None if none is voiced."""
    voiced = np.flatnonzero(f0_hz > 0)
    if not len(voiced):
        return None
    return np.interp(np.arange(len(f0_hz)), voiced, f0_hz[voiced]).astype(np.float32)
