"""A training that begins with another model's weights, whatever labels either knows."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from aae.model.autoencoder import AutoEncoder
from aae.model.config import ModelConfig
from aae.model.model_file import LoadedModel
from mcnn.errors import InputError

Vocabularies = Mapping[str, Sequence[str]]

STYLE = "decoder.mapping.layers.0"
"""The layer whose inputs are the labels; see `aae.model.decoder.StyleMapping`."""
N_NOTE = 21
LAST_TRAITS = "decoder.trait_head.2"
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
    mine, theirs = config.model_dump(), start.info.model.model_dump()
    for name, value in mine.items():
        if value != theirs[name] and not (name in MAY_BE_NEW and not theirs[name]):
            raise InputError(
                f"setting model.{name}: {value} here, {theirs[name]} in the model to start from; "
                f"give --set model.{name}={str(theirs[name]).lower()}"
            )
    weights = {**model.state_dict(), **start.model.state_dict()}
    style = _by_label(
        weights[f"{STYLE}.weight"],
        config.latent_size + start.info.model.take_size + N_NOTE * config.condition_on_note,
        start.info.vocabularies if config.condition_on_attributes else {},
        vocabularies if config.condition_on_attributes else {},
    )
    if config.take_size and not start.info.model.take_size:
        new = NEW_TAKE_SCALE * torch.randn(len(style), config.take_size)
        style = torch.cat([style[:, : config.latent_size], new, style[:, config.latent_size :]], 1)
    weights[f"{STYLE}.weight"] = style
    for name in (f"{LAST_TRAITS}.weight", f"{LAST_TRAITS}.bias"):
        weights[name] = torch.cat([weights[name], model.state_dict()[name][len(weights[name]) :]])
    model.load_state_dict(weights)


def _by_label(weight: Tensor, n_first: int, old: Vocabularies, new: Vocabularies) -> Tensor:
    """Columns of the first layer `(style, inputs)` put where the new labels are."""
    columns = {
        (name, label): weight[:, n_first + place]
        for place, (name, label) in enumerate((name, label) for name in old for label in old[name])
    }
    usual = {
        name: torch.stack([columns[name, label] for label in labels]).mean(0)
        for name, labels in old.items()
        if labels
    }
    nothing = torch.zeros_like(weight[:, 0])
    put = [columns.get((name, label), usual.get(name, nothing)) for name in new for label in new[name]]
    return torch.cat([weight[:, :n_first], *(column[:, None] for column in put)], 1)
