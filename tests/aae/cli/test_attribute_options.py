"""Attribute options: what is understood, and the one line that answers what is not."""

import pytest

from aae.cli.attribute_options import parse_styles
from mcnn.errors import InputError

VOCABULARIES = {"instrument": ("clarinet", "oboe", "violin"), "bow_side": ("left", "right")}


def test_every_attribute_is_an_option() -> None:
    asked = parse_styles(["--instrument=violin", "--bow-side", "left"], VOCABULARIES)
    assert asked == [{"instrument": {"violin": 1.0}, "bow_side": {"left": 1.0}}]
    assert parse_styles([], VOCABULARIES) == [{}]


def test_repeated_options_make_every_combination() -> None:
    arguments = [
        "--instrument",
        "violin",
        "--instrument",
        "oboe",
        "--bow_side",
        "left",
        "--bow_side",
        "right",
    ]
    asked = parse_styles(arguments, VOCABULARIES)
    heard = [(*mix["instrument"], *mix["bow_side"]) for mix in asked]
    assert heard == [("violin", "left"), ("violin", "right"), ("oboe", "left"), ("oboe", "right")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--instrumnt", "violin"], r"instrument, bow_side\); did you mean --instrument\?"),
        (["--note", "C4"], r"did you mean --notes\?"),
        (["--xyz", "C4"], r"no option --xyz \(this model's attributes: instrument, bow_side\)$"),
        (["--instrument"], "--instrument needs a value, such as --instrument clarinet:0.5,oboe:0.5"),
        (["--instrument", "--bow_side", "left"], "--instrument needs a value"),
        (["violin"], "'violin' stands alone"),
    ],
)
def test_what_is_no_option_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_styles(arguments, VOCABULARIES, ["notes", "out"])
