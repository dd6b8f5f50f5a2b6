from dataclasses import replace

import pytest
import torch

from aae.model.autoencoder import build_model
from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from aae.model.coverage import Coverage
from aae.model.model_file import LoadedModel
from aae.model.model_info import ModelInfo
from aae.training.warm_start import start_from
from mcnn.errors import InputError
from tests.support.toy_bank import CONFIG

SHAPE = ModelConfig(encoder_width=16, decoder_width=16, decoder_blocks=1, style_width=16)
OLD: dict[str, tuple[str, ...]] = {"instrument": ("bright", "dark"), "dynamics": ("forte", "piano")}
NEW: dict[str, tuple[str, ...]] = {"technique": ("arco",), "instrument": ("dark", "hollow", "bright")}


def _sizes(vocabularies: dict[str, tuple[str, ...]]) -> dict[str, int]:
    return {name: len(labels) for name, labels in vocabularies.items()}


@pytest.fixture
def start() -> LoadedModel:
    torch.manual_seed(0)
    model = build_model(SHAPE, CONFIG, _sizes(OLD)).eval()
    info = ModelInfo(
        model=SHAPE,
        spectrogram=CONFIG,
        vocabularies=OLD,
        coverage=Coverage(attributes=tuple(OLD), combinations=()),
        provenance={},
    )
    return LoadedModel(info, model, {})


def test_labels_go_by_their_names(start: LoadedModel) -> None:
    model = build_model(SHAPE, CONFIG, _sizes(NEW)).eval()
    start_from(model, SHAPE, NEW, start)
    pitch, latent = torch.tensor([60, 60]), torch.randn(2, 3)
    old = Condition(pitch, {"instrument": torch.eye(2), "dynamics": torch.zeros(2, 2)})
    new = Condition(
        pitch,
        {"technique": torch.ones(2, 1), "instrument": torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])},
    )
    torch.testing.assert_close(model.decoder.mapping(latent, new), start.model.decoder.mapping(latent, old))
    unknown = Condition(
        pitch[:1], {"technique": torch.ones(1, 1), "instrument": torch.tensor([[0.0, 1.0, 0.0]])}
    )
    between = Condition(pitch[:1], {"instrument": torch.full((1, 2), 0.5), "dynamics": torch.zeros(1, 2)})
    torch.testing.assert_close(
        model.decoder.mapping(latent[:1], unknown), start.model.decoder.mapping(latent[:1], between)
    )


def test_takes_and_attack_times_may_be_new(start: LoadedModel) -> None:
    shape = SHAPE.model_copy(update={"take_size": 4, "attack_time": True, "measured_onset": True})
    model = build_model(shape, CONFIG, _sizes(OLD)).eval()
    start_from(model, shape, OLD, start)
    latent = torch.randn(2, 3)
    condition = Condition(torch.tensor([60, 60]), {"instrument": torch.eye(2), "dynamics": torch.eye(2)})
    torch.testing.assert_close(
        model.decoder.mapping(latent, condition), start.model.decoder.mapping(latent, condition)
    )
    traits = model.decoder.traits(latent, condition)
    torch.testing.assert_close(traits[:, :4], start.model.decoder.traits(latent, condition))
    assert traits[:, 4].abs().max() == 0  # the usual attack time
    later = replace(start, info=start.info.model_copy(update={"model": shape}), model=model)
    again = build_model(shape, CONFIG, _sizes(NEW)).eval()
    start_from(again, shape, NEW, later)
    with pytest.raises(InputError, match=r"model.take_size: 0 here, 4 in the model to start from"):
        start_from(build_model(SHAPE, CONFIG, _sizes(OLD)), SHAPE, OLD, later)


def test_another_shape_is_refused_by_name(start: LoadedModel) -> None:
    wide = SHAPE.model_copy(update={"decoder_width": 32})
    other = replace(start, info=start.info.model_copy(update={"model": wide}))
    with pytest.raises(InputError, match=r"model.decoder_width: 16 here, 32 in the model to start from"):
        start_from(build_model(SHAPE, CONFIG, _sizes(OLD)), SHAPE, OLD, other)
