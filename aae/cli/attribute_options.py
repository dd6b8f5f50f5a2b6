"""Attribute options: every attribute of the model is an option, as in `--instrument violin:0.5,clarinet:0.5`.

Which attributes there are is known only once the model is open, so these options are read after all others.
An option given more than once stands for several sounds: every combination of them is made.
"""

import difflib
import itertools
from collections.abc import Mapping, Sequence

from aae.model.conditioning import Mix
from aae.synthesis.mix_notation import example_mix, parse_mix
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
                raise InputError(
                    f"{option} needs a value, such as {option} {example_mix(vocabularies[name])}"
                )
            value = rest.pop(0)
        asked.setdefault(name, []).append(parse_mix(value, name, vocabularies[name]))
    return [dict(zip(asked, mixes, strict=True)) for mixes in itertools.product(*asked.values())]


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
