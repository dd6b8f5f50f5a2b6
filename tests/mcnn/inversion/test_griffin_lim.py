import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import Inverter, InverterConditioning
from mcnn.losses.metrics import spectral_convergence_db
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.synth import tone

CONFIG = SpectrogramConfig()
SPECTROGRAM = Spectrogram(CONFIG)
INVERTER = GriffinLim(CONFIG)


def frequency_hz(waveform: torch.Tensor) -> float:
    """Frequency of a steady tone, by the phase between two windowed spectra."""
    length, apart = 8192, 64
    window = torch.hann_window(length)
    first, second = (
        torch.fft.rfft(waveform[start : start + length] * window) for start in (8192, 8192 + apart)
    )
    peak = int(first.abs().argmax())
    turn = float(torch.angle(second[peak] / first[peak])) / (2 * math.pi)
    whole = round(peak * apart / length - turn)
    return (whole + turn) * CONFIG.sample_rate / apart


def test_keeps_the_contract() -> None:
    assert isinstance(INVERTER, Inverter)
    assert INVERTER.name == "griffin-lim"
    log_mel = SPECTROGRAM(torch.from_numpy(tone(220.0, 0.3))[None]).expand(2, -1, -1)
    waveforms = INVERTER(log_mel)
    assert waveforms.shape == (2, log_mel.shape[2] * CONFIG.hop_length)
    assert waveforms.dtype == torch.float32
    assert torch.equal(waveforms[0], waveforms[1])


@pytest.mark.parametrize("f0_hz", [440.0, 65.4, 1976.0])
def test_a_tone_comes_back_in_tune(f0_hz: float) -> None:
    samples = torch.arange(96 * 512, dtype=torch.float64)
    waveform = (0.3 * torch.cos(2 * math.pi * f0_hz / CONFIG.sample_rate * samples)).float()
    again = INVERTER(SPECTROGRAM(waveform[None]))[0]
    assert abs(1200 * math.log2(frequency_hz(again) / f0_hz)) < 2.0


def test_a_note_comes_back_from_either_spectrogram() -> None:
    waveform = torch.from_numpy(tone(196.0, 0.8, noise=1e-3))[None]
    magnitude, log_mel = SPECTROGRAM.magnitude(waveform), SPECTROGRAM(waveform)
    from_linear = SPECTROGRAM.magnitude(INVERTER.from_magnitude(magnitude))
    from_mel = SPECTROGRAM.magnitude(INVERTER(log_mel))
    assert spectral_convergence_db(from_linear, magnitude).item() < -35
    assert spectral_convergence_db(from_mel, magnitude).item() < -25


def test_more_iterations_are_nearer() -> None:
    magnitude = SPECTROGRAM.magnitude(torch.from_numpy(tone(311.0, 0.5))[None])
    errors = [
        spectral_convergence_db(
            SPECTROGRAM.magnitude(GriffinLim(CONFIG, iterations).from_magnitude(magnitude)), magnitude
        ).item()
        for iterations in (0, 8, 32)
    ]
    assert errors[0] > errors[1] + 1 > errors[2] + 2


def test_silence_is_exactly_silence() -> None:
    for level in (-4.0, -4.5):
        assert not INVERTER(torch.full((1, CONFIG.n_mels, 12), level)).any()
    assert not INVERTER.from_magnitude(torch.zeros(1, CONFIG.n_bins, 12)).any()


def test_frames_beyond_the_end_stay_silent() -> None:
    log_mel = SPECTROGRAM(torch.from_numpy(tone(440.0, 0.4))[None])
    n_frames, beyond = log_mel.shape[2], 60
    padded = torch.nn.functional.pad(log_mel, (0, beyond), value=-4.0)
    waveform = INVERTER(padded)[0]
    reach = (n_frames - 1) * CONFIG.hop_length + CONFIG.n_fft // 2
    assert waveform[:reach].abs().max() > 0.1
    assert not waveform[reach:].any()


def test_same_seed_same_sound() -> None:
    log_mel = SPECTROGRAM(torch.from_numpy(tone(440.0, 0.3, noise=1e-2))[None])
    first, second, other = (GriffinLim(CONFIG, 4, seed=seed)(log_mel) for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_smooth_noise_does_not_buzz_at_the_frame_rate() -> None:
    """Aligned phases would swell and fade with the frames, 86 times a second."""
    level = SPECTROGRAM(0.1 * torch.randn(1, 96 * 512, generator=torch.Generator().manual_seed(0)))
    steady = level[..., 10:-10].mean(-1, keepdim=True).expand(-1, -1, 96).contiguous()
    waveform = GriffinLim(CONFIG, iterations=8)(steady)[0, 8192:-8192].double().numpy()
    power = waveform**2
    swell = (
        np.abs((power * np.exp(-2j * np.pi * np.arange(len(power)) / CONFIG.hop_length)).sum()) / power.sum()
    )
    assert swell < 0.03


def test_wrong_number_of_bands_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 80, 5\).*512"):
        INVERTER(torch.zeros(1, 80, 5))


def test_overlap_add_is_the_front_end() -> None:
    waveform = torch.randn(20 * 512, generator=torch.Generator().manual_seed(0))
    transform = OverlapAdd(CONFIG, 20)
    spectrum = transform.analyse(waveform)
    torch.testing.assert_close(spectrum.T, SPECTROGRAM.stft(waveform[None])[0], atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(transform.synthesise(spectrum), waveform, atol=1e-5, rtol=0)


def test_an_attack_that_a_decoder_made_is_held_by_its_envelope_alone() -> None:
    begins = 16 * 512
    waveform = np.concatenate([np.zeros(begins, np.float32), tone(196.0, 0.5)])
    log_mel = SPECTROGRAM(torch.from_numpy(waveform)[None])
    attack = slice(12, 21)
    blurred = gaussian_filter1d(log_mel[..., attack].numpy(), 6.0, axis=1)  # what partials do is lost
    log_mel[..., attack] = torch.from_numpy(blurred)
    held = INVERTER(log_mel)[0].numpy()
    freed = INVERTER(log_mel, InverterConditioning(onsets=(16.0,)))[0].numpy()
    early = slice(begins - 1500, begins - 250)
    assert np.square(freed[early]).mean() < 0.5 * np.square(held[early]).mean()
    later = slice(begins + 4096, begins + 12288)
    louder = np.square(freed[later]).mean() / np.square(held[later]).mean()
    assert louder == pytest.approx(1, abs=0.2)
