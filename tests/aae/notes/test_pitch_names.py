import pytest

from aae.notes.pitch_names import parse_pitch, parse_pitches, pitch_frequency_hz, pitch_name
from mcnn.errors import InputError


@pytest.mark.parametrize(
    ("text", "midi_pitch"),
    [
        ("C4", 60),
        ("c4", 60),
        ("Cs4", 61),
        ("C#4", 61),
        ("C♯4", 61),
        ("Db4", 61),
        ("Bb2", 46),
        ("bb2", 46),
        ("b2", 47),
        ("B#3", 60),
        ("Cb4", 59),
        ("A4", 69),
        ("As0", 22),
        ("C-1", 0),
        ("G9", 127),
        ("60", 60),
        (" 0 ", 0),
    ],
)
def test_names_and_numbers_are_understood(text: str, midi_pitch: int) -> None:
    assert parse_pitch(text) == midi_pitch


@pytest.mark.parametrize(
    "text", ["", "H4", "C", "4C", "C4.5", "C##4", "128", "-1", "G#9", "Cb-1", "C10", "٣"]
)
def test_nonsense_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match="note"):
        parse_pitch(text)


@pytest.mark.parametrize(
    ("text", "pitches"),
    [
        ("C3-B3", list(range(48, 60))),
        ("C4,E4,G4", [60, 64, 67]),
        ("60-62", [60, 61, 62]),
        ("C-1-D-1", [0, 1, 2]),
        ("C-1", [0]),
        ("G4, 60 - 61 ,G4", [67, 60, 61]),
        ("Bb3-b3", [58, 59]),
    ],
)
def test_lists_and_ranges_are_understood(text: str, pitches: list[int]) -> None:
    assert parse_pitches(text) == pitches


@pytest.mark.parametrize("text", ["", "C4,", "C4-", "C4-E4-G4", "B4-C3", "C4;E4", "C4 E4"])
def test_a_broken_list_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_pitches(text)


def test_every_name_leads_back_to_its_number() -> None:
    assert [parse_pitch(pitch_name(pitch)) for pitch in range(128)] == list(range(128))
    assert (pitch_name(60), pitch_name(61), pitch_name(0)) == ("C4", "C#4", "C-1")
    with pytest.raises(InputError):
        pitch_name(128)


def test_a4_is_440_hz_and_an_octave_doubles() -> None:
    assert pitch_frequency_hz(69) == 440.0
    assert pitch_frequency_hz(81) == 880.0
