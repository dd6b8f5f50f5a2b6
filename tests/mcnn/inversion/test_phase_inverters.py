import math

import numpy as np
import pytest
import torch

from mcnn.inversion.inverter import Inverter
from mcnn.inversion.phase_inverters import PghiInverter, PhaseInverter, RtpghiInverter
from mcnn.losses.metrics import spectral_convergence_db
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram
from tests.mcnn.inversion.test_rtpghi import frequency_hz
from tests.support.synth import tone

CONFIG = SpectrogramConfig()
SPECTROGRAM = Spectrogram(CONFIG)
RTPGHI, PGHI = RtpghiInverter(CONFIG), PghiInverter(CONFIG)
ALL = pytest.mark.parametrize("inverter", [RTPGHI, PGHI], ids=lambda inverter: inverter.name)


def noise(n_frames: int) -> torch.Tensor:
    return 0.1 * torch.randn(1, n_frames * 512, generator=torch.Generator().manual_seed(0))


def test_names() -> None:
    assert [one.name for one in (RTPGHI, PGHI)] == ["rtpghi", "pghi"]


@ALL
def test_a_batch_is_its_notes(inverter: PhaseInverter) -> None:
    assert isinstance(inverter, Inverter)
    notes = [torch.from_numpy(tone(f0_hz, 0.3, noise=1e-2)) for f0_hz in (220.0, 311.0)]
    log_mel = SPECTROGRAM(torch.stack(notes))
    waveforms = inverter(log_mel)
    assert waveforms.shape == (2, log_mel.shape[2] * CONFIG.hop_length)
    assert waveforms.dtype == torch.float32
    for note in range(2):
        assert torch.equal(inverter(log_mel[note : note + 1])[0], waveforms[note])


@ALL
@pytest.mark.parametrize("f0_hz", [440.0, 65.4, 1976.0])
def test_a_tone_comes_back_in_tune(inverter: PhaseInverter, f0_hz: float) -> None:
    turns = f0_hz / CONFIG.sample_rate * torch.arange(96 * 512, dtype=torch.float64)
    waveform = (0.3 * torch.cos(2 * math.pi * turns)).float()
    again = inverter(SPECTROGRAM(waveform[None]))[0]
    assert abs(1200 * math.log2(frequency_hz(again) / f0_hz)) < 5.0


@ALL
def test_a_note_comes_back_from_either_spectrogram(inverter: PhaseInverter) -> None:
    waveform = torch.from_numpy(tone(196.0, 0.8, noise=1e-3))[None]
    magnitude, log_mel = SPECTROGRAM.magnitude(waveform), SPECTROGRAM(waveform)
    from_linear = SPECTROGRAM.magnitude(inverter.from_magnitude(magnitude))
    from_mel = SPECTROGRAM.magnitude(inverter(log_mel))
    assert spectral_convergence_db(from_linear, magnitude).item() < -27
    assert spectral_convergence_db(from_mel, magnitude).item() < -24


@ALL
def test_a_click_stays_a_click(inverter: PhaseInverter) -> None:
    waveform = torch.zeros(1, 40 * 512)
    waveform[0, 9777] = 1.0
    power = inverter(SPECTROGRAM(waveform))[0].square()
    assert abs(int(power.argmax()) - 9777) <= 4
    assert power[9777 - 128 : 9777 + 129].sum() > 0.9 * power.sum()


@ALL
def test_silence_is_exactly_silence(inverter: PhaseInverter) -> None:
    for level in (-4.0, -4.5):
        assert not inverter(torch.full((2, CONFIG.n_mels, 12), level)).any()
    assert not inverter.from_magnitude(torch.zeros(1, CONFIG.n_bins, 12)).any()


@ALL
def test_frames_beyond_the_end_stay_silent(inverter: PhaseInverter) -> None:
    log_mel = SPECTROGRAM(torch.from_numpy(tone(440.0, 0.4))[None])
    waveform = inverter(torch.nn.functional.pad(log_mel, (0, 40), value=-4.0))[0]
    reach = (log_mel.shape[2] - 1) * CONFIG.hop_length + CONFIG.n_fft // 2
    assert waveform[:reach].abs().max() > 0.1
    assert not waveform[reach:].any()


@ALL
@pytest.mark.parametrize("smooth", [False, True])
def test_noise_neither_buzzes_at_the_frame_rate_nor_turns_into_clicks(
    inverter: PhaseInverter, smooth: bool
) -> None:
    log_mel = SPECTROGRAM(noise(96))
    if smooth:
        log_mel = log_mel[..., 10:-10].mean(-1, keepdim=True).expand(-1, -1, 96)
    waveform = inverter(log_mel)[0, 8192:-8192].double().numpy()
    power = waveform**2
    turns = np.arange(len(power)) / CONFIG.hop_length
    assert np.abs((power * np.exp(-2j * np.pi * turns)).sum()) / power.sum() < 0.03
    assert (power**2).mean() / power.mean() ** 2 == pytest.approx(3.0, abs=0.2)


def test_same_seed_same_sound() -> None:
    log_mel = SPECTROGRAM(noise(24))
    first, second, other = (RtpghiInverter(CONFIG, seed=seed)(log_mel) for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@ALL
def test_nothing_comes_back_as_nothing(inverter: PhaseInverter) -> None:
    assert inverter(torch.zeros(0, CONFIG.n_mels, 5)).shape == (0, 5 * CONFIG.hop_length)
    assert inverter(torch.zeros(2, CONFIG.n_mels, 0)).shape == (2, 0)
    assert inverter(torch.zeros(1, CONFIG.n_mels, 1)).shape == (1, CONFIG.hop_length)


@ALL
def test_wrong_shapes_are_refused(inverter: PhaseInverter) -> None:
    with pytest.raises(ValueError, match=r"^log-mel of shape \(1, 80, 5\); expected \(batch, 512, frames\)$"):
        inverter(torch.zeros(1, 80, 5))
    with pytest.raises(
        ValueError, match=r"^magnitudes of shape \(2049, 5\); expected \(batch, 2049, frames\)$"
    ):
        inverter.from_magnitude(torch.zeros(CONFIG.n_bins, 5))
