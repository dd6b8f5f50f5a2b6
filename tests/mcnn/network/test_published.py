import math

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from mcnn.network.config import PUBLISHED_SIZES, McnnConfig
from mcnn.network.published import PublishedMcnn, ScaledSoftsign, Upsampling
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

SMALL = SpectrogramConfig(sample_rate=16_000, n_fft=256, hop_length=32, n_mels=20)
TINY = McnnConfig(heads=3, layers=4, filter_width=7)
CONTEXT = 2
"""Frames before and after its own that a sample of `TINY` at `SMALL` depends on."""


def small_inverter(size: McnnConfig = TINY) -> PublishedMcnn:
    torch.manual_seed(0)
    return PublishedMcnn(SMALL, size).double().eval()


def random_log_mel(batch: int, frames: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, SMALL.n_mels, frames, generator=generator, dtype=torch.float64) * 4.0 - 4.0


@pytest.mark.parametrize(
    ("hop_length", "layers", "expected"),
    [
        (256, 8, (2,) * 8),  # the paper's
        (512, 8, (4,) + (2,) * 7),
        (512, 7, (4, 4) + (2,) * 5),
        (512, 4, (8, 4, 4, 4)),
        (512, 1, (512,)),
        (512, 10, (2,) * 9 + (1,)),
        (300, 3, (10, 6, 5)),
    ],
)
def test_strides_multiply_to_the_hop(hop_length: int, layers: int, expected: tuple[int, ...]) -> None:
    strides = McnnConfig(layers=layers).strides(hop_length)
    assert strides == expected
    assert math.prod(strides) == hop_length


def test_the_paper_s_filters() -> None:
    paper = McnnConfig()
    assert (paper.heads, paper.layers, paper.width(2)) == (8, 8, 13)
    assert paper.width(4) == 26
    assert McnnConfig(filter_width=2).width(1) == 1


@pytest.mark.parametrize(("name", "millions"), [("published", 14.8), ("light", 2.5)])
def test_sizes_of_the_presets(name: str, millions: float) -> None:
    inverter = PublishedMcnn(SpectrogramConfig(), PUBLISHED_SIZES[name])
    parameters = sum(parameter.numel() for parameter in inverter.parameters())
    assert parameters == pytest.approx(millions * 1e6, rel=0.02)


@pytest.mark.parametrize("field", ["heads", "layers", "filter_width", "width"])
def test_impossible_sizes_are_refused_by_name(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        McnnConfig.model_validate({field: 0})


@pytest.mark.parametrize("size", [TINY, McnnConfig(heads=1, layers=6, filter_width=4)])
@pytest.mark.parametrize("frames", [1, 2, 9])
def test_every_frame_gives_a_hop_of_samples(size: McnnConfig, frames: int) -> None:
    assert small_inverter(size)(random_log_mel(2, frames)).shape == (2, frames * SMALL.hop_length)


def test_silence_stays_silence() -> None:
    inverter = PublishedMcnn(SMALL, TINY)
    silence = Spectrogram(SMALL)(torch.zeros(2, 10 * SMALL.hop_length))
    assert inverter(silence).abs().max() == 0.0
    assert inverter(silence + 1e-6).abs().max() == 0.0
    assert inverter(silence - 1.0).abs().max() == 0.0  # a decoder may undershoot


def test_sound_does_not_vanish_in_the_untrained_network() -> None:
    waveform = small_inverter()(random_log_mel(4, 20))
    assert 0.05 < waveform.std() < 1.0


def test_a_steady_spectrum_comes_out_in_multiples_of_the_frame_rate_only() -> None:
    """The known structural limit: whatever the weights, a steady log-mel becomes a period of one hop."""
    inverter = small_inverter()
    steady = random_log_mel(1, 1).expand(-1, -1, CONTEXT + 16 + CONTEXT)
    with torch.no_grad():
        waveform = inverter(steady)[0]
    middle = waveform[CONTEXT * SMALL.hop_length : (CONTEXT + 16) * SMALL.hop_length]
    periods = middle.reshape(16, SMALL.hop_length)
    torch.testing.assert_close(periods, periods[:1].expand_as(periods), rtol=0, atol=1e-12)
    assert periods[0].std() > 0.01
    spectrum = torch.fft.rfft(middle).abs()
    between = torch.arange(len(spectrum)) % 16 != 0
    assert spectrum[between].max() < 1e-10 * spectrum.max()


def test_a_frame_reaches_no_further_than_the_context() -> None:
    inverter = small_inverter()
    log_mel = random_log_mel(1, 20)
    changed = log_mel.clone()
    changed[..., 10] = 0.0
    with torch.no_grad():
        difference = (inverter(changed) - inverter(log_mel))[0].abs().reshape(20, SMALL.hop_length)
    reached = difference.amax(dim=1).nonzero().flatten()
    assert (reached[0], reached[-1]) == (10 - CONTEXT, 10 + CONTEXT)


def test_heads_do_not_see_one_another() -> None:
    inverter = small_inverter()
    levels = random_log_mel(1, 6) + 4.0
    whole = inverter.layers(levels)
    with torch.no_grad():
        for layer in inverter.layers:
            if isinstance(layer, Upsampling):
                weight = layer.convolution.weight
                # Heads lie along the outputs of the first layer, along the inputs of the others.
                by_head = weight.transpose(0, 1) if layer.convolution.groups == 1 else weight
                by_head[: len(by_head) // TINY.heads] = 0.0
    without_first = inverter.layers(levels)
    assert without_first[:, 0].abs().max() == 0.0
    torch.testing.assert_close(without_first[:, 1:], whole[:, 1:])


def test_every_parameter_learns() -> None:
    inverter = small_inverter()
    inverter(random_log_mel(2, 8)).square().mean().backward()
    for name, parameter in inverter.named_parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_scaled_softsign() -> None:
    softsign = ScaledSoftsign()
    with torch.no_grad():
        softsign.a.fill_(3.0)
        softsign.b.fill_(-2.0)
    values = softsign(torch.tensor([0.0, 1.0, -1.0, 1e9]))
    assert values.tolist() == pytest.approx([0.0, 1.0, -1.0, 1.5])


def test_a_log_mel_of_another_front_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(batch, 20, frames\)"):
        small_inverter()(torch.zeros(1, 21, 5))
