import librosa
import numpy as np
import pytest
import torch

from mcnn.config import SpectrogramConfig
from mcnn.mel_inversion import MelBands
from mcnn.noise_spectrum import LOWEST_HZ, NOISE_FRAMES, NoiseSpectrum
from mcnn.spectrogram import Spectrogram

CONFIG = SpectrogramConfig()
SPECTROGRAM = Spectrogram(CONFIG)
N_FFT, STEPS = 1024, 2
NOISE = NoiseSpectrum(SPECTROGRAM, MelBands(SPECTROGRAM.mel_filters), N_FFT, STEPS)


def as_waveform(spectrum: np.ndarray) -> torch.Tensor:
    return torch.istft(
        torch.from_numpy(spectrum.T)[None] * (N_FFT / 4),
        N_FFT,
        CONFIG.hop_length // STEPS,
        window=torch.hann_window(N_FFT),
        length=len(spectrum) // STEPS * CONFIG.hop_length,
    )


@pytest.mark.parametrize("slope", [0.0, -1.5])
def test_noise_has_the_asked_mean_level_in_every_band(slope: float) -> None:
    asked = np.linspace(-1.5, -1.5 + slope, CONFIG.n_mels).astype(np.float32)
    made = as_waveform(NOISE.draw(np.tile(10**asked, (300, 1)), seed=0))
    mel = SPECTROGRAM.mel(SPECTROGRAM.magnitude(made))[0, :, 8:-8]
    drawn = librosa.mel_frequencies(CONFIG.n_mels + 2, fmin=0, fmax=CONFIG.sample_rate / 2)[1:-1] > 100
    error_db = 20 * (mel.log10().mean(1).numpy() - asked)[drawn]
    assert abs(error_db.mean()) < 0.2
    assert np.abs(error_db).mean() < 0.8


def test_below_hearing_there_is_no_noise() -> None:
    spectrum = NOISE.draw(np.ones((50, CONFIG.n_mels), np.float32), seed=0)
    hz = np.arange(spectrum.shape[1]) * CONFIG.sample_rate / N_FFT
    assert not spectrum[:, hz < LOWEST_HZ].any()
    assert spectrum[:, hz > LOWEST_HZ].all()


def test_a_seed_is_a_take() -> None:
    mel = np.ones((10, CONFIG.n_mels), np.float32)
    assert np.array_equal(NOISE.draw(mel, 1), NOISE.draw(mel, 1))
    assert not np.array_equal(NOISE.draw(mel, 1), NOISE.draw(mel, 2))


def test_noise_longer_than_the_table_goes_round_without_a_seam() -> None:
    made = as_waveform(NOISE.draw(np.ones((2 * NOISE_FRAMES, CONFIG.n_mels), np.float32), 0))[0]
    steps = made.diff().abs()
    assert float(steps.max()) < 8 * float(made.std())


def test_no_level_is_silence() -> None:
    assert not NOISE.draw(np.zeros((5, CONFIG.n_mels), np.float32), 0).any()
