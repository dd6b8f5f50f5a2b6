import pytest

from aae.synthesis.mix_notation import example_mix, parse_mix
from mcnn.errors import InputError

INSTRUMENTS = ("clarinet", "oboe", "violin")


def test_labels_and_weights() -> None:
    assert parse_mix("violin", "instrument", INSTRUMENTS) == {"violin": 1.0}
    mix = parse_mix("violin:0.5, clarinet:1.25,oboe", "instrument", INSTRUMENTS)
    assert mix == {"violin": 0.5, "clarinet": 1.25, "oboe": 1.0}


def test_labels_with_commas_and_colons_can_be_given() -> None:
    labels = ("wood, wet", "A:1", "plain")
    assert parse_mix("wood, wet", "tag", labels) == {"wood, wet": 1.0}
    assert parse_mix("A:1", "tag", labels) == {"A:1": 1.0}
    assert parse_mix("A:1:0.5,plain:0.5", "tag", labels) == {"A:1": 0.5, "plain": 0.5}


@pytest.mark.parametrize("text", ["", "violin:", "violin:loud", ":1", "violin:nan", "violin,,oboe"])
def test_what_is_no_mix_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a label or label:weight"):
        parse_mix(text, "instrument", INSTRUMENTS)


def test_a_label_twice_is_refused() -> None:
    with pytest.raises(InputError, match="names violin twice"):
        parse_mix("violin:0.5,violin:0.5", "instrument", INSTRUMENTS)


def test_an_example_can_be_parsed() -> None:
    assert parse_mix(example_mix(INSTRUMENTS), "instrument", INSTRUMENTS) == {"clarinet": 0.5, "oboe": 0.5}
    assert example_mix(("only",)) == "only"
