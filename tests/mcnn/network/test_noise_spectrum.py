import librosa
import numpy as np
import pytest
import torch

from mcnn.network.noise_spectrum import NOISE_FRAMES, NoiseSpectrum
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.mel_inversion import MelBands
from mcnn.spectral.spectrogram import Spectrogram

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


def test_rumble_stays_where_it_is() -> None:
    """A room's rumble is 30 dB under what is above it, or above it: neither covers the other."""
    hz = librosa.mel_frequencies(CONFIG.n_mels + 2, fmin=0, fmax=CONFIG.sample_rate / 2)[1:-1]
    low = (hz > 15) & (hz < 50)
    above = (hz > 110) & (hz < 400)
    for difference_db in (-30.0, 0.0, 30.0):
        asked = np.where(hz < 65, difference_db / 20, 0.0) - 3.0
        made = as_waveform(NOISE.draw(np.tile(10 ** asked.astype(np.float32), (300, 1)), seed=0))
        mel = SPECTROGRAM.mel(SPECTROGRAM.magnitude(made))[0, :, 8:-8]
        error_db = 20 * (mel.log10().mean(1).numpy() - asked)
        assert abs(error_db[above].mean()) < 1.0
        assert abs(error_db[low].mean()) < (9.0 if difference_db < 0 else 2.0)


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
