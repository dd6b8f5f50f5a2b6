from dataclasses import replace

import pytest
import torch

from aae.analysis.onset import ONSET_FRAMES
from aae.model.decoder import Decoder
from tests.support.small_model import small_inputs, small_model
from tests.support.toy_bank import CONFIG


@pytest.mark.parametrize("settings", [{}, {"attack_time": True}, {"attack_time": True, "pitch_drift": True}])
@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_both_decoders_keep_one_contract(kind: str, settings: dict[str, object]) -> None:
    decoder = small_model(kind, **settings).decoder
    assert isinstance(decoder, Decoder)
    latent, condition, performance = small_inputs()
    condition.midi_pitch = torch.tensor([69, -1])
    decoded = decoder(latent, condition, performance)
    assert decoded.log_mel.shape == (2, CONFIG.n_mels, 20)
    assert decoded.log_mel.isfinite().all()
    assert decoded.f0_hz.shape == (2, 20)
    assert (decoded.f0_hz[0] > 0).all()
    assert (decoded.f0_hz[1] == 0).all()
    assert decoder.traits(latent, condition).shape == (2, 4 + len(settings))
    conditioning = decoded.conditioning((7, 8))
    assert conditioning.f0_hz is decoded.f0_hz
    assert (conditioning.noise, conditioning.seeds) == (decoded.noise, (7, 8))
    layers = list(decoder.modules())
    assert all(layer in layers for layer in decoder.half_precision_layers())


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_a_note_is_decoded_alike_alone_and_among_others(kind: str) -> None:
    decoder = small_model(kind).decoder
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    latent, condition, performance = small_inputs(3)
    latent[1] = torch.tensor([0.5, -1.0, 2.0])
    together = decoder(latent, condition, performance).log_mel[1:2]
    alone = decoder(latent[1:2], condition.one(1), performance.one(1)).log_mel
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_what_is_not_conditioned_on_changes_nothing(kind: str) -> None:
    decoder = small_model(kind, condition_on_attributes=False).decoder
    latent, condition, performance = small_inputs()
    before = decoder(latent, condition, performance).log_mel
    condition.weights["instrument"] = torch.tensor([[0.0, 0.0, 1.0]] * 2)
    torch.testing.assert_close(decoder(latent, condition, performance).log_mel, before)
    conditioned = small_model(kind).decoder
    for parameter in conditioned.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    one = conditioned(*small_inputs()).log_mel
    assert (conditioned(latent, condition, performance).log_mel - one).abs().max() > 0


def test_an_odd_number_of_frames_is_kept() -> None:
    assert small_model("harmonic").decoder(*small_inputs(frames=21)).log_mel.shape[2] == 21


def test_an_untrained_harmonic_decoder_already_draws_the_asked_partials() -> None:
    decoder = small_model("harmonic").decoder
    with torch.no_grad():
        decoder.head.bias[:64] = 0.0  # type: ignore[union-attr, operator]
        drawn = decoder(*small_inputs()).log_mel[0, :, 10]
        latent, condition, performance = small_inputs()
        performance.deviation_cents = torch.full((2, 20), 100.0)
        bent = decoder(latent, condition, performance).log_mel[0, :, 10]
    assert (int(drawn[:14].argmax()), int(bent[:14].argmax())) == (8, 9)


@pytest.mark.parametrize("frames", [120, 121])
@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_any_range_of_frames_decoded_alone_is_that_range_of_the_whole(kind: str, frames: int) -> None:
    decoder = small_model(kind, decoder_blocks=4).decoder
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    latent, condition, performance = small_inputs(frames=frames)
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
    latent, condition, performance = small_inputs()
    condition.midi_pitch = torch.tensor([69, -1])
    performance.deviation_cents = torch.full((2, 20), 1200.0)
    harmonic = small_model("harmonic").decoder(latent, condition, performance)
    torch.testing.assert_close(harmonic.f0_hz, torch.tensor([[880.0], [0.0]]).expand(2, 20))
    assert harmonic.inharmonicity.shape == (2,)
    assert harmonic.inharmonicity.min() > 0
    convolutional = small_model("convolutional").decoder(latent, condition, performance)
    torch.testing.assert_close(convolutional.f0_hz, torch.tensor([[440.0], [0.0]]).expand(2, 20))
    assert convolutional.inharmonicity is None


def test_mixes_change_the_sound_continuously() -> None:
    decoder = small_model("harmonic").decoder
    latent, condition, performance = small_inputs(3)
    mix = torch.tensor([[1.0, 0.0, 0.0], [0.999, 0.001, 0.0], [0.0, 1.0, 0.0]])
    condition.weights["instrument"] = mix
    log_mel = decoder(latent, condition, performance).log_mel
    near, far = ((log_mel[0] - log_mel[i]).abs().max() for i in (1, 2))
    assert near < 0.05 * far


@pytest.mark.parametrize("told", [False, True])
def test_a_decoder_hears_of_the_onset_if_it_was_trained_to(told: bool) -> None:
    decoder = small_model("harmonic", measured_onset=told).decoder
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    latent, condition, performance = small_inputs()
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
