"""MIDI velocity as a level and, where the model knows dynamics, as a mix of them."""

from collections.abc import Mapping, Sequence

DYNAMICS = (
    ("pianississimo", "ppp", "molto-pianissimo"),
    ("pianissimo", "pp"),
    ("piano", "p"),
    ("mezzo-piano", "mp"),
    ("mezzo-forte", "mf"),
    ("forte", "f"),
    ("fortissimo", "ff"),
    ("fortississimo", "fff", "molto-fortissimo"),
)
"""Names of dynamics, softest first; names on one line mean the same."""
ATTRIBUTE_NAMES = ("dynamics", "dynamic", "velocity")
MIN_LEVEL_DB = -24.0
"""Level of velocity 1, against 127."""


class VelocityCurve:
    """Turns velocities into mixes of a model's dynamics.

    Args:
        vocabularies: The model's attributes and their labels.
    """

    def __init__(self, vocabularies: Mapping[str, Sequence[str]]) -> None:
        self.attribute = next((name for name in ATTRIBUTE_NAMES if name in vocabularies), None)
        labels = vocabularies[self.attribute] if self.attribute else ()
        self.steps = [label for names in DYNAMICS for label in labels if label in names]
        """The labels that differ in loudness alone, softest first."""

    def mix(self, velocity: int) -> dict[str, dict[str, float]]:
        """The dynamics of a velocity, 1 to 127: one label or two neighbours; {} if the model knows none."""
        if self.attribute is None or not self.steps:
            return {}
        place = (min(max(velocity, 1), 127) - 1) / 126 * (len(self.steps) - 1)
        lower = min(int(place), len(self.steps) - 1)
        share = round(place - lower, 3)
        mix = {self.steps[lower]: 1.0 - share}
        if share:
            mix[self.steps[lower + 1]] = share
        return {self.attribute: mix}


def velocity_gain(velocity: int) -> float:
    """Factor of a note's level: 1 at 127, evenly in dB down to velocity 1."""
    return float(10.0 ** (MIN_LEVEL_DB * (1.0 - (min(max(velocity, 1), 127) - 1) / 126) / 20.0))
