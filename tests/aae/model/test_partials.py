import math

import pytest
import torch

from aae.model.partials import PartialTemplate, draw_reference
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig()


@pytest.fixture(scope="module")
def template() -> PartialTemplate:
    return PartialTemplate(CONFIG, 16)


@pytest.mark.parametrize("f0_hz", [65.4, 440.0, 1975.5])
def test_drawn_tone_equals_the_spectrogram_of_that_tone(template: PartialTemplate, f0_hz: float) -> None:
    time_s = torch.arange(CONFIG.sample_rate // 2) / CONFIG.sample_rate
    waveform = torch.sin(2 * math.pi * f0_hz * time_s) + 0.1 * torch.sin(2 * math.pi * 4 * f0_hz * time_s)
    spectrogram = Spectrogram(CONFIG)
    expected = spectrogram.mel(spectrogram.magnitude(waveform[None]))[0, :, 20]
    amplitude = torch.zeros(1, 1, 16)
    amplitude[..., 0], amplitude[..., 3] = 1.0, 0.1
    drawn = template(amplitude, torch.full((1, 1), f0_hz), torch.zeros(1))[0, 0]
    strong = expected > 0.03
    assert (drawn[strong] / expected[strong] - 1).abs().max() < 0.15
    assert (drawn - expected).norm() / expected.norm() < 0.05


def test_compiled_and_reference_drawing_agree_with_their_gradients(template: PartialTemplate) -> None:
    amplitude = torch.rand(2, 300, 16, requires_grad=True)
    f0_hz = (100 * 2 ** (4 * torch.rand(2, 300))).requires_grad_()
    drawn = template(amplitude, f0_hz, torch.tensor([0.0, 1e-4]))
    weight = torch.rand_like(drawn)
    gradients = torch.autograd.grad((drawn * weight).sum(), (amplitude, f0_hz))

    def by_reference(a: torch.Tensor, p: torch.Tensor, *rest: object) -> torch.Tensor:
        return draw_reference(a, p, template.start, template.taps, CONFIG.n_mels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aae.model.partials._DrawOnCpu.apply", by_reference)
        reference = template(amplitude, f0_hz, torch.tensor([0.0, 1e-4]))
        expected = torch.autograd.grad((reference * weight).sum(), (amplitude, f0_hz))
    torch.testing.assert_close(drawn, reference, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(gradients, expected, rtol=1e-3, atol=1e-3)


def test_partials_above_the_highest_frequency_and_of_unpitched_sounds_are_not_drawn(
    template: PartialTemplate,
) -> None:
    amplitude = torch.ones(1, 1, 16)
    amplitude[..., :8] = 0.0
    assert template(amplitude, torch.full((1, 1), 3000.0), torch.zeros(1)).abs().max() == 0
    assert template(torch.ones(1, 1, 16), torch.zeros(1, 1), torch.zeros(1)).abs().max() == 0


def test_inharmonicity_raises_the_upper_partials(template: PartialTemplate) -> None:
    amplitude = torch.zeros(1, 1, 16)
    amplitude[..., 9] = 1.0
    plain = template(amplitude, torch.full((1, 1), 220.0), torch.zeros(1))
    stretched = template(amplitude, torch.full((1, 1), 220.0), torch.tensor([1e-3]))
    shifted = template(amplitude, torch.full((1, 1), 220.0 * math.sqrt(1.1)), torch.zeros(1))
    torch.testing.assert_close(stretched, shifted, rtol=1e-3, atol=1e-4)
    assert (plain - shifted).abs().max() > 0.1
