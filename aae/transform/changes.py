"""Changes that a transformation makes to played notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from aae.model.conditioning import Mix
from aae.model.model_info import ModelInfo
from mcnn.errors import InputError


@dataclass(frozen=True)
class Changes:
    """Changes to played notes.

    Attributes:
        mix: Asked weights of some attributes; the others keep the played note's, if they go together.
        source: The played sound's own labels, as far as they are named; the others are inferred.
        transpose: Semitones, whole ones or not.
        midi_pitch: The note to make of a single one, instead of its own.
        latent_offset: Added to the encoder's latent; () adds nothing.
        amount: 0 the original to 1 all of the change.
        seed: Of noise, and of what the encoder does not determine.
    """

    mix: Mix = field(default_factory=dict)
    source: Mix = field(default_factory=dict)
    transpose: float = 0.0
    midi_pitch: int | None = None
    latent_offset: tuple[float, ...] = ()
    amount: float = 1.0
    seed: int = 0


def target_mix(info: ModelInfo, asked: Mix, source: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """All attributes of what shall sound.

    Args:
        info: What the model file says of itself.
        asked: Weights of some attributes.
        source: The played sound's labels; each is kept where nothing else is asked, if the training data had
            it together with what is asked and kept before it; if not, the usual one beside these is taken.

    Returns:
        Weights of every attribute.
    """
    coverage = info.coverage
    kept: dict[str, Mapping[str, float]] = {name: weights for name, weights in asked.items() if weights}
    for name, label in source.items():
        if name in kept:
            continue
        if not coverage.matching(kept | {name: {label: 1.0}}):
            label = coverage.most_frequent(name, kept) or label
        kept[name] = {label: 1.0}
    return info.complete(kept)


def check_offset(info: ModelInfo, offset: tuple[float, ...]) -> None:
    """Refuses a latent offset of another size.

    Raises:
        InputError: Saying which size it should have.
    """
    size = info.latent_size
    if offset and (len(offset) != size or not np.isfinite(offset).all()):
        given = ",".join(f"{x:g}" for x in offset)
        raise InputError(f"a latent offset of this model is {size} finite numbers, given {given}")


def blended_mix(source: Mapping[str, str], target: Mix, amount: float) -> dict[str, dict[str, float]]:
    """Weights between the played sound's labels and the asked ones.

    Args:
        source: The played sound's labels.
        target: The asked weights.
        amount: 0 the source to 1 the target.
    """
    blended: dict[str, dict[str, float]] = {}
    for name, weights in target.items():
        mix = {label: amount * weight for label, weight in weights.items()}
        if amount < 1.0 and name in source:
            mix[source[name]] = mix.get(source[name], 0.0) + 1.0 - amount
        blended[name] = {label: weight for label, weight in mix.items() if weight}
    return blended
