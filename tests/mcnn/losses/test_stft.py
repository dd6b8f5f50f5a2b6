import math

import pytest
import torch
from torch import Tensor

from mcnn.losses.stft import (
    CHANCE,
    QUIETEST,
    BandLevelLoss,
    CombinedStftLoss,
    InstantaneousFrequencyLoss,
    LogMagnitudeLoss,
    MultiResolutionStftLoss,
    SpectralConvergenceLoss,
    StftLoss,
    WeightedPhaseLoss,
)
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

N_FFT, HOP_LENGTH, BINS = 256, 64, 129
SINGLE: list[type[StftLoss]] = [
    SpectralConvergenceLoss,
    LogMagnitudeLoss,
    InstantaneousFrequencyLoss,
    WeightedPhaseLoss,
]
EVERY_LOSS = [
    *(loss(N_FFT, HOP_LENGTH) for loss in SINGLE),
    CombinedStftLoss(n_fft=N_FFT, hop_length=HOP_LENGTH),
    MultiResolutionStftLoss(((64, 16), (256, 64))),
]


def cosine(cycles: float = 16.0, phase: float = 0.0, samples: int = 4096) -> Tensor:
    """A cosine with this many cycles in a window: one bin, and half of it in each neighbour."""
    return torch.cos(2 * math.pi * cycles / N_FFT * torch.arange(samples, dtype=torch.float64) + phase)[None]


def noise(seed: int, batch: int = 2, samples: int = 1024) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(batch, samples, generator=generator, dtype=torch.float64)


def inside(loss: StftLoss, input: Tensor, target: Tensor) -> float:
    """The loss of the frames that neither end reaches: there, known answers are exact."""
    spectra = [loss.spectrum(waveform)[..., 2:-2] for waveform in (input, target)]
    return loss.compare(*spectra).item()


every_loss = pytest.mark.parametrize("loss", EVERY_LOSS, ids=lambda loss: type(loss).__name__)


@pytest.mark.parametrize("gain", [0.5, 0.9, 2.0])
def test_spectral_convergence_of_another_level(gain: float) -> None:
    loss = SpectralConvergenceLoss(N_FFT, HOP_LENGTH)
    assert inside(loss, gain * cosine(), cosine()) == pytest.approx(abs(gain - 1.0), rel=1e-9)


def test_spectral_convergence_of_another_pitch() -> None:
    """Two sinusoids that share no bin: the error has the energy of both."""
    loss = SpectralConvergenceLoss(N_FFT, HOP_LENGTH)
    assert inside(loss, cosine(40.0), cosine(16.0)) == pytest.approx(math.sqrt(2.0), rel=1e-9)


def test_log_magnitude_of_half_the_level() -> None:
    loss = LogMagnitudeLoss(N_FFT, HOP_LENGTH, floor=1e-6)
    # Three bins of the window's main lobe are ln 2 off; all others are silent.
    assert inside(loss, 0.5 * cosine(), cosine()) == pytest.approx(3 * math.log(2.0) / BINS, rel=1e-5)


def test_log_magnitude_counts_from_the_floor() -> None:
    loss = LogMagnitudeLoss(N_FFT, HOP_LENGTH, floor=0.1)
    expected = (math.log(1.1 / 0.1) + 2 * math.log(0.6 / 0.1)) / BINS
    assert inside(loss, 0.0 * cosine(), cosine()) == pytest.approx(expected, rel=1e-9)


def test_instantaneous_frequency_of_another_pitch() -> None:
    """Half a cycle in a window is 1/8 of a cycle in a hop, in all bins that both reach."""
    loss = InstantaneousFrequencyLoss(N_FFT, HOP_LENGTH, floor=0.1)
    expected = 2 * math.pi * 0.5 * HOP_LENGTH / N_FFT
    assert inside(loss, cosine(16.5), cosine(16.0)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("factor", [1.0, -1.0, 0.3])
def test_instantaneous_frequency_knows_neither_level_nor_constant_phase(factor: float) -> None:
    loss = InstantaneousFrequencyLoss(N_FFT, HOP_LENGTH, floor=1e-9)
    assert loss(factor * noise(0), noise(0)).item() == pytest.approx(0.0, abs=1e-6)
    assert inside(loss, factor * cosine(phase=1.0), cosine()) == pytest.approx(0.0, abs=1e-6)


def test_instantaneous_frequency_goes_the_shortest_way_round() -> None:
    """Three quarters of a cycle ahead is a quarter behind."""
    loss = InstantaneousFrequencyLoss(N_FFT, HOP_LENGTH)
    target = loss.spectrum(cosine())
    turned = target * torch.polar(torch.tensor(1.0), 1.5 * math.pi * torch.arange(target.shape[-1]))
    assert loss.compare(turned, target).item() == pytest.approx(math.pi / 2, rel=1e-5)


def test_instantaneous_frequency_of_noise_and_of_silence_is_chance() -> None:
    loss = InstantaneousFrequencyLoss(N_FFT, N_FFT)  # frames that overlap are not independent
    assert loss(noise(0, samples=80_000), noise(1, samples=80_000)).item() == pytest.approx(CHANCE, rel=0.02)
    assert loss(torch.zeros_like(noise(0)), noise(0)).item() == pytest.approx(CHANCE, rel=1e-9)
    assert loss(noise(0), torch.zeros_like(noise(0))).item() == 0.0


@pytest.mark.parametrize("phase", [0.0, 0.5, math.pi / 2, math.pi])
def test_weighted_phase_of_a_turned_cosine(phase: float) -> None:
    loss = WeightedPhaseLoss(N_FFT, HOP_LENGTH)
    assert inside(loss, cosine(phase=phase), cosine()) == pytest.approx(1 - math.cos(phase), abs=1e-9)
    assert inside(loss, 0.5 * cosine(phase=phase), cosine()) == pytest.approx(
        0.5 * (1 - math.cos(phase)), abs=1e-9
    )


@pytest.mark.parametrize("kind", SINGLE)
def test_a_quiet_note_counts_as_much_as_a_loud_one(kind: type[StftLoss]) -> None:
    loss = kind(N_FFT, HOP_LENGTH, floor=1e-9)
    loud, quiet = (loss(gain * noise(0), gain * noise(1)).item() for gain in (1.0, 0.1))
    assert quiet == pytest.approx(loud, rel=1e-4)


def test_beside_silence_errors_are_relative_to_the_quietest_sound() -> None:
    silence = torch.zeros_like(cosine())
    norm = math.sqrt(1 + 0.25 + 0.25)
    loss = SpectralConvergenceLoss(N_FFT, HOP_LENGTH)
    assert inside(loss, QUIETEST * cosine(), silence) == pytest.approx(norm, rel=1e-6)
    assert WeightedPhaseLoss(N_FFT, HOP_LENGTH)(noise(0), torch.zeros_like(noise(0))).item() == 0.0


def test_what_is_under_the_floor_hardly_counts() -> None:
    hiss = 1e-5 * noise(0)
    assert LogMagnitudeLoss(N_FFT, HOP_LENGTH)(hiss, torch.zeros_like(hiss)).item() < 0.02


def test_a_zero_padded_end_adds_nothing() -> None:
    padding = torch.zeros(2, 64 * HOP_LENGTH, dtype=torch.float64)
    input, target = (torch.cat((noise(seed), padding), dim=1) for seed in (0, 1))
    for kind in (SpectralConvergenceLoss, InstantaneousFrequencyLoss, WeightedPhaseLoss):
        loss = kind(N_FFT, HOP_LENGTH)
        # The frames in which the sound ends see more of it than a waveform's own last frames do.
        assert loss(input, target).item() == pytest.approx(loss(noise(0), noise(1)).item(), rel=0.1)
    assert torch.isfinite(LogMagnitudeLoss(N_FFT, HOP_LENGTH)(input, target))


@every_loss
def test_equals_are_at_no_distance(loss: torch.nn.Module) -> None:
    assert loss(noise(0), noise(0)).item() == pytest.approx(0.0, abs=1e-6)
    assert loss(0.0 * noise(0), 0.0 * noise(0)).item() == 0.0
    assert loss(noise(0), noise(1)).item() > 0.1


@every_loss
def test_gradients_are_finite_at_silence(loss: torch.nn.Module) -> None:
    sounding = noise(1).float()
    half = sounding.clone()
    half[:, 512:] = 0.0
    silent, hiss = torch.zeros_like(sounding), 1e-20 * sounding
    for start in (silent, hiss, half, sounding):
        for target in (silent, hiss, half, sounding):
            input = start.clone().requires_grad_()
            value = loss(input, target)
            (gradient,) = torch.autograd.grad(value, input)
            assert torch.isfinite(value)
            assert torch.isfinite(gradient).all()


@every_loss
def test_gradients_are_those_of_finite_differences(loss: torch.nn.Module) -> None:
    input, target = noise(0, 1, 300).requires_grad_(), noise(1, 1, 300)
    assert torch.autograd.gradcheck(lambda x: loss(x, target), (input,), fast_mode=True, eps=1e-8, atol=1e-3)


@every_loss
def test_half_precision_is_computed_in_single(loss: torch.nn.Module) -> None:
    input, target = noise(0).bfloat16(), noise(1).bfloat16()
    value = loss(input, target)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(input.float(), target.float()).item(), rel=1e-6)


@every_loss
def test_waveforms_of_different_lengths_are_refused(loss: torch.nn.Module) -> None:
    with pytest.raises(ValueError, match=r"\(2, 1024\) and \(2, 1000\)"):
        loss(noise(0), noise(0)[:, :1000])


def test_combined_is_the_weighted_sum() -> None:
    weights = dict(zip(SINGLE, (1.0, 2.0, 0.5, 3.0), strict=True))
    combined = CombinedStftLoss(weights, N_FFT, HOP_LENGTH)(noise(0), noise(1)).item()
    parts = [weight * kind(N_FFT, HOP_LENGTH)(noise(0), noise(1)).item() for kind, weight in weights.items()]
    assert combined == pytest.approx(sum(parts), rel=1e-9)


def test_multi_resolution_is_the_mean_over_resolutions() -> None:
    input, target = 0.5 * noise(0), noise(0)
    whole = MultiResolutionStftLoss(((128, 32), (512, 128)), floor=1e-12)(input, target).item()
    assert whole == pytest.approx(0.5 + math.log(2.0), rel=1e-6)  # half the level at any resolution
    alone = [MultiResolutionStftLoss((one,))(noise(0), noise(1)).item() for one in ((128, 32), (512, 128))]
    both = MultiResolutionStftLoss(((128, 32), (512, 128)))(noise(0), noise(1)).item()
    assert both == pytest.approx(sum(alone) / 2, rel=1e-9)


def test_silent_items_do_not_outweigh_sounding_ones() -> None:
    """The same error, of -60 dB, beside a full-scale sound, a quiet one and silence."""
    loss = MultiResolutionStftLoss()
    error = 1e-2 * noise(0, 1, 8192)
    gradients = []
    for level in (1.0, 1e-2, 0.0):
        target = level * cosine(samples=8192)
        input = (target + error).requires_grad_()
        gradients += [torch.autograd.grad(loss(input, target), input)[0].norm().item()]
    assert max(gradients) < 10 * min(gradients)


BAND_LEVELS = BandLevelLoss(Spectrogram(SpectrogramConfig()))


def test_band_levels_of_half_the_level() -> None:
    loud = noise(0, samples=28 * 512).float()
    assert BAND_LEVELS(0.5 * loud, loud).item() == pytest.approx(math.log(2.0), rel=0.05)


def test_band_levels_hardly_know_one_noise_from_another() -> None:
    """Frame by frame two noises differ as much as either from another level; their levels do not."""
    ours, theirs = noise(0, samples=28 * 512).float(), noise(1, samples=28 * 512).float()
    frames = LogMagnitudeLoss()
    assert BAND_LEVELS(ours, theirs).item() < 0.4 * frames(ours, theirs).item()


def test_band_levels_have_finite_gradients_at_silence() -> None:
    silence = torch.zeros(1, 8192, requires_grad=True)
    BAND_LEVELS(silence, torch.zeros(1, 8192)).backward()
    assert silence.grad is not None
    assert silence.grad.isfinite().all()
