"""A model of few weights for tests of its parts, and the input of its decoders."""

import torch

from aae.model.autoencoder import AutoEncoder, build_model
from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from aae.model.performance import Performance
from tests.support.toy_bank import CONFIG

SIZES = {"instrument": 3, "dynamics": 2}
SMALL = {"encoder_width": 16, "decoder_width": 16, "decoder_blocks": 1, "style_width": 16}


def small_model(decoder: str, **settings: object) -> AutoEncoder:
    """An untrained model, the same every time."""
    torch.manual_seed(0)
    config = ModelConfig.model_validate({"decoder": decoder, **SMALL, **settings})
    return build_model(config, CONFIG, SIZES).eval()


def small_inputs(batch: int = 2, frames: int = 20) -> tuple[torch.Tensor, Condition, Performance]:
    """Latents, conditions and performances of notes A4 that are played alike."""
    weights = {name: torch.eye(size)[torch.zeros(batch, dtype=torch.long)] for name, size in SIZES.items()}
    performance = Performance(
        torch.full((batch,), frames),
        torch.zeros(batch, frames),
        torch.zeros(batch, frames),
        torch.zeros(batch),
    )
    return torch.zeros(batch, 3), Condition(torch.tensor([69] * batch), weights), performance
