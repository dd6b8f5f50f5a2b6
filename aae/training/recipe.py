"""Recipes of training: model, losses and schedule in one checked value. TOML presets in, JSON out."""

import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from aae.model.config import ModelConfig
from mcnn.errors import InputError
from mcnn.plain import Settings

Recipe = TypeVar("Recipe", bound=BaseModel)


class LossConfig(Settings):
    """Weights of the training objective; 0 leaves a term out."""

    reconstruction: float = 1.0
    """L1 distance of log-mels."""
    attack: float = 0.3
    """L1 distance of the log-mels' changes from frame to frame."""
    mmd: float = 1.0
    """Maximum mean discrepancy between the latents and their prior N(0, I)."""
    joint_mmd: float = 0.0
    """The same between latent and attribute together and the prior beside the same attributes."""
    take: float = 0.0005
    """Divergence of the takes from N(0, I), a nat: it bounds what they tell of a note."""
    texture: float = 0.0
    """Distance of textures: levels, spread and flutter of every band over stretches of a note."""
    fader: float = 0.0
    """Final weight (alpha) of the term that keeps the attributes from the latent discriminator."""
    deviation: float = 0.2
    """L1 distance of the f0 curves, in semitones, on voiced frames."""
    traits: float = 0.3
    """Distance of the predicted note traits (length, level, modulation, attack time, drift)."""
    residual: float = 0.05
    """Mean size of the log-mel residual: what partials and noise bands can explain is left to them."""


class TrainingConfig(Settings):
    """The schedule of a training: batches, rates, precision and seed."""

    epochs: int = Field(60, ge=1)
    """Passes over as many notes as the training split has."""
    fewest_steps: int = Field(100, ge=1)
    """Steps an epoch has at least: a small folder is passed over several times in each."""
    batch_size: int = Field(48, ge=2)
    """Notes a step."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak rate of AdamW."""
    warmup_steps: int = Field(200, ge=0)
    """Steps over which the rate rises from 0."""
    cooldown: float = Field(0.3, ge=0, le=1)
    """Share of all steps, at the end, over which the rate falls to 2 % of its peak."""
    ema_decay: float = Field(0.998, ge=0, lt=1)
    """Decay of the running average of the weights, which is what is validated and shipped."""
    latent_noise: float = Field(0.05, ge=0)
    """Standard deviation of noise added to z in training, so that neighbours in the space sound alike."""
    balance: float = Field(0.3, ge=0, le=1)
    """0 draws notes as they come, 1 draws every label of every attribute equally often."""
    patience_epochs: int = Field(20, ge=1)
    """Epochs without a better validation loss before training stops."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """Arithmetic of the networks: bfloat16 where the device has instructions for it, or as asked."""
    seed: int = Field(0, ge=0)
    """Every random draw follows from it."""


class Config(Settings):
    """A whole recipe, as a preset file holds it."""

    about: str = ""
    """One sentence on what the preset is for."""
    model: ModelConfig = ModelConfig()
    losses: LossConfig = LossConfig()
    training: TrainingConfig = TrainingConfig()


def preset_names() -> list[str]:
    """Names of the shipped presets."""
    files = resources.files("aae.training.presets").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_config(preset: str, settings: Sequence[str] = ()) -> Config:
    """Reads a recipe and applies settings to it.

    Args:
        preset: Name of a shipped preset, or path of a TOML file.
        settings: `section.key=value` strings, applied in order.

    Raises:
        InputError: For an unknown preset, an unreadable file, or an unknown or impossible setting.
    """
    return checked(Config, with_settings(_read_preset(preset), settings))


def recorded_losses(provenance: Mapping[str, Any]) -> LossConfig | None:
    """The weights of the objective that a model was trained with; None where its provenance has no recipe.

    Args:
        provenance: As the model file holds it.

    Raises:
        InputError: If this version does not know one of its terms.
    """
    recipe = provenance.get("recipe")
    return None if recipe is None else checked(LossConfig, recipe["losses"])


def with_settings(data: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Nested settings with `section.key=value` strings applied in order.

    Raises:
        InputError: For a string of another form.
    """
    data = deepcopy(data)
    for setting in settings:
        path, equals, value = setting.partition("=")
        *sections, key = path.strip().split(".")
        if not equals or not key or len(sections) > 1:
            raise InputError(f"setting '{setting}' is not of the form section.key=value")
        place = data.setdefault(sections[0], {}) if sections else data
        place[key] = _parse_value(value.strip())
    return data


def checked(kind: type[Recipe], data: dict[str, Any]) -> Recipe:
    """Nested settings as a recipe of the given kind.

    Raises:
        InputError: Naming the first unknown or impossible setting.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"setting {where}: {first['msg']}, given {first['input']!r}") from None


def _read_preset(preset: str) -> dict[str, Any]:
    path = Path(preset)
    try:
        if preset in preset_names():
            return tomllib.loads(
                (resources.files("aae.training.presets") / f"{preset}.toml").read_text("utf-8")
            )
        if path.suffix == ".toml":
            return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"preset file {preset} cannot be read: {error}") from None
    raise InputError(f"no preset '{preset}'; there are {', '.join(preset_names())}, or give a .toml file")


def _parse_value(text: str) -> Any:
    """A TOML value, or the text itself where it is none (`decoder=harmonic`)."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
