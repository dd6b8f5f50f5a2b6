import math
from copy import deepcopy

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from mcnn.losses.discriminators import (
    MIN_FEATURE,
    DiscriminatorConfig,
    Judgement,
    WaveformDiscriminator,
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)

SMALL = DiscriminatorConfig(channels=4, spectrum_channels=4, periods=(2, 3), resolutions=((128, 32),))
ONLY_PERIODS = SMALL.model_copy(update={"resolutions": ()})
ONLY_SPECTRA = SMALL.model_copy(update={"periods": ()})
SAMPLE_RATE = 44_100
SAMPLES = 3001


def small(config: DiscriminatorConfig = SMALL, seed: int = 0) -> WaveformDiscriminator:
    torch.manual_seed(seed)
    return WaveformDiscriminator(config)


def noise(seed: int, batch: int = 2, samples: int = SAMPLES) -> Tensor:
    return 0.1 * torch.randn(batch, samples, generator=torch.Generator().manual_seed(seed))


def tones(f0_hz: float, seed: int, batch: int = 8, samples: int = 4096) -> Tensor:
    """Sinusoids at the reference level with phases drawn at random."""
    phase = 2 * math.pi * torch.rand(batch, 1, generator=torch.Generator().manual_seed(seed))
    return 0.1 * math.sqrt(2) * torch.sin(2 * math.pi * f0_hz / SAMPLE_RATE * torch.arange(samples) + phase)


def judged(logits: list[float], *features: list[float]) -> Judgement:
    return Judgement(
        torch.tensor(logits)[:, None, None], [torch.tensor(layer)[:, None, None] for layer in features]
    )


def values(judgements: list[Judgement]) -> list[Tensor]:
    return [value for judgement in judgements for value in (judgement.logits, *judgement.features)]


@pytest.mark.parametrize("samples", [1, 130, 2047, 2048, 3001])
def test_any_length_is_judged(samples: int) -> None:
    """Rows are phases of the period, columns its repetitions; spectra have frames and bins."""
    judgements = small()(noise(0, samples=samples))
    assert len(judgements) == 3
    for judgement, period in zip(judgements, (2, 3), strict=False):
        columns = -(-samples // period)
        for features, channels in zip(judgement.features, (4, 8, 16, 16), strict=True):
            columns = -(-columns // 3)
            assert features.shape == (2, channels, period, columns)
        assert judgement.logits.shape == (2, 1, period, columns)
    frames = 1 + samples // 32
    shapes = [(4, frames, 17), (8, -(-frames // 2), 9), (16, -(-frames // 4), 5), (16, -(-frames // 4), 5)]
    assert [tuple(features.shape[1:]) for features in judgements[2].features] == shapes


def test_what_is_not_a_batch_of_waveforms_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 1, 100\).*\(batch, samples\)"):
        small()(torch.zeros(3, 1, 100))
    with pytest.raises(ValueError, match=r"\(2, 0\)"):
        small()(torch.zeros(2, 0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"periods": (), "resolutions": ()}, "neither periods nor resolutions"),
        ({"periods": (0,)}, "greater than or equal to 1"),
        ({"resolutions": ((512, 512),)}, "window 512 must be at least twice"),
        ({"width": 3}, "Extra inputs"),
    ],
)
def test_impossible_shapes_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DiscriminatorConfig.model_validate(settings)


def test_period_discriminator_sees_what_repeats() -> None:
    """What repeats every 3 samples looks the same all along the rows of period 3, not of period 2."""
    click = torch.tensor([0.1, 0.0, 0.0]).repeat(1, 300)
    two, three = (d.picture(click)[0, 0] for d in small(ONLY_PERIODS).discriminators)  # type: ignore[operator]
    assert torch.equal(three, torch.tensor([1.0, 0.0, 0.0])[:, None].expand(3, 300))
    assert not torch.equal(two[:, :-1], two[:, 1:])


def test_spectra_are_compressed() -> None:
    """Half the amplitude has 0.5 ** 0.3 of the magnitude, at the same phase."""
    picture = small(ONLY_SPECTRA).discriminators[0].picture
    loud, soft = (picture(gain * tones(5512.5, seed=0)) for gain in (1.0, 0.5))  # type: ignore[operator]
    at_the_tone = (slice(None), slice(None), slice(5, -5), 16)
    torch.testing.assert_close(soft[at_the_tone], 0.5**0.3 * loud[at_the_tone], rtol=1e-4, atol=1e-4)


def test_losses_of_those_who_know_nothing_and_all() -> None:
    unsure, real, fake = judged([0.0, 0.0]), judged([1.0, 3.0]), judged([-1.0, -2.0])
    assert discriminator_loss([unsure], [unsure]).item() == 2.0
    assert discriminator_loss([real], [fake]).item() == 0.0
    assert discriminator_loss([unsure, real], [unsure, fake]).item() == 1.0
    assert generator_loss([unsure]).item() == 1.0
    assert generator_loss([real]).item() == 0.0
    assert generator_loss([fake]).item() == 2.5


def test_feature_matching_weighs_layers_alike() -> None:
    """Both layers are half wrong, though one is a thousand times larger."""
    real = judged([0.0], [1.0, -3.0], [1000.0, 1000.0])
    fake = judged([0.0], [2.0, -2.0], [1500.0, 500.0])
    assert feature_matching_loss([fake], [real]).item() == pytest.approx(0.5)
    assert feature_matching_loss([real], [real]).item() == 0.0


def test_feature_matching_of_a_layer_that_is_silent() -> None:
    real, fake = judged([0.0], [0.0, 0.0]), judged([0.0], [MIN_FEATURE, 0.0])
    assert feature_matching_loss([fake], [real]).item() == pytest.approx(0.5)


def test_feature_matching_has_no_gradient_to_the_real() -> None:
    real, fake = torch.ones(2, 3, 4, requires_grad=True), torch.zeros(2, 3, 4, requires_grad=True)
    feature_matching_loss([Judgement(fake, [fake])], [Judgement(real, [real])]).backward()  # type: ignore[no-untyped-call]
    assert real.grad is None
    torch.testing.assert_close(fake.grad, torch.full((2, 3, 4), -1 / 24))


@pytest.mark.parametrize("config", [ONLY_PERIODS, ONLY_SPECTRA], ids=["periods", "spectra"])
@pytest.mark.parametrize("loss", ["adversarial", "features"])
def test_gradients_reach_every_sample(config: DiscriminatorConfig, loss: str) -> None:
    discriminator = small(config)
    waveform = noise(1).requires_grad_()
    fake = discriminator(waveform)
    value = (
        generator_loss(fake)
        if loss == "adversarial"
        else feature_matching_loss(fake, discriminator(noise(2)))
    )
    (gradient,) = torch.autograd.grad(value, waveform)
    assert (gradient != 0).float().mean() > 0.99


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("silent", ["both", "real", "fake"])
def test_silence_has_finite_losses_and_gradients(dtype: torch.dtype, silent: str) -> None:
    discriminator = small()
    real, fake = noise(1), noise(2)
    for name, waveform in (("real", real), ("fake", fake)):
        waveform[:, SAMPLES // 2 :] = 0.0
        if silent in (name, "both"):
            waveform[0] = 0.0
    fake.requires_grad_()
    with torch.autocast("cpu", dtype, enabled=dtype is not torch.float32):
        of_real, of_fake = discriminator(real), discriminator(fake)
        for_generator = generator_loss(of_fake) + feature_matching_loss(of_fake, of_real)
        for_discriminator = discriminator_loss(of_real, of_fake)
    assert for_generator.dtype == for_discriminator.dtype == torch.float32
    (gradient,) = torch.autograd.grad(for_generator, fake, retain_graph=True)
    for_discriminator.backward(inputs=list(discriminator.parameters()))  # type: ignore[no-untyped-call]
    gradients = [gradient, *(weight.grad for weight in discriminator.parameters() if weight.grad is not None)]
    assert len(gradients) == 1 + len(list(discriminator.parameters()))
    assert all(torch.isfinite(value).all() for value in (for_generator, for_discriminator, *gradients))
    assert gradient.abs().max() < 10.0


def test_one_pass_serves_both_sides() -> None:
    """The gradients are those of separate passes."""
    shared, separate = small(), small()
    real, fake = noise(1), noise(2).requires_grad_()
    of_real, of_fake = shared(real), shared(fake)
    (to_fake,) = torch.autograd.grad(generator_loss(of_fake), fake, retain_graph=True)
    discriminator_loss(of_real, of_fake).backward(inputs=list(shared.parameters()))  # type: ignore[no-untyped-call]
    assert fake.grad is None
    discriminator_loss(separate(real), separate(fake.detach())).backward()  # type: ignore[no-untyped-call]
    for one, other in zip(shared.parameters(), separate.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
    (alone,) = torch.autograd.grad(generator_loss(separate.requires_grad_(False)(fake)), fake)
    torch.testing.assert_close(to_fake, alone)


@pytest.mark.parametrize(
    ("config", "other"),
    [(ONLY_PERIODS, "flat"), (ONLY_PERIODS, "noise"), (ONLY_SPECTRA, "noise")],
    ids=["periods-flat", "periods-noise", "spectra-noise"],
)
def test_it_learns_to_tell_them_apart(config: DiscriminatorConfig, other: str) -> None:
    """440 Hz from 430.66, which is what the MCNN as published would say, and from noise; at new phases."""
    discriminator = small(config)
    optimizer = torch.optim.AdamW(discriminator.parameters(), 3e-3, betas=(0.8, 0.99))

    def pair(seed: int) -> tuple[list[Judgement], list[Judgement]]:
        fake = tones(430.66, seed + 1000) if other == "flat" else noise(seed, 8, 4096)
        return discriminator(tones(440.0, seed)), discriminator(fake)

    for step in range(40):
        loss = discriminator_loss(*pair(step))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        of_real, of_fake = (judgements[0].logits.mean(dim=(1, 2, 3)) for judgements in pair(5000))
    assert of_real.min() > of_fake.max()


def test_copies_and_reloaded_weights_judge_alike() -> None:
    """A running average of the weights lives in a deep copy."""
    original, other = small(seed=1), small(seed=2)
    copied = deepcopy(original)
    other.load_state_dict(original.state_dict())
    expected = values(original(noise(3)))
    for again in (copied, other):
        for value, wanted in zip(values(again(noise(3))), expected, strict=True):
            assert torch.equal(value, wanted)
    with torch.no_grad():
        next(copied.parameters()).add_(1.0)
    assert all(
        torch.equal(value, wanted) for value, wanted in zip(values(original(noise(3))), expected, strict=True)
    )
    assert DiscriminatorConfig.model_validate_json(original.config.model_dump_json()) == original.config
