"""What names of techniques say: those of the Philharmonia's and of OrchideaSOL's recordings."""

import pytest

from aae.notes.technique_words import is_sharp_attack, is_sustained


@pytest.mark.parametrize(
    ("technique", "sustained", "sharp"),
    [
        ("arco-normal", True, False),
        ("tremolo", True, False),
        ("pizz-normal", False, True),
        ("snap-pizz", False, True),
        ("pizz-glissando", False, False),
        ("Staccato", False, True),
        ("staccatissimo", False, False),
        ("arco-col-legno-battuto", False, True),
        ("slap-tongue", False, True),
        ("struck-singly", False, False),
        ("glissando", False, False),
        ("crescendo", False, False),
        ("", True, False),
    ],
)
def test_names_say_whether_notes_last_and_how_they_begin(
    technique: str, sustained: bool, sharp: bool
) -> None:
    assert is_sustained(technique) is sustained
    assert is_sharp_attack(technique) is sharp
