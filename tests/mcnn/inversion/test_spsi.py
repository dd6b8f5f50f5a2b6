import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from mcnn.inversion.spsi import Spsi
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram
from tests.mcnn.inversion.test_rtpghi import frequency_hz

CONFIG = SpectrogramConfig(n_fft=2048, hop_length=256, n_mels=128)
N_FRAMES = 60
N_SAMPLES = N_FRAMES * CONFIG.hop_length

Floats = npt.NDArray[np.float32]


def integrator(n_notes: int = 1) -> Spsi:
    return Spsi(CONFIG.n_bins, CONFIG.n_fft, CONFIG.hop_length, n_notes)


def magnitude(*waveforms: torch.Tensor) -> Floats:
    frames = Spectrogram(CONFIG).magnitude(torch.stack(waveforms)).transpose(1, 2)
    return np.ascontiguousarray(frames.numpy())


def tone(f0_hz: float) -> torch.Tensor:
    turns = f0_hz / CONFIG.sample_rate * torch.arange(N_SAMPLES, dtype=torch.float64)
    return (0.3 * torch.cos(2 * math.pi * turns)).float()


def noise() -> torch.Tensor:
    return 0.1 * torch.randn(N_SAMPLES, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("offset", [0.0, 0.3, -0.3])
def test_bins_around_a_tone_have_its_phases(offset: float) -> None:
    waveform = tone((200 + offset) * CONFIG.sample_rate / CONFIG.n_fft)
    wanted = magnitude(waveform)
    true = np.angle(Spectrogram(CONFIG).stft(waveform[None])[0].T.numpy())[:, 199:202]
    made = integrator().advance(wanted)[0, :, 199:202]
    relative = np.exp(1j * (made - true))[10:50]
    np.testing.assert_allclose(relative[:, [0, 2]], relative[:, [1, 1]], atol=1e-3)


def test_a_peak_advances_at_its_tone_s_frequency() -> None:
    offset = 0.2
    wanted = np.zeros((1, 3, CONFIG.n_bins), np.float32)
    for k in range(99, 102):
        away = k - 100 - offset
        wanted[:, :, k] = np.sinc(away) / (1 - away**2)
    made = integrator().advance(wanted)[0, :, 100]
    expected = 2 * math.pi * (100 + offset) * CONFIG.hop_length / CONFIG.n_fft * np.arange(1, 4)
    np.testing.assert_allclose(np.exp(1j * made), np.exp(1j * expected), atol=1e-4)


@pytest.mark.parametrize("f0_hz", [440.0, 97.3, 2093.0])
def test_a_tone_comes_back_in_tune(f0_hz: float) -> None:
    wanted = magnitude(tone(f0_hz))
    spectrum = torch.polar(torch.from_numpy(wanted[0]), torch.from_numpy(integrator().advance(wanted)[0]))
    made = OverlapAdd(CONFIG, N_FRAMES).synthesise(spectrum)
    assert abs(1200 * math.log2(frequency_hz(made) / f0_hz)) < 0.5


def test_any_split_gives_the_same_phases() -> None:
    wanted = magnitude(tone(440.0) + noise(), noise())
    whole = integrator(2).advance(wanted)
    parts = integrator(2)
    split = [parts.advance(part) for part in np.split(wanted, [1, 1, 2, 13, 40], axis=1)]
    assert np.array_equal(np.concatenate(split, axis=1), whole)


def test_notes_do_not_feel_each_other_and_start_over_alone() -> None:
    wanted = magnitude(tone(440.0), noise())
    voices = integrator(2)
    first = voices.advance(wanted)
    assert np.array_equal(integrator().advance(wanted[1:])[0], first[1])
    voices.reset(1)
    again = voices.advance(wanted)
    assert np.array_equal(again[1], first[1])
    assert not np.array_equal(again[0], first[0])
    voices.reset()
    assert np.array_equal(voices.advance(wanted), first)


def test_silence_has_finite_phases() -> None:
    assert np.isfinite(integrator().advance(np.zeros((1, 5, CONFIG.n_bins), np.float32))).all()


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 4, 1025\); expected \(2, frames, 1025\)"):
        integrator(2).advance(np.zeros((3, 4, CONFIG.n_bins), np.float32))
