"""Distances of a sound from the one it should be.

Every function takes `(input, target)` in that order and returns one number per item of the batch, `(batch,)`:
0 for equals, or -200 where it is a ratio in dB. Spectra are linear magnitudes `(batch, bins, frames)`, scaled
so that a unit sinusoid has magnitude 1; waveforms are `(batch, samples)`.
"""

import math

import torch
from torch import Tensor

MIN_RATIO = 1e-10
"""Spectral convergence of equals: -200 dB."""
EVALUATION_RESOLUTIONS = ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200))
"""Transform, hop and window length in samples, as in Yamamoto et al."""


def spectral_convergence_db(input: Tensor, target: Tensor) -> Tensor:
    """Energy of the magnitudes' error over the energy of the target, in dB; lower is better, 0 is silence.

    Source:
        N. Sturmel, L. Daudet, "Signal reconstruction from STFT magnitude: a state of the art", DAFx-11, 2011.
    """
    return 20.0 * torch.log10(spectral_convergence(input, target).clamp_min(MIN_RATIO))


def spectral_convergence(input: Tensor, target: Tensor, quietest: float = 0.0) -> Tensor:
    """The same as a ratio of norms, 0 for equals; what training can follow.

    Args:
        input: Magnitudes.
        target: Magnitudes.
        quietest: A target with less energy than a steady sinusoid of about this amplitude counts as having
            that much, so that an error beside silence stays finite and does not outweigh all others.
    """
    error = torch.linalg.vector_norm(target - input, dim=(1, 2))
    least = quietest * math.sqrt(target.shape[-1]) + torch.finfo(target.dtype).tiny
    ratio: Tensor = error / torch.linalg.vector_norm(target, dim=(1, 2)).clamp_min(least)
    return ratio


def log_magnitude_distance_db(input: Tensor, target: Tensor, floor: float = 1e-4) -> Tensor:
    """Mean absolute difference of the levels of all bins, in dB.

    Args:
        input: Magnitudes.
        target: Magnitudes.
        floor: Added to both, so that what cannot be heard does not count.

    Source:
        S. Arık, H. Jun, G. Diamos, "Fast spectrogram inversion using multi-head convolutional neural
        networks", IEEE Signal Processing Letters 26(1), 2019 (in nepers there).
    """
    return _level_difference_db(input, target, floor).abs().mean(dim=(1, 2))


def log_spectral_distance_db(input: Tensor, target: Tensor, floor: float = 1e-4) -> Tensor:
    """Root mean square difference of a frame's levels, averaged over the frames, in dB.

    Args:
        input: Magnitudes.
        target: Magnitudes.
        floor: Added to both, so that what cannot be heard does not count.

    Source:
        A. Gray, J. Markel, "Distance measures for speech processing", IEEE Transactions on Acoustics, Speech,
        and Signal Processing 24(5), 1976.
    """
    return _level_difference_db(input, target, floor).square().mean(dim=1).sqrt().mean(dim=1)


def multi_resolution_stft(input: Tensor, target: Tensor, floor: float = 1e-5) -> tuple[Tensor, Tensor]:
    """The two terms of the multi-resolution STFT distance of waveforms, which is their sum.

    Each is the mean over `EVALUATION_RESOLUTIONS`, so that neither pitch nor attacks can hide between one's
    bins. What inverters are trained on is `mcnn.losses.stft.MultiResolutionStftLoss`, at other resolutions.

    Args:
        input: Waveforms `(batch, samples)`.
        target: Waveforms `(batch, samples)`.
        floor: Smallest magnitude that is told from silence.

    Returns:
        Spectral convergence, a ratio, and mean absolute log-magnitude difference, in nepers.

    Source:
        R. Yamamoto, E. Song, J.-M. Kim, "Parallel WaveGAN", ICASSP 2020, equations 3 to 6.
    """
    convergence, log_magnitude = [], []
    for n_fft, hop_length, win_length in EVALUATION_RESOLUTIONS:
        made, real = (spectrum(one, n_fft, hop_length, win_length).abs() for one in (input, target))
        convergence.append(spectral_convergence(made, real))
        nepers = torch.log(made.clamp_min(floor)) - torch.log(real.clamp_min(floor))
        log_magnitude.append(nepers.abs().mean(dim=(1, 2)))
    return torch.stack(convergence).mean(0), torch.stack(log_magnitude).mean(0)


def spectrum(waveform: Tensor, n_fft: int, hop_length: int, win_length: int | None = None) -> Tensor:
    """Complex spectra `(batch, bins, frames)` of waveforms, by a Hann window; a unit sinusoid's peak is 1.

    Unlike `mcnn.spectral.spectrogram`, whose settings belong to a model, this analyses at any resolution.

    Args:
        waveform: `(batch, samples)`; half precision is computed in single.
        n_fft: Length of the transform, in samples.
        hop_length: Samples between frames.
        win_length: Length of the window, in samples; `n_fft` if not given.
    """
    waveform = waveform.to(torch.promote_types(waveform.dtype, torch.float32))
    window = torch.hann_window(win_length or n_fft, dtype=waveform.dtype, device=waveform.device)
    transformed = torch.stft(
        waveform, n_fft, hop_length, win_length, window, pad_mode="constant", return_complex=True
    )
    return transformed * (2.0 / window.sum())


def _level_difference_db(input: Tensor, target: Tensor, floor: float) -> Tensor:
    return 20.0 * (torch.log10(input + floor) - torch.log10(target + floor))
