"""Losses that inverters are trained on: differentiable distances of waveforms.

Each takes `(input, target)`, waveforms `(batch, samples)`, and returns one number, the mean over the batch.
An item counts the same however loud it is, down to what is nearly silent; from there on its errors are
measured against the quietest sound that matters, so that neither silent items nor zero-padded ends dominate.
At exact silence all gradients are finite.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mcnn.losses.metrics import log_magnitude_distance_db, spectral_convergence, spectrum
from mcnn.spectral.spectrogram import Spectrogram

FLOOR = 1e-4
"""Magnitude below which levels and phases do not matter, as in the front end; a unit sinusoid has 1."""
QUIETEST = 1e-3
"""Smallest amplitude of a sinusoid whose energy errors are relative to, however quiet the target is."""
TRAINING_RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512), (4096, 512))
"""Window and hop length in samples, for 44.1 kHz: from 12 ms, which resolves attacks, to 93 ms, which
resolves the partials of low notes."""
DB_PER_NEPER = 20.0 / math.log(10.0)
CHANCE = math.pi / 2
"""Mean error of an unrelated phase, in radians."""


class StftLoss(nn.Module, ABC):
    """A distance of two waveforms that compares their complex spectra at one resolution.

    Args:
        n_fft: Length of Hann window and transform, in samples.
        hop_length: Samples between frames.
        floor: Magnitude below which levels and phases do not matter.
    """

    def __init__(self, n_fft: int = 2048, hop_length: int = 512, floor: float = FLOOR) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.floor = floor

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The mean distance of waveforms `(batch, samples)`, a scalar."""
        if input.ndim != 2 or input.shape != target.shape:
            raise ValueError(
                f"waveforms of shapes {tuple(input.shape)} and {tuple(target.shape)}; "
                "expected twice the same (batch, samples)"
            )
        return self.compare(self.spectrum(input), self.spectrum(target)).mean()

    def spectrum(self, waveform: Tensor) -> Tensor:
        """Complex spectra `(batch, bins, frames)` of waveforms `(batch, samples)`; a unit sinusoid has 1."""
        return spectrum(waveform, self.n_fft, self.hop_length)

    @abstractmethod
    def compare(self, input: Tensor, target: Tensor) -> Tensor:
        """The distance of each item `(batch,)` of complex spectra `(batch, bins, frames)`."""


class SpectralConvergenceLoss(StftLoss):
    """Norm of the magnitudes' error relative to the norm of the target: what is loud counts.

    Source:
        S. Arık, H. Jun, G. Diamos, "Fast spectrogram inversion using multi-head convolutional neural
        networks", IEEE Signal Processing Letters 26(1), 2019, section III, loss 1.
    """

    def compare(self, input: Tensor, target: Tensor) -> Tensor:
        """A ratio: 0 for equals, 1 for silence."""
        return spectral_convergence(input.abs(), target.abs(), QUIETEST)


class LogMagnitudeLoss(StftLoss):
    """Mean absolute difference of log magnitudes: what is quiet counts as well.

    Source:
        Arık et al., 2019, section III, loss 2 (the mean over bins and frames rather than the sum).
    """

    def compare(self, input: Tensor, target: Tensor) -> Tensor:
        """Nepers: ln 2 for half the level everywhere."""
        return log_magnitude_distance_db(input.abs(), target.abs(), self.floor) / DB_PER_NEPER


class InstantaneousFrequencyLoss(StftLoss):
    """Mean absolute difference of the phases' advance from frame to frame.

    The paper takes the difference of two phase derivatives as it comes. Here it is the shortest way round
    the circle, and only what is audible in both frames of the target counts. Where the input is not audible,
    its phase means nothing and its gradient has no bound: it counts as chance, without gradient.

    Source:
        Arık et al., 2019, section III, loss 3.
    """

    def compare(self, input: Tensor, target: Tensor) -> Tensor:
        """Radians a hop, 0 to pi; pi / 2 is chance, and what silence has; 0 where the target is silent."""
        input_step, input_audible = self._advance(input)
        target_step, target_audible = self._advance(target)
        both_audible = input_audible & target_audible
        # Masked before the angle as well as after: an infinite gradient times 0 is not 0.
        error = torch.angle(
            torch.where(both_audible, input_step * target_step.conj(), torch.ones_like(input_step))
        ).abs()
        counted = torch.where(both_audible, error, CHANCE) * target_audible
        return counted.sum(dim=(1, 2)) / target_audible.sum(dim=(1, 2)).clamp_min(1)

    def _advance(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Unit phasors that turn one frame's phase to the next's, and where they mean something."""
        magnitude = spectrum.abs()
        phasor = spectrum / magnitude.clamp_min(self.floor)
        audible = magnitude > self.floor
        return phasor[..., 1:] * phasor[..., :-1].conj(), audible[..., 1:] & audible[..., :-1]


class WeightedPhaseLoss(StftLoss):
    """One minus the cosine of the phases' difference, weighted by both magnitudes.

    The paper's sum is divided by the target's energy, so that a quiet note counts as much as a loud one. Of
    itself it is content with silence: it needs a loss of magnitudes beside it.

    Source:
        Arık et al., 2019, section III, loss 4.
    """

    def compare(self, input: Tensor, target: Tensor) -> Tensor:
        """A ratio: 0 where all phases are right, 1 - cos(d) where all are off by d at equal level."""
        agreement = input.real * target.real + input.imag * target.imag
        missed = (input.abs() * target.abs() - agreement).sum(dim=(1, 2))
        energy = target.abs().square().sum(dim=(1, 2))
        return missed / energy.clamp_min(QUIETEST**2 * target.shape[-1])


PUBLISHED_WEIGHTS: Mapping[type[StftLoss], float] = {
    SpectralConvergenceLoss: 1.0,
    LogMagnitudeLoss: 6.0,
    InstantaneousFrequencyLoss: 10.0,
    WeightedPhaseLoss: 1.0,
}
"""Weights that the MCNN was published with (section IV)."""
MAGNITUDE_WEIGHTS: Mapping[type[StftLoss], float] = {SpectralConvergenceLoss: 1.0, LogMagnitudeLoss: 1.0}
"""One resolution's share of `MultiResolutionStftLoss`."""


class CombinedStftLoss(StftLoss):
    """Several of these losses at once, from the same spectra.

    Args:
        weights: How much each counts.
        n_fft: Length of Hann window and transform, in samples.
        hop_length: Samples between frames.
        floor: Magnitude below which levels and phases do not matter.
    """

    def __init__(
        self,
        weights: Mapping[type[StftLoss], float] = PUBLISHED_WEIGHTS,
        n_fft: int = 2048,
        hop_length: int = 512,
        floor: float = FLOOR,
    ) -> None:
        super().__init__(n_fft, hop_length, floor)
        self.terms = [(weight, loss(n_fft, hop_length, floor)) for loss, weight in weights.items()]

    def compare(self, input: Tensor, target: Tensor) -> Tensor:
        """The weighted sum."""
        return torch.stack([weight * loss.compare(input, target) for weight, loss in self.terms]).sum(dim=0)


class MultiResolutionStftLoss(nn.Module):
    """Spectral convergence plus log magnitude, averaged over several resolutions.

    No single resolution can be pleased at the cost of the others: neither pitch nor attacks can hide.

    Args:
        resolutions: Window and hop length of each, in samples.
        floor: Magnitude below which levels do not matter.
        weights: How much each of the two counts.

    Source:
        R. Yamamoto, E. Song, J.-M. Kim, "Parallel WaveGAN", ICASSP 2020, equations 3 to 6.
    """

    def __init__(
        self,
        resolutions: Sequence[tuple[int, int]] = TRAINING_RESOLUTIONS,
        floor: float = FLOOR,
        weights: Mapping[type[StftLoss], float] = MAGNITUDE_WEIGHTS,
    ) -> None:
        super().__init__()
        self.losses = [
            CombinedStftLoss(weights, n_fft, hop_length, floor) for n_fft, hop_length in resolutions
        ]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The mean distance of waveforms `(batch, samples)`, a scalar."""
        return torch.stack([loss(input, target) for loss in self.losses]).mean()


class BandLevelLoss(nn.Module):
    """Mean absolute difference of the mel bands' levels, averaged over a stretch of time each.

    Noise has no frame-by-frame error that it could be without, so what compares frames is pleased by less of
    it. Averaged over time, its level is well known, and this loss sees to that.

    Args:
        spectrogram: The front end.
        frames: Length of a stretch.
        floor: Magnitude below which levels do not matter.
    """

    def __init__(self, spectrogram: Spectrogram, frames: int = 14, floor: float = FLOOR) -> None:
        super().__init__()
        self.spectrogram, self.frames, self.floor = spectrogram, frames, floor

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Nepers, the mean over bands and stretches of waveforms `(batch, samples)`, a scalar."""
        return (self._levels(input) - self._levels(target)).abs().mean()

    def _levels(self, waveform: Tensor) -> Tensor:
        """`(batch, mels, stretches)`, mean logarithms."""
        mel = self.spectrogram.mel(self.spectrogram.magnitude(waveform))
        return nn.functional.avg_pool1d((mel + self.floor).log(), self.frames, ceil_mode=True)
