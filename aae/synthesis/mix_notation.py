"""The notation of a mix as one word: `violin`, or labels with weights, `violin:0.5,clarinet:0.5`."""

import math
from collections.abc import Sequence

from mcnn.errors import InputError


def parse_mix(text: str, attribute: str, labels: Sequence[str]) -> dict[str, float]:
    """Weights of the labels of one attribute.

    Args:
        text: `violin`, `violin:0.5,clarinet:0.5`, `violin:1.2`; a label without a weight has weight 1.
        attribute: What the labels are of, for the message.
        labels: The known labels; one with a comma or colon in its name can be given as it is.

    Raises:
        InputError: If a part is empty, given twice, or has a weight that is no number. Unknown labels pass:
            the model refuses them.
    """
    if text in labels:
        return {text: 1.0}
    mix: dict[str, float] = {}
    for part in text.split(","):
        label, weight = _parse_part(part.strip(), attribute, labels)
        if label in mix:
            raise InputError(f"{attribute} '{text}' names {label} twice")
        mix[label] = weight
    return mix


def _parse_part(part: str, attribute: str, labels: Sequence[str]) -> tuple[str, float]:
    label, colon, weight = part.rpartition(":")
    if part in labels or not colon:
        label, weight = part, "1"
    try:
        value = float(weight)
    except ValueError:
        value = math.nan
    if not label or not math.isfinite(value):
        raise InputError(
            f"{attribute} '{part}' is not a label or label:weight, such as {example_mix(labels)}"
        )
    return label, value


def example_mix(labels: Sequence[str]) -> str:
    """A mix in this notation, to be shown where one is not understood."""
    return f"{labels[0]}:0.5,{labels[1]}:0.5" if len(labels) > 1 else labels[0]
