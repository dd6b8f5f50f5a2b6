from dataclasses import replace

import numpy as np
import pytest
import torch

from aae.model.decoder import Decoded
from aae.training.texture import TextureLoss
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.toy_bank import CONFIG

FRAMES = 80
ONSET = torch.tensor([2.0, 5.0])
MASK = torch.ones(2, FRAMES)


@pytest.fixture(scope="module")
def spectrogram() -> Spectrogram:
    return Spectrogram(CONFIG)


@pytest.fixture(scope="module")
def texture(spectrogram: Spectrogram) -> TextureLoss:
    return TextureLoss(spectrogram)


def _noise(spectrogram: Spectrogram, seed: int, gain: float = 0.1) -> torch.Tensor:
    """Log-mels `(2, mels, FRAMES)` of white noise."""
    random = np.random.default_rng(seed)
    white = gain * random.standard_normal((2, FRAMES * CONFIG.hop_length)).astype(np.float32)
    log_mel: torch.Tensor = spectrogram(torch.from_numpy(white))[:, :, :FRAMES]
    return log_mel


def _decoded(log_mel: torch.Tensor, noise: float) -> Decoded:
    return Decoded(log_mel, torch.zeros(2, FRAMES), noise=torch.full_like(log_mel, noise))


def test_noise_and_other_noise_are_one_texture(spectrogram: Spectrogram, texture: TextureLoss) -> None:
    target = _noise(spectrogram, 0)
    assert float(texture(_decoded(target, 0.0), target, MASK, ONSET, 0)) == pytest.approx(0.0, abs=1e-6)
    other = float(texture(_decoded(_noise(spectrogram, 1), 0.0), target, MASK, ONSET, 0))
    louder = float(texture(_decoded(_noise(spectrogram, 1, 0.2), 0.0), target, MASK, ONSET, 0))
    smooth = target.mean(2, keepdim=True).expand_as(target)
    smoothed = float(texture(_decoded(smooth, 0.0), target, MASK, ONSET, 0))
    assert louder > 1.1 * other
    assert smoothed > 3 * other


def test_grain_makes_a_smooth_spectrum_noise_again(spectrogram: Spectrogram, texture: TextureLoss) -> None:
    target = _noise(spectrogram, 0)
    smooth = target.mean(2, keepdim=True).expand_as(target)
    noisy, bare = (float(texture(_decoded(smooth, share), target, MASK, ONSET, 7)) for share in (1.0, 0.0))
    assert noisy < 0.5 * bare
    untold = replace(_decoded(smooth, 0.0), noise=None)
    assert float(texture(untold, target, MASK, ONSET, 7)) == pytest.approx(bare, rel=1e-3)


def test_gradients_reach_levels_and_the_share_of_noise(
    spectrogram: Spectrogram, texture: TextureLoss
) -> None:
    target = _noise(spectrogram, 0)
    log_mel = (target.mean(2, keepdim=True).expand_as(target) - 0.1).clone().requires_grad_()
    noise = torch.full_like(log_mel, 0.5).requires_grad_()
    decoded = Decoded(log_mel, torch.zeros(2, FRAMES), noise=noise)
    texture(decoded, target, MASK, ONSET, 3).backward()
    assert log_mel.grad is not None
    assert noise.grad is not None
    assert torch.isfinite(log_mel.grad).all()
    assert float(log_mel.grad.sum()) < 0  # louder is nearer
    assert float(noise.grad.abs().sum()) > 0
