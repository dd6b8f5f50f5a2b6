"""The sound that a key plays: a mix of labels, a point of the latent space, a variation. Qt-free.

A `Sound` is a value: edits make new ones, so that undo is a list of them and a preset is one as JSON.
"""

import math
from collections.abc import Mapping

import numpy as np
from pydantic import Field, field_validator

from mcnn.plain import Settings

MAX_WEIGHT = 2.0
MAX_VARIATION = 9999.0
"""End of the variation dial."""


class AttributeMix(Settings):
    """The sliders of one attribute."""

    weights: dict[str, float] = Field(default_factory=dict)
    """Label to weight, above 0 and up to 2; labels that are not named have weight 0."""
    locked: frozenset[str] = frozenset()
    """Labels whose weight nothing but their own slider changes."""
    solo: str | None = None
    """If given, only this label sounds."""
    is_normalised: bool = True
    """Whether the weights add up to 1: a slider that is raised lowers the others."""

    @field_validator("weights")
    @classmethod
    def _within_range(cls, weights: dict[str, float]) -> dict[str, float]:
        for label, weight in weights.items():
            if not 0 <= weight <= MAX_WEIGHT:
                raise ValueError(f"weight {weight:g} of {label} is not between 0 and {MAX_WEIGHT:g}")
        return {label: weight for label, weight in weights.items() if weight > 0}

    def heard(self) -> dict[str, float]:
        """Weights as the model receives them: after solo and normalisation."""
        if self.solo is not None:
            return {self.solo: 1.0 if self.is_normalised else self.weights.get(self.solo, 1.0)}
        total = sum(self.weights.values())
        if not self.is_normalised or not total:
            return dict(self.weights)
        return {label: weight / total for label, weight in self.weights.items()}

    def with_weight(self, label: str, weight: float) -> "AttributeMix":
        """The same with one slider moved; where weights are normalised, unlocked others make room."""
        weight = round(min(max(weight, 0.0), MAX_WEIGHT), 4)
        if not self.is_normalised:
            return self._changed(weights=self.weights | {label: weight})
        others = {name: value for name, value in self.weights.items() if name != label}
        fixed = sum(others[name] for name in others if name in self.locked)
        weight = min(weight, max(0.0, 1.0 - fixed))
        free = {name: value for name, value in others.items() if name not in self.locked}
        room = max(0.0, 1.0 - fixed - weight)
        wanted: float = sum(free.values())
        if wanted:
            others |= {name: value * room / wanted for name, value in free.items()}
        return self._changed(weights=others | {label: weight})

    def with_only(self, weights: Mapping[str, float]) -> "AttributeMix":
        """The same with other weights, but for those that are locked."""
        kept = {label: weight for label, weight in self.weights.items() if label in self.locked}
        free = {label: min(weight, MAX_WEIGHT) for label, weight in weights.items() if label not in kept}
        total: float = sum(free.values())
        if self.is_normalised and total:
            room = max(0.0, 1.0 - sum(kept.values()))
            free = {label: weight * room / total for label, weight in free.items()}
        return self._changed(weights=kept | free)

    def with_lock(self, label: str, locked: bool) -> "AttributeMix":
        """The same with one label locked or free."""
        return self._changed(locked=self.locked | {label} if locked else self.locked - {label})

    def with_solo(self, label: str | None) -> "AttributeMix":
        """The same with one label alone, or all."""
        return self._changed(solo=label)

    def with_normalised(self, normalised: bool) -> "AttributeMix":
        """The same with weights that add up to 1, or that are free."""
        total = sum(self.weights.values())
        scaled = {label: weight / total for label, weight in self.weights.items()} if total else {}
        return self._changed(is_normalised=normalised, weights=scaled if normalised else self.weights)

    def _changed(self, **values: object) -> "AttributeMix":
        return AttributeMix.model_validate(dict(self) | values)


class Sound(Settings):
    """Everything that decides how a note sounds but its pitch and its velocity."""

    mixes: dict[str, AttributeMix]
    """Attribute to its sliders."""
    latent: tuple[float, ...]
    """The point of the latent space."""
    variation: float | None = None
    """Position of the dial; None if the point was chosen otherwise."""
    seed: int = 0
    """Seed of the differences between two takes of one point: noise, the start of a vibrato."""

    take: tuple[float, ...] = ()
    """What tells the recording that the point was found in from other takes; () has the seed draw it."""

    @field_validator("latent", "take")
    @classmethod
    def _finite(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"latent or take {values} is not finite")
        return values

    def heard(self) -> dict[str, dict[str, float]]:
        """Attribute to label to weight, of the attributes that any slider is up in."""
        return {name: mix.heard() for name, mix in self.mixes.items() if mix.heard()}

    def changed(self, **values: object) -> "Sound":
        """The same with other values."""
        return Sound.model_validate(dict(self) | values)

    def with_mix(self, attribute: str, mix: AttributeMix) -> "Sound":
        """The same with the sliders of one attribute set."""
        return self.changed(mixes=self.mixes | {attribute: mix})


def dial_latent(variation: float, size: int) -> tuple[float, ...]:
    """The point that the variation dial stands for.

    At a whole number it is what `clariolin render --seed NUMBER` draws; between two it moves from one to the
    other along an arc, on which every point is as likely as the ends are: both are normally distributed, so
    `cos(t) a + sin(t) b` is.

    Args:
        variation: 0 or more.
        size: Of the latent.
    """
    whole = math.floor(variation)
    here, there = (np.random.default_rng(whole + step).standard_normal(size) for step in (0, 1))
    angle = (variation - whole) * math.pi / 2
    return tuple(float(value) for value in math.cos(angle) * here + math.sin(angle) * there)
