"""Offline inversion at best quality: accelerated Griffin-Lim, started from integrated phases."""

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from mcnn.compiled import Floats, compiled
from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.inversion.pghi import integrate_phase
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.mel_inversion import TINY, MelBands
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram

RELAXATION = 1.25
"""Length of each step, relative to the projections alone."""
LOOK_BACK = 1.1
"""Momentum of the point that steps are taken from."""
ENVELOPE_BANDS = 24.0
"""Standard deviation, in mel bands, of the neighbourhood over which an attack's envelope is held."""
RISE_FRAMES = 1
"""Length of an attack's rise from its onset."""


def accelerate(
    project: Callable[[Tensor], Tensor], start: Tensor, iterations: int, momentum: float
) -> Tensor:
    """Repeats a projection with momentum.

    Everything but the projection itself is linear, so it is done on waveforms, much shorter than spectra.

    Args:
        project: Waveform to the nearest waveform of a spectrum that has the wanted magnitudes.
        start: `(samples,)`.
        iterations: Number of projections.
        momentum: Extrapolation before each projection.

    Returns:
        The last projection, `(samples,)`.

    Source:
        R. Nenov, D.-K. Nguyen, P. Balazs, R. I. Boţ, "Accelerated Griffin-Lim algorithm: a fast and provably
        converging numerical method for phase retrieval", IEEE Transactions on Signal Processing 72, 2024.
        With relaxation 1 and both momenta equal it is N. Perraudin, P. Balazs, P. Søndergaard, "A fast
        Griffin-Lim algorithm", WASPAA 2013.
    """
    projected = before = behind = ahead = start
    for _ in range(iterations):
        projected = project(ahead)
        here = torch.lerp(behind, projected, RELAXATION)
        step = here - before
        ahead = torch.add(here, step, alpha=momentum)
        behind = torch.add(here, step, alpha=LOOK_BACK)
        before = here
    return projected


class GriffinLim(Inverter):
    """Accelerated Griffin-Lim, started from phase gradient heap integration.

    It computes on the processor, whatever device the log-mels are on.

    Args:
        config: The front end that the log-mels come from.
        iterations: Projections between the wanted magnitudes and spectra that a waveform can have.
        momentum: Extrapolation between them; 0 is slow and safe.
        seed: Of the random phases of noise.
    """

    name: ClassVar[str] = "griffin-lim"

    def __init__(
        self, config: SpectrogramConfig, iterations: int = 32, momentum: float = 0.95, seed: int = 0
    ) -> None:
        super().__init__(config)
        self.iterations = iterations
        self.momentum = momentum
        self.seed = seed
        self.spectrogram = Spectrogram(config)
        self.bands = MelBands(self.spectrogram.mel_filters)

    @torch.no_grad()
    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of log-mels `(batch, mels, frames)`.

        From iteration to iteration only the mel magnitudes are held: what they leave open settles on what a
        waveform can have. Of frames whose window holds an attack that a decoder made
        (`InverterConditioning.onsets`), only the envelope over neighbouring bands is held.

        Source:
            Y. Masuyama, N. Ueno, N. Ono, "Signal reconstruction from mel-spectrogram based on bi-level
            consistency of full-band magnitude and phase", WASPAA 2023 (the idea; their method is ADMM).
        """
        self.require_log_mel(log_mel)
        mel = self.spectrogram.audible_mel(log_mel)
        onsets = conditioning.onsets or (None,) * len(mel)
        waveforms = [self._invert_mel(one, onset) for one, onset in zip(mel, onsets, strict=True)]
        return torch.stack(waveforms).to(log_mel.device)

    @torch.no_grad()
    def from_magnitude(self, magnitude: Tensor) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of linear magnitudes `(batch, bins, frames)`."""
        waveforms = [self._invert_magnitude(one) for one in magnitude.detach().float().cpu()]
        return torch.stack(waveforms).to(magnitude.device)

    def _invert_mel(self, mel: Tensor, onset: float | None) -> Tensor:
        wanted: Floats = np.ascontiguousarray(mel.T.numpy())
        attack = slice(0) if onset is None else self._attack_frames(onset)
        envelope, held = _envelope(wanted[attack]), wanted.copy()

        def match(spectrum: Floats) -> None:
            held[attack] = self._under_envelope(spectrum[attack], envelope)
            self.bands.match(spectrum, held)

        return self._refine(self.bands.magnitude(wanted), match, noise_is_smooth=True)

    def _attack_frames(self, onset: float) -> slice:
        """Frames whose window holds the onset or the rise after it."""
        reach = self.config.n_fft / 2 / self.config.hop_length
        return slice(max(0, math.floor(onset - reach)), max(0, math.ceil(onset + reach + RISE_FRAMES)))

    def _under_envelope(self, spectrum: Floats, envelope: Floats) -> Floats:
        """A spectrum's own mel magnitudes, `(frames, mels)`, scaled to a wanted envelope."""
        magnitude = np.hypot(spectrum[:, ::2], spectrum[:, 1::2])
        own = 1.0 / self.bands.ratios(magnitude, np.ones_like(envelope))
        scaled: Floats = own * np.sqrt(envelope / (_envelope(own) + TINY))
        return scaled

    def _invert_magnitude(self, magnitude: Tensor) -> Tensor:
        wanted: Floats = np.ascontiguousarray(magnitude.T.numpy())
        return self._refine(wanted, lambda spectrum: _match(spectrum, wanted), noise_is_smooth=False)

    def _refine(self, magnitude: Floats, match: Callable[[Floats], None], noise_is_smooth: bool) -> Tensor:
        """Waveform of a magnitude `(frames, bins)`, by a function that corrects spectra in place."""
        n_fft, hop_length = self.config.n_fft, self.config.hop_length
        phase = integrate_phase(magnitude, n_fft, hop_length, self.seed, noise_is_smooth)
        transform = OverlapAdd(self.config, len(magnitude))

        def project(waveform: Tensor) -> Tensor:
            spectrum = transform.analyse(waveform)
            match(torch.view_as_real(spectrum).flatten(1).numpy())
            return transform.synthesise(spectrum)

        start = transform.synthesise(torch.polar(torch.from_numpy(magnitude), torch.from_numpy(phase)))
        return accelerate(project, start, self.iterations, self.momentum)


def _envelope(mel: Floats) -> Floats:
    """Power of mel magnitudes `(frames, mels)`, smoothed over neighbouring bands."""
    smooth: Floats = gaussian_filter1d(mel**2, ENVELOPE_BANDS, axis=1)
    return smooth


@compiled
def _match(spectrum: Floats, magnitude: Floats) -> None:
    """Gives a spectrum `(frames, 2 * bins)` the wanted magnitudes, in place; zeros stay zeros."""
    tiny = np.float32(1e-30)
    for t in range(len(spectrum)):
        for k in range(magnitude.shape[1]):
            real, imaginary = spectrum[t, 2 * k], spectrum[t, 2 * k + 1]
            gain = magnitude[t, k] / np.sqrt(real * real + imaginary * imaginary + tiny)
            spectrum[t, 2 * k] = real * gain
            spectrum[t, 2 * k + 1] = imaginary * gain
