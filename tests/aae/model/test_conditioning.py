import pytest
import torch

from aae.model.conditioning import Condition, Vocabulary, nearest
from mcnn.errors import InputError

VOCABULARY = Vocabulary({"instrument": ("clarinet", "violin"), "dynamics": ("forte", "piano")})


def test_a_note_is_two_one_hots_and_an_unpitched_sound_is_none() -> None:
    note = Condition(torch.tensor([60, 12, 119, -1]), {}).note()
    assert note.shape == (4, 21)
    assert note[0].nonzero().flatten().tolist() == [0, 12 + 4]
    assert note[1].nonzero().flatten().tolist() == [0, 12]
    assert note[2].nonzero().flatten().tolist() == [11, 20]
    assert note[3].abs().max() == 0


def test_frequencies_are_equal_tempered() -> None:
    f0_hz = Condition(torch.tensor([69, 57, 60, -1]), {}).f0_hz()
    torch.testing.assert_close(f0_hz, torch.tensor([440.0, 220.0, 261.6256, 0.0]))


def test_a_mix_keeps_any_weights() -> None:
    condition = VOCABULARY.encode([60], [{"instrument": {"violin": 1.5, "clarinet": 0.5}}])
    assert condition.weights["instrument"].tolist() == [[0.5, 1.5]]
    assert condition.weights["dynamics"].tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ({"instrument": {"violn": 1.0}}, "did you mean violin?"),
        ({"colour": {"red": 1.0}}, "the model knows instrument, dynamics"),
        ({"instrument": {"violin": -1.0}}, "weights are 0 or more"),
        ({"instrument": {"violin": float("nan")}}, "weights are 0 or more"),
        ({"instrument": {"violin": 0.0}}, "at least one must be more"),
    ],
)
def test_bad_mixes_are_refused_in_words(mix: dict[str, dict[str, float]], words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        VOCABULARY.encode([60], [mix])


def test_notes_outside_the_nine_octaves_are_refused() -> None:
    with pytest.raises(InputError, match="outside C0 to B8"):
        VOCABULARY.encode([121], [{}])


def test_far_misspellings_get_the_whole_list() -> None:
    assert nearest("xyz", ("a", "b")) == "known are a, b"
