from dataclasses import replace

import pytest
import torch

from aae.analysis.onset import ONSET_FRAMES
from aae.model.autoencoder import AutoEncoder, build_model
from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from aae.model.decoder import Decoder
from aae.model.performance import Performance
from tests.support.toy_bank import CONFIG

SIZES = {"instrument": 3, "dynamics": 2}
SMALL = {"encoder_width": 16, "decoder_width": 16, "decoder_blocks": 1, "style_width": 16}


def _model(decoder: str, **settings: object) -> AutoEncoder:
    torch.manual_seed(0)
    config = ModelConfig.model_validate({"decoder": decoder, **SMALL, **settings})
    return build_model(config, CONFIG, SIZES).eval()


def _inputs(batch: int = 2, frames: int = 20) -> tuple[torch.Tensor, Condition, Performance]:
    weights = {name: torch.eye(size)[torch.zeros(batch, dtype=torch.long)] for name, size in SIZES.items()}
    performance = Performance(
        torch.full((batch,), frames),
        torch.zeros(batch, frames),
        torch.zeros(batch, frames),
        torch.zeros(batch),
    )
    return torch.zeros(batch, 3), Condition(torch.tensor([69] * batch), weights), performance


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_both_decoders_keep_one_contract(kind: str) -> None:
    decoder = _model(kind).decoder
    assert isinstance(decoder, Decoder)
    decoded = decoder(*_inputs())
    assert decoded.log_mel.shape == (2, CONFIG.n_mels, 20)
    assert decoded.log_mel.isfinite().all()
    latent, condition, _ = _inputs()
    assert decoder.traits(latent, condition).shape == (2, 4)


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_what_is_not_conditioned_on_changes_nothing(kind: str) -> None:
    decoder = _model(kind, condition_on_attributes=False).decoder
    latent, condition, performance = _inputs()
    before = decoder(latent, condition, performance).log_mel
    condition.weights["instrument"] = torch.tensor([[0.0, 0.0, 1.0]] * 2)
    torch.testing.assert_close(decoder(latent, condition, performance).log_mel, before)
    conditioned = _model(kind).decoder
    for parameter in conditioned.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    one = conditioned(*_inputs()).log_mel
    assert (conditioned(latent, condition, performance).log_mel - one).abs().max() > 0


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_takes_change_the_note_and_are_read_from_it(kind: str) -> None:
    model = _model(kind, take_size=5, attack_time=True)
    latent, condition, performance = _inputs()
    log_mel = torch.randn(2, CONFIG.n_mels, 20)
    found, _, traits = model(log_mel, condition, performance)
    assert found.latent.shape == (2, 3)
    assert found.take.shape == found.take_log_variance.shape == (2, 5)
    torch.testing.assert_close(model.encoder(log_mel, performance.mask(20)), found.latent)
    assert traits.shape == (2, 5)
    mean, other = (model.decoder.mapping(latent, condition, take) for take in (None, torch.ones(2, 5)))
    torch.testing.assert_close(mean, model.decoder.mapping(latent, condition, torch.zeros(2, 5)))
    assert (mean - other).abs().max() > 0
    noisy, _, _ = model(log_mel, condition, performance, 0.0, torch.ones(2, 5))
    torch.testing.assert_close(noisy.take, found.take)


def test_an_odd_number_of_frames_is_kept() -> None:
    assert _model("harmonic").decoder(*_inputs(frames=21)).log_mel.shape[2] == 21


def test_an_untrained_harmonic_decoder_already_draws_the_asked_partials() -> None:
    decoder = _model("harmonic").decoder
    with torch.no_grad():
        decoder.head.bias[:64] = 0.0  # type: ignore[union-attr, operator]
        drawn = decoder(*_inputs()).log_mel[0, :, 10]
        latent, condition, performance = _inputs()
        performance.deviation_cents = torch.full((2, 20), 100.0)
        bent = decoder(latent, condition, performance).log_mel[0, :, 10]
    assert (int(drawn[:14].argmax()), int(bent[:14].argmax())) == (8, 9)


@pytest.mark.parametrize("frames", [120, 121])
@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_any_range_of_frames_decoded_alone_is_that_range_of_the_whole(kind: str, frames: int) -> None:
    decoder = _model(kind, decoder_blocks=4).decoder
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    latent, condition, performance = _inputs(frames=frames)
    performance.modulation_phase += torch.linspace(0, 30, frames)
    performance.modulation_strength += 0.5
    performance.n_frames[1] = 90
    style = decoder.mapping(latent, condition)
    if kind == "convolutional":
        frames = CONFIG.max_frames
        performance.modulation_phase = performance.modulation_phase[:, :frames]
    whole = decoder(latent, condition, performance)
    assert whole.log_mel.std(2).mean() > 1e-3
    for start, stop in [(0, 1), (0, 24), (1, 26), (13, 14), (37, 46), (frames - 9, frames), (5, frames)]:
        part = decoder.decode_frames(style, condition, performance, start, stop)
        for name in ("log_mel", "f0_hz", "deviation_cents", "residual", "noise"):
            expected, made = getattr(whole, name), getattr(part, name)
            if expected is not None:
                torch.testing.assert_close(made, expected[..., start:stop], rtol=1e-5, atol=1e-5)


def test_decoders_tell_the_frequency_they_drew() -> None:
    latent, condition, performance = _inputs()
    condition.midi_pitch = torch.tensor([69, -1])
    performance.deviation_cents = torch.full((2, 20), 1200.0)
    harmonic = _model("harmonic").decoder(latent, condition, performance)
    torch.testing.assert_close(harmonic.f0_hz, torch.tensor([[880.0], [0.0]]).expand(2, 20))
    assert harmonic.inharmonicity.shape == (2,)
    assert harmonic.inharmonicity.min() > 0
    convolutional = _model("convolutional").decoder(latent, condition, performance)
    torch.testing.assert_close(convolutional.f0_hz, torch.tensor([[440.0], [0.0]]).expand(2, 20))
    assert convolutional.inharmonicity is None


def test_the_encoder_is_blind_to_padding() -> None:
    encoder = _model("harmonic").encoder
    log_mel = torch.rand(1, CONFIG.n_mels, 24) - 2
    short = encoder(log_mel, torch.ones(1, 24))
    padded = torch.cat([log_mel, torch.full((1, CONFIG.n_mels, 16), -4.0)], 2)
    mask = torch.cat([torch.ones(1, 24), torch.zeros(1, 16)], 1)
    torch.testing.assert_close(encoder(padded, mask), short, rtol=1e-4, atol=1e-5)


def test_mixes_change_the_sound_continuously() -> None:
    decoder = _model("harmonic").decoder
    latent, condition, performance = _inputs(3)
    mix = torch.tensor([[1.0, 0.0, 0.0], [0.999, 0.001, 0.0], [0.0, 1.0, 0.0]])
    condition.weights["instrument"] = mix
    log_mel = decoder(latent, condition, performance).log_mel
    near, far = ((log_mel[0] - log_mel[i]).abs().max() for i in (1, 2))
    assert near < 0.05 * far


@pytest.mark.parametrize("told", [False, True])
def test_a_decoder_hears_of_the_onset_if_it_was_trained_to(told: bool) -> None:
    decoder = _model("harmonic", measured_onset=told).decoder
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    latent, condition, performance = _inputs()
    usual = decoder(latent, condition, performance).log_mel
    at = {
        frames: decoder(
            latent, condition, replace(performance, onset_frames=torch.full((2,), frames))
        ).log_mel
        for frames in (ONSET_FRAMES, ONSET_FRAMES + 0.5, ONSET_FRAMES + 6.0)
    }
    torch.testing.assert_close(at[ONSET_FRAMES], usual)
    for frames in (ONSET_FRAMES + 0.5, ONSET_FRAMES + 6.0):
        assert bool((at[frames] - usual).abs().max() > 1e-3) == told
