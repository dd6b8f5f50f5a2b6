import numpy as np
import pytest
import torch

from mcnn.network.partial_spectrum import PartialSpectrum, count_turns
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.mel_inversion import MelBands
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig()
SPECTROGRAM = Spectrogram(CONFIG)
N_FFT, STEPS = 1024, 2
PARTIALS = PartialSpectrum(CONFIG, MelBands(SPECTROGRAM.mel_filters), N_FFT, STEPS)
N_FRAMES = 64
SECONDS = torch.arange(N_FRAMES * CONFIG.hop_length, dtype=torch.float64) / CONFIG.sample_rate


def mel_of(waveform: torch.Tensor) -> np.ndarray:
    mel = SPECTROGRAM.mel(SPECTROGRAM.magnitude(waveform.float()[None]))[0]
    return np.ascontiguousarray(mel.T.numpy())


def drawn(waveform: torch.Tensor, f0_hz: np.ndarray, inharmonicity: float = 0.0) -> torch.Tensor:
    """What is drawn of a waveform's mel magnitudes, as a waveform."""
    turns = count_turns(f0_hz, CONFIG.frame_rate_hz)
    spectrum = PARTIALS.draw(mel_of(waveform), f0_hz, inharmonicity, turns)
    return torch.istft(
        torch.from_numpy(spectrum.T)[None] * (N_FFT / 4),
        N_FFT,
        CONFIG.hop_length // STEPS,
        window=torch.hann_window(N_FFT),
        length=waveform.numel(),
    )[0]


def fitted(waveform: torch.Tensor, frequencies_hz: list[float]) -> tuple[np.ndarray, float]:
    """Amplitudes of steady sinusoids in the middle of a waveform, and what they leave over, in dB."""
    middle = slice(len(waveform) // 4, 3 * len(waveform) // 4)
    angles = 2 * np.pi * np.outer(SECONDS[middle].numpy(), frequencies_hz)
    basis = np.concatenate([np.cos(angles), np.sin(angles)], 1)
    heard = waveform[middle].double().numpy()
    found, *_ = np.linalg.lstsq(basis, heard, rcond=None)
    rest_db = 20 * np.log10(np.std(heard - basis @ found) / np.std(heard))
    return np.hypot(*found.reshape(2, -1)), rest_db


def test_turns_are_the_integral_of_the_frequency() -> None:
    rising = np.linspace(100, 200, 11, dtype=np.float32)
    assert count_turns(rising, 10.0)[-1] == pytest.approx(150.0)


@pytest.mark.parametrize("f0_hz", [41.2, 97.3, 440.0, 2093.0])
def test_a_steady_tone_is_drawn_as_it_is(f0_hz: float) -> None:
    amplitudes = [0.3, 0.1, 0.2]
    frequencies = [f0_hz * k for k in (1, 2, 3)]
    tone = sum(a * torch.cos(2 * np.pi * f * SECONDS) for a, f in zip(amplitudes, frequencies, strict=True))
    assert isinstance(tone, torch.Tensor)
    found, rest_db = fitted(drawn(tone, np.full(N_FRAMES, f0_hz, np.float32)), frequencies)
    assert found == pytest.approx(amplitudes, rel=0.05)
    assert rest_db < -28


def test_inharmonic_partials_are_where_fletcher_says() -> None:
    stiffness, f0_hz = 4e-4, 220.0
    frequencies = [k * f0_hz * (1 + stiffness * k * k) ** 0.5 for k in (1, 4, 8)]
    tone = torch.stack([0.2 * torch.cos(2 * np.pi * f * SECONDS) for f in frequencies]).sum(0)
    found, rest_db = fitted(drawn(tone, np.full(N_FRAMES, f0_hz, np.float32), stiffness), frequencies)
    assert found == pytest.approx([0.2] * 3, rel=0.05)
    assert rest_db < -28


def test_silence_is_silence() -> None:
    silence = drawn(torch.zeros(N_FRAMES * CONFIG.hop_length), np.full(N_FRAMES, 440.0, np.float32))
    assert not silence.any()


def test_a_partial_above_half_the_sample_rate_is_left_out() -> None:
    tone = 0.2 * torch.cos(2 * np.pi * 12_000 * SECONDS)
    found, rest_db = fitted(drawn(tone, np.full(N_FRAMES, 12_000, np.float32)), [12_000.0])
    assert found == pytest.approx([0.2], rel=0.05)
    assert rest_db < -40
