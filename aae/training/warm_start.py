"""The weights of a trained model as the beginning of another training, whatever labels either knows."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from aae.model.autoencoder import AutoEncoder
from aae.model.conditioning import NOTE_WIDTH
from aae.model.config import ModelConfig
from aae.model.model_file import LoadedModel
from aae.model.model_info import ModelInfo
from mcnn.errors import InputError

Vocabularies = Mapping[str, Sequence[str]]

NEW_TAKE_SCALE = 0.05
"""Standard deviation of the new weights from takes to style: small, but not nothing, or they stay so."""
MAY_BE_NEW = ("take_size", "measured_onset", "attack_time", "pitch_drift")
"""Settings of the model that the trained one may be without."""


def start_from(
    model: AutoEncoder, config: ModelConfig, vocabularies: Vocabularies, start: LoadedModel
) -> None:
    """Gives a new model the weights of a trained one.

    Labels go by their names. One that the trained model lacks begins as the mean of its attribute's others, a
    whole attribute that it lacks where it changes nothing; what only the trained model knows is left out.
    Takes, a measured onset and attack times may be new.

    Args:
        model: The new model, changed in place.
        config: Its shape.
        vocabularies: Its attributes and their labels, in order.
        start: The trained model.

    Raises:
        InputError: If the two differ in more than that.
    """
    _require_same_shape(config, start.info.model)
    before, now = start.model.decoder, model.decoder
    weights = {**model.state_dict(), **start.model.state_dict()}
    name_of = {parameter: name for name, parameter in model.named_parameters()}
    style_weight, _ = now.mapping.layers[0].parameters()
    old_style_weight, _ = before.mapping.layers[0].parameters()
    weights[name_of[style_weight]] = _style_weight(old_style_weight, config, vocabularies, start.info)
    for traits, old_traits in zip(
        now.trait_head[-1].parameters(), before.trait_head[-1].parameters(), strict=True
    ):
        weights[name_of[traits]] = torch.cat([old_traits, traits.detach()[len(old_traits) :]])
    model.load_state_dict(weights)


def _require_same_shape(config: ModelConfig, old: ModelConfig) -> None:
    there = old.model_dump()
    for name, value in config.model_dump().items():
        if value != there[name] and not (name in MAY_BE_NEW and not there[name]):
            raise InputError(
                f"setting model.{name}: {value} here, {there[name]} in the model to start from; "
                f"give --set model.{name}={str(there[name]).lower()}"
            )


def _style_weight(weight: Tensor, config: ModelConfig, vocabularies: Vocabularies, old: ModelInfo) -> Tensor:
    """The first weight `(style, inputs)` from latent, take and condition to style, for the new inputs."""
    weight = _by_label(
        weight,
        config.latent_size + old.model.take_size + NOTE_WIDTH * config.condition_on_note,
        old.vocabularies if config.condition_on_attributes else {},
        vocabularies if config.condition_on_attributes else {},
    )
    if config.take_size and not old.model.take_size:
        takes = NEW_TAKE_SCALE * torch.randn(len(weight), config.take_size)
        weight = torch.cat([weight[:, : config.latent_size], takes, weight[:, config.latent_size :]], 1)
    return weight


def _by_label(weight: Tensor, n_first: int, old: Vocabularies, new: Vocabularies) -> Tensor:
    """A weight `(style, inputs)` with its columns of labels put where the new labels are.

    Args:
        weight: Its last columns belong to the old labels.
        n_first: Columns before those.
        old: The labels that it knows.
        new: The labels that it is to know.
    """
    columns = {
        (name, label): weight[:, n_first + place]
        for place, (name, label) in enumerate((name, label) for name in old for label in old[name])
    }
    mean = {
        name: torch.stack([columns[name, label] for label in labels]).mean(0)
        for name, labels in old.items()
        if labels
    }
    nothing = torch.zeros_like(weight[:, 0])
    put = [columns.get((name, label), mean.get(name, nothing)) for name in new for label in new[name]]
    return torch.cat([weight[:, :n_first], *(column[:, None] for column in put)], 1)
