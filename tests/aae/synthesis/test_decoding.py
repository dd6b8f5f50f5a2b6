import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch

from aae.model.autoencoder import build_model
from aae.model.config import ModelConfig
from aae.model.coverage import Coverage
from aae.model.model_file import LoadedModel
from aae.model.model_info import ModelInfo
from aae.synthesis.decoding import NoteDecoder, NoteInParts
from aae.synthesis.performance import MIN_FRAMES
from aae.synthesis.request import NoteRequest
from mcnn.errors import InputError
from tests.support.toy_bank import CONFIG, DYNAMICS, INSTRUMENTS

SMALL = {"encoder_width": 16, "decoder_width": 32, "decoder_blocks": 1, "style_width": 16}
VOCABULARIES = {"instrument": INSTRUMENTS, "dynamics": DYNAMICS}
REQUEST = NoteRequest(69, {"instrument": {"bright": 1.0}}, (0.5, -1.0, 0.0), seed=3)
UNPITCHED = NoteRequest(None, {"instrument": {"dark": 1.0}}, (0.0, 0.0, 0.0), seed=4)


def _decoder(
    kind: str = "harmonic", precision: Literal["f32", "bf16"] = "f32", **settings: object
) -> NoteDecoder:
    torch.manual_seed(0)
    config = ModelConfig.model_validate({"decoder": kind, **SMALL, **settings})
    model = build_model(config, CONFIG, {name: len(labels) for name, labels in VOCABULARIES.items()})
    info = ModelInfo(
        model=config,
        spectrogram=CONFIG,
        vocabularies=VOCABULARIES,
        coverage=Coverage(attributes=tuple(VOCABULARIES), combinations=()),
        provenance={},
    )
    return NoteDecoder(LoadedModel(info, model.eval().requires_grad_(False), {}), precision)


def test_conditioning_tells_pitch_inharmonicity_and_the_share_of_noise() -> None:
    pitched, unpitched = _decoder().decode([REQUEST, UNPITCHED], noise_fluctuation=False, n_frames=30)
    assert pitched.conditioning.f0_hz is not None
    assert pitched.conditioning.inharmonicity is not None
    assert pitched.conditioning.noise is not None
    assert unpitched.conditioning.f0_hz is not None
    assert unpitched.conditioning.noise is not None
    assert pitched.log_mel.shape == (CONFIG.n_mels, 30)
    assert pitched.conditioning.f0_hz.shape == (1, 30)
    assert pitched.conditioning.noise.shape == (1, CONFIG.n_mels, 30)
    assert (1200 * torch.log2(pitched.conditioning.f0_hz / 440)).abs().max() < 300
    assert 0 < float(pitched.conditioning.inharmonicity) < 1e-4
    assert unpitched.conditioning.f0_hz.abs().max() == 0
    torch.testing.assert_close(
        unpitched.conditioning.noise, torch.ones(1, CONFIG.n_mels, 30), rtol=0, atol=1e-3
    )


def test_fluctuation_is_given_to_noise_alone_and_then_no_longer_told() -> None:
    decoder = _decoder()
    smooth, rough = (
        decoder.decode([REQUEST, UNPITCHED], noise_fluctuation=fluctuates, n_frames=40)
        for fluctuates in (False, True)
    )
    assert all(note.conditioning.noise is None for note in rough)
    change_db = [20 * (b.log_mel - a.log_mel).abs() for a, b in zip(smooth, rough, strict=True)]
    assert change_db[1][:, 16:].mean() > 1.0
    assert change_db[1][:, :6].max() < 0.01  # where the attack is
    noise = smooth[0].conditioning.noise
    assert noise is not None
    assert change_db[0][noise[0] < 0.01].max() < 0.5
    again = decoder.decode([REQUEST, UNPITCHED], noise_fluctuation=True, n_frames=40)
    assert all(torch.equal(a.log_mel, b.log_mel) for a, b in zip(rough, again, strict=True))


def test_a_take_follows_from_the_seed_unless_it_is_given() -> None:
    decoder = _decoder(take_size=4, attack_time=True)
    torch.nn.init.normal_(decoder._decoder.get_parameter("timbre.weight"), std=0.1)
    drawn = tuple(np.random.default_rng([REQUEST.seed, 3]).standard_normal(4).tolist())
    others = [replace(REQUEST, seed=9), replace(REQUEST, take=drawn), replace(REQUEST, take=(0.0,) * 4)]
    first, seeded, given, mean = decoder.decode([REQUEST, *others], noise_fluctuation=False, n_frames=20)
    torch.testing.assert_close(first.log_mel, given.log_mel)
    assert (first.log_mel - seeded.log_mel).abs().max() > 0
    assert (first.log_mel - mean.log_mel).abs().max() > 0
    assert first.attack_ms == pytest.approx(30.0)
    part = decoder.begin(REQUEST).decode(0, 8)
    assert part.attack_ms == first.attack_ms
    assert _decoder().decode([REQUEST], noise_fluctuation=False)[0].attack_ms is None
    with pytest.raises(InputError, match="is not 4 finite numbers"):
        decoder.decode([replace(REQUEST, take=(1.0,))], noise_fluctuation=False)


def test_less_precision_is_inaudible_and_leaves_the_model_alone() -> None:
    exact, rounded = _decoder(), _decoder(precision="bf16")
    assert {layer.weight.dtype for layer in rounded._decoder.half_precision_layers()} == {torch.bfloat16}
    assert rounded._decoder.get_parameter("head.weight").dtype == torch.float32
    for decoder in (exact, rounded):
        torch.manual_seed(1)
        for parameter in decoder._decoder.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    notes = [
        decoder.decode([REQUEST], noise_fluctuation=False, n_frames=40)[0] for decoder in (exact, rounded)
    ]
    change_db = 20 * (notes[0].log_mel - notes[1].log_mel).abs()
    assert 0 < change_db.mean() < 0.1


def test_conditioning_ends_where_the_note_does() -> None:
    """Silence at the end of a log-mel is cut, and what is known of it."""
    decoder = _decoder("convolutional")
    torch.nn.init.zeros_(decoder._decoder.get_parameter("exit.weight"))
    torch.nn.init.constant_(decoder._decoder.get_parameter("exit.bias"), -4.0)
    (note,) = decoder.decode([REQUEST], noise_fluctuation=True)
    assert note.log_mel.shape == (CONFIG.n_mels, MIN_FRAMES)
    assert note.conditioning.noise is None
    assert note.conditioning.f0_hz is not None
    torch.testing.assert_close(note.conditioning.f0_hz, torch.full((1, MIN_FRAMES), 440.0))


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_a_note_in_parts_is_the_whole_note(kind: str) -> None:
    decoder = _decoder(kind)
    (whole,) = decoder.decode([REQUEST], noise_fluctuation=False)
    note = decoder.begin(REQUEST)
    parts = [note.decode(start, start + 7) for start in range(0, note.n_frames, 7)]
    assert (note.n_frames, note.level_db) == (whole.log_mel.shape[1], whole.level_db)
    torch.testing.assert_close(torch.cat([p.log_mel for p in parts], 1), whole.log_mel, rtol=1e-5, atol=1e-5)
    pitches = [part.conditioning.f0_hz for part in parts if part.conditioning.f0_hz is not None]
    assert whole.conditioning.f0_hz is not None
    torch.testing.assert_close(torch.cat(pitches, 1), whole.conditioning.f0_hz)
    with pytest.raises(ValueError, match=f"of a note that has {note.n_frames}"):
        note.decode(note.n_frames, note.n_frames + 7)


def test_parts_of_some_notes_at_once_are_those_of_each() -> None:
    decoder = _decoder()
    requests = [replace(REQUEST, midi_pitch=50 + i, latent=(0.3 * i, 1.0, 0.0), seed=i) for i in range(4)]
    lengths = (20, 48, 33, 40)
    notes = [
        NoteInParts(decoder, decoder.plan([request], n_frames))
        for request, n_frames in zip(requests, lengths, strict=True)
    ]
    for start, stop in ((0, 4), (4, 99)):
        together = NoteInParts.decode_together(notes, start, stop)
        for note, part, length in zip(notes, together, lengths, strict=True):
            alone = note.decode(start, stop)
            assert part.log_mel.shape == alone.log_mel.shape == (CONFIG.n_mels, min(stop, length) - start)
            assert (part.conditioning.seeds, part.level_db) == (alone.conditioning.seeds, alone.level_db)
            assert part.conditioning.f0_hz is not None
            assert alone.conditioning.f0_hz is not None
            known = slice(min(stop, length - 12) - start)  # from there on, what is beyond its end is seen
            pairs = (part.log_mel, alone.log_mel), (part.conditioning.f0_hz, alone.conditioning.f0_hz)
            for one, other in pairs:
                torch.testing.assert_close(one[:, known], other[:, known], rtol=1e-5, atol=1e-5)
    assert NoteInParts.decode_together([], 0, 4) == []
    with pytest.raises(ValueError, match="of a note that has 20"):
        NoteInParts.decode_together(notes, 20, 24)


def test_a_note_begun_among_others_is_the_note_begun_alone() -> None:
    decoder = _decoder()
    requests = [replace(REQUEST, midi_pitch=50 + i, seed=i) for i in range(3)]
    for note, request in zip(decoder.begin_all(requests), requests, strict=True):
        part, alone_part = note.decode(0, 8), decoder.begin(request).decode(0, 8)
        torch.testing.assert_close(part.log_mel, alone_part.log_mel, rtol=1e-5, atol=1e-5)
    assert decoder.begin_all([]) == []


def test_a_pitch_drifts_as_far_as_the_model_says_and_around_what_was_asked() -> None:
    decoder = _decoder(attack_time=True, pitch_drift=True)
    torch.nn.init.constant_(decoder._decoder.get_parameter("trait_head.2.bias"), math.log(2.0))
    asked = [REQUEST, replace(REQUEST, tuning_cents=50.0), replace(REQUEST, seed=4)]
    cents = []
    for note in decoder.decode(asked, noise_fluctuation=False, n_frames=160):
        assert note.conditioning.f0_hz is not None
        cents.append(1200 * torch.log2(note.conditioning.f0_hz[0] / 440))
    torch.testing.assert_close(cents[1] - cents[0], torch.full_like(cents[0], 50.0), rtol=0, atol=0.1)
    assert float((cents[2] - cents[0]).std()) == pytest.approx(10.0 * math.sqrt(2.0), rel=0.5)


def test_nothing_asked_is_nothing_made_and_the_impossible_is_refused() -> None:
    decoder = _decoder()
    assert decoder.decode([], noise_fluctuation=True) == []
    with pytest.raises(InputError, match="is not 3 finite numbers"):
        decoder.decode([NoteRequest(60, {}, (0.0, 0.0))], noise_fluctuation=True)
