"""Attribute options: every attribute of the model is an option, as in `--instrument violin:0.5,clarinet:0.5`.

Which attributes there are is known only once the model is open, so these options are read after all others.
An option given more than once stands for several sounds: every combination of them is made.
"""

import difflib
import itertools
import math
from collections.abc import Mapping, Sequence

from aae.model.conditioning import Mix
from mcnn.errors import InputError


def parse_styles(
    arguments: Sequence[str], vocabularies: Mapping[str, Sequence[str]], other_options: Sequence[str] = ()
) -> list[Mix]:
    """Reads what the other options left over.

    Args:
        arguments: `--NAME VALUE` and `--NAME=VALUE`, in any order.
        vocabularies: The model's attributes and their labels.
        other_options: Names of the command's other options, for the hint at a misspelt one.

    Returns:
        The mixes asked for, one for every combination of repeated options.

    Raises:
        InputError: For an option that is no attribute, a missing value, or a value that is no mix.
    """
    asked: dict[str, list[Mapping[str, float]]] = {}
    rest = list(arguments)
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        name = _attribute_of(option, vocabularies, other_options)
        if not equals:
            if not rest or rest[0].startswith("--"):
                raise InputError(f"{option} needs a value, such as {option} {_example(vocabularies[name])}")
            value = rest.pop(0)
        asked.setdefault(name, []).append(parse_mix(value, name, vocabularies[name]))
    return [dict(zip(asked, mixes, strict=True)) for mixes in itertools.product(*asked.values())]


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
        raise InputError(f"{attribute} '{part}' is not a label or label:weight, such as {_example(labels)}")
    return label, value


def _attribute_of(
    option: str, vocabularies: Mapping[str, Sequence[str]], other_options: Sequence[str]
) -> str:
    if not option.startswith("--"):
        raise InputError(f"'{option}' stands alone; options are --NAME VALUE")
    name = option.removeprefix("--")
    for attribute in vocabularies:
        if attribute.replace("_", "-") == name.replace("_", "-"):
            return attribute
    close = difflib.get_close_matches(name, [*vocabularies, *other_options], 1, 0.5)
    hint = f"; did you mean --{close[0]}?" if close else ""
    known = ", ".join(vocabularies) or "none"
    raise InputError(f"no option {option} (this model's attributes: {known}){hint}")


def _example(labels: Sequence[str]) -> str:
    return f"{labels[0]}:0.5,{labels[1]}:0.5" if len(labels) > 1 else labels[0]
