import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from mcnn.inversion.pghi import integrate_phase, noise_regions, phase_gradient
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig(n_fft=2048, hop_length=256, n_mels=128)
N_FRAMES = 60
N_SAMPLES = N_FRAMES * CONFIG.hop_length


def magnitude(waveform: torch.Tensor) -> npt.NDArray[np.float32]:
    frames = Spectrogram(CONFIG).magnitude(waveform[None])[0].T
    return np.ascontiguousarray(frames.numpy())


def convergence_db(waveform: torch.Tensor, seed: int = 0) -> float:
    """Spectral convergence of the waveform made from a waveform's magnitudes alone."""
    wanted = magnitude(waveform)
    phase = integrate_phase(wanted, CONFIG.n_fft, CONFIG.hop_length, seed)
    spectrum = torch.polar(torch.from_numpy(wanted), torch.from_numpy(phase))
    made = magnitude(OverlapAdd(CONFIG, len(wanted)).synthesise(spectrum))
    return float(20 * np.log10(np.linalg.norm(made - wanted) / np.linalg.norm(wanted)))


def tone(f0_hz: float) -> torch.Tensor:
    return torch.cos(
        2 * math.pi * f0_hz / CONFIG.sample_rate * torch.arange(N_SAMPLES, dtype=torch.float64)
    ).float()


def noise() -> torch.Tensor:
    return 0.1 * torch.randn(N_SAMPLES, generator=torch.Generator().manual_seed(0))


def test_gradient_of_a_tone_is_its_frequency() -> None:
    per_frame, per_bin = phase_gradient(
        np.log(magnitude(tone(1000.0)) + 1e-9), CONFIG.n_fft, CONFIG.hop_length
    )
    peak = round(1000.0 * CONFIG.n_fft / CONFIG.sample_rate)
    expected = 2 * math.pi * 1000.0 * CONFIG.hop_length / CONFIG.sample_rate
    error = (per_frame[30, peak] - expected + math.pi) % (2 * math.pi) - math.pi
    assert abs(error) < 1e-4 * expected
    assert per_bin[30, peak] == pytest.approx(-math.pi, abs=1e-3)


def test_gradient_of_a_click_is_its_time() -> None:
    click = torch.zeros(N_SAMPLES)
    click[30 * CONFIG.hop_length + 100] = 1.0
    _, per_bin = phase_gradient(np.log(magnitude(click) + 1e-9), CONFIG.n_fft, CONFIG.hop_length)
    samples_after_start = CONFIG.n_fft / 2 + 100 - CONFIG.hop_length * np.arange(-2, 3)
    expected = -2 * math.pi * samples_after_start / CONFIG.n_fft
    np.testing.assert_allclose(per_bin[28:33, 100:900] - expected[:, None], 0.0, atol=1e-3)


@pytest.mark.parametrize(("waveform", "at_most_db"), [(tone(440.0), -30), (tone(97.3), -27), (noise(), -10)])
def test_sounds_come_back(waveform: torch.Tensor, at_most_db: float) -> None:
    assert convergence_db(waveform) < at_most_db


def test_a_click_comes_back() -> None:
    click = torch.zeros(N_SAMPLES)
    click[7777] = 1.0
    assert convergence_db(click) < -25


def test_same_seed_same_phases() -> None:
    wanted = magnitude(tone(440.0))
    first, second, other = (
        integrate_phase(wanted, CONFIG.n_fft, CONFIG.hop_length, seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_hardly_anything_to_integrate(n_frames: int) -> None:
    phase = integrate_phase(np.ones((n_frames, CONFIG.n_bins), np.float32), CONFIG.n_fft, CONFIG.hop_length)
    assert phase.shape == (n_frames, CONFIG.n_bins)
    assert np.isfinite(phase).all()


def test_only_what_is_smooth_counts_as_noise() -> None:
    flat = np.zeros((N_FRAMES, CONFIG.n_bins), np.float32)
    assert noise_regions(flat, CONFIG.n_fft, CONFIG.hop_length).all()
    tonal = magnitude(tone(3000.0))
    peak = round(3000.0 * CONFIG.n_fft / CONFIG.sample_rate)
    assert not noise_regions(np.log(tonal + 1e-9), CONFIG.n_fft, CONFIG.hop_length)[8:-8, peak].any()
