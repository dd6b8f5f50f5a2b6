"""Settings of an inverter's training: frozen, checked, named in errors."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from aae.training.recipe import checked, with_settings
from mcnn.network.config import PUBLISHED_SIZES, McnnConfig, SourceFilterConfig
from mcnn.plain import Settings


class InverterRecipe(Settings):
    """The training of an inverter, on recorded log-mels and on those that a decoder reconstructs."""

    shape: SourceFilterConfig | McnnConfig = SourceFilterConfig()
    """The network and its size."""
    steps: int = Field(1400, ge=1)
    """Updates of the weights."""
    batch_size: int = Field(12, ge=1)
    """Excerpts a step."""
    frames: int = Field(64, ge=16)
    """Length of an excerpt; four frames at either end only lead in and out."""
    onset_share: float = Field(0.3, ge=0, le=1)
    """Share of excerpts that begin with their note."""
    decoded: float = Field(0.0, ge=0, le=1)
    """Share of steps on the decoder's log-mels; the others are on recorded ones."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak rate of AdamW."""
    decoder_learning_rate: float = Field(0.0, ge=0)
    """The same for the decoder; 0 leaves it as it is."""
    decoder: float = Field(2.0, ge=0)
    """Weight of the decoder's own objective (log-mels, attacks, f0, textures), where it is trained too."""
    texture: float = Field(0.0, ge=0)
    """Weight of the distance of textures (`aae.training.texture`) in that objective."""
    log_magnitude: float = Field(3.0, ge=0)
    """Weight of the log magnitudes' distance (quiet bins count) beside spectral convergence (loud ones)."""
    band_levels: float = Field(0.0, ge=0)
    """Weight of the mel bands' levels over stretches of 160 ms: noise keeps its level."""
    adversarial: float = Field(0.0, ge=0)
    """Norm of the adversarial gradient relative to the distance's; 0 trains without discriminators."""
    feature_matching: float = Field(1.0, ge=0)
    """Weight of the distance of the discriminators' features, relative to `adversarial`."""
    adversarial_from: float = Field(0.3, ge=0, le=1)
    """Share of the steps after which the discriminators join in."""
    warmup_steps: int = Field(100, ge=0)
    """Steps over which the rate rises from 0."""
    cooldown: float = Field(0.4, ge=0, le=1)
    """Share of all steps, at the end, over which the rate falls to 2 % of its peak."""
    ema_decay: float = Field(0.998, ge=0, lt=1)
    """Decay of the running average of the weights, which is what is validated and kept."""
    balance: float = Field(0.3, ge=0, le=1)
    """0 draws notes as they come, 1 draws every label of every attribute equally often."""
    validate_every: int = Field(250, ge=1)
    """Steps between validations."""
    seed: int = Field(0, ge=0)
    """Every random draw follows from it."""


PRETRAIN: dict[str, dict[str, Any]] = {
    "primed": {},
    **{name: {"shape": size.model_dump()} for name, size in PUBLISHED_SIZES.items()},
}
"""Recipes of `clariolin mcnn train`, by name: each as what differs from the defaults."""
FINETUNE: dict[str, Any] = {
    "steps": 1500,
    "decoded": 0.85,
    "learning_rate": 6e-4,
    "decoder_learning_rate": 5e-5,
    "texture": 0.5,
    "adversarial": 0.5,
}
"""The recipe of `clariolin mcnn finetune`."""


def load_recipe(base: dict[str, Any], settings: Sequence[str] = ()) -> InverterRecipe:
    """A recipe with settings applied to it.

    Args:
        base: What differs from the defaults.
        settings: `key=value` or `shape.key=value` strings, applied in order.

    Raises:
        InputError: For an unknown or impossible setting.
    """
    return checked(InverterRecipe, with_settings(base, settings))
