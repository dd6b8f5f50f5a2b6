import math

import numpy as np
import pytest
import torch

from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig()
SMALL = SpectrogramConfig(n_fft=512, hop_length=128, n_mels=40)


def cosine(bin_index: float, n_samples: int, config: SpectrogramConfig = CONFIG) -> torch.Tensor:
    return torch.cos(
        2 * math.pi * bin_index / config.n_fft * torch.arange(n_samples, dtype=torch.float64)
    ).float()


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_a_cosine_in_one_bin_has_magnitude_one() -> None:
    magnitude = Spectrogram(CONFIG).magnitude(cosine(100, 40 * 512)[None])[0, :, 20]
    expected = torch.zeros(CONFIG.n_bins)
    expected[99:102] = torch.tensor([0.5, 1.0, 0.5])
    torch.testing.assert_close(magnitude, expected, atol=1e-5, rtol=0)


def test_every_tone_is_seen_whole_by_the_mel_bands() -> None:
    spectrogram = Spectrogram(CONFIG)
    for bin_index in (20, 333.3, 1200):
        magnitude = spectrogram.magnitude(cosine(bin_index, 40 * 512)[None])
        total = spectrogram.mel(magnitude)[0, :, 20].sum()
        torch.testing.assert_close(total, magnitude[0, :, 20].sum(), atol=0, rtol=1e-3)


def test_frames_are_centred_and_counted_up() -> None:
    spectrogram = Spectrogram(SMALL)
    waveform = torch.zeros(1, 1000)
    waveform[0, 3 * 128] = 1.0
    magnitude = spectrogram.magnitude(waveform)
    assert magnitude.shape == (1, SMALL.n_bins, 8) == (1, SMALL.n_bins, spectrogram.n_frames(1000))
    assert magnitude.sum(1)[0].argmax() == 3
    assert spectrogram.n_frames(1024) == 8
    assert spectrogram.n_frames(1025) == 9


def test_silence_is_the_floor() -> None:
    log_mel = Spectrogram(CONFIG)(torch.zeros(1, 4096))
    torch.testing.assert_close(log_mel, torch.full((1, 512, 8), -4.0))
    assert Spectrogram(CONFIG).expand(log_mel).max() < 1e-10


def test_inverse_is_exact_up_to_the_ends() -> None:
    spectrogram = Spectrogram(CONFIG)
    waveform = noise(2, 30_000)
    torch.testing.assert_close(
        spectrogram.istft(spectrogram.stft(waveform), 30_000), waveform, atol=1e-5, rtol=0
    )


def test_one_note_in_a_batch_and_alone_are_identical() -> None:
    spectrogram = Spectrogram(SMALL)
    waveforms = noise(3, 5_000)
    together = spectrogram(waveforms)
    for one, log_mel in zip(waveforms, together, strict=True):
        assert torch.equal(spectrogram(one[None])[0], log_mel)


def test_gradient_is_the_slope() -> None:
    spectrogram = Spectrogram(SMALL).double()
    waveform = noise(1, 1024).double().requires_grad_()
    (gradient,) = torch.autograd.grad(spectrogram(waveform).sum(), waveform)
    direction = noise(1, 1024).flip(1).double()
    step = 1e-6
    with torch.no_grad():
        slope = (
            spectrogram(waveform + step * direction) - spectrogram(waveform - step * direction)
        ).sum() / (2 * step)
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-4, atol=1e-6)


def test_compress_and_expand_undo_each_other() -> None:
    spectrogram = Spectrogram(SMALL)
    mel = torch.logspace(-5, 0, 40 * 7).reshape(1, 40, 7)
    torch.testing.assert_close(spectrogram.expand(spectrogram.compress(mel)), mel, rtol=1e-4, atol=1e-8)
    assert spectrogram.expand(torch.full((1, 40, 1), -9.0)).min() == 0.0


@pytest.mark.parametrize("n_mels", [256, 512])
def test_no_band_is_empty(n_mels: int) -> None:
    filters = Spectrogram(SpectrogramConfig(n_mels=n_mels)).mel_filters
    assert filters.sum(1).min() > 0
    np.testing.assert_allclose(filters.sum(0).max(), 1.0, rtol=1e-5)
