import unicodedata

import pytest

from datasets.names.spellings import Spelling, Style, note_words, style_of

GERMAN = Style(as_is_flat=True, b_is_flat=True)


def read(stem: str, style: Style = Style()) -> list[tuple[Spelling, int]]:  # noqa: B008
    return [(word.spelling, word.midi_pitch) for word in note_words(stem, style)]


@pytest.mark.parametrize(
    ("stem", "midi_pitch"),
    [
        *(("flute_A#4", 70), ("Flute Bb3 loud", 58), ("vln-arco-G5-ff", 79), ("C-1", 0), ("a2", 45)),
        *(("F♯3", 54), ("E♭2", 39), ("Gs4", 68), ("Cis4", 61), ("Des4", 61), ("fis3", 54), ("CIS4", 61)),
        *(("C sharp 4", 61), ("C-sharp-4", 61), ("D_flat_3", 49), ("Dflat3", 49), ("Csharp4", 61)),
        *(("F##3", 55), ("Bbb3", 57), ("B♭♭3", 57), ("F𝄪3", 55), ("Eeses3", 50), ("Cisis4", 62), ("C♮4", 60)),
        *(("\uff23\uff14", 60), ("\u30d4\u30a2\u30ceC4", 60)),
    ],
)
def test_a_letter_its_accidental_and_its_octave_are_surely_a_note(stem: str, midi_pitch: int) -> None:
    assert read(stem) == [(Spelling.NAME, midi_pitch)]


@pytest.mark.parametrize(
    ("stem", "midi_pitch"),
    [("B4", 70), ("H4", 71), ("As4", 68), ("Es4", 63), ("ES4", 63), ("Bes4", 70), ("His4", 72), ("Hes4", 70)],
)
def test_german_notes(stem: str, midi_pitch: int) -> None:
    assert read(stem, GERMAN) == [(Spelling.NAME, midi_pitch)]


@pytest.mark.parametrize(
    ("stems", "style"),
    [
        (["Klarinette_Cis4", "Klarinette_B4"], GERMAN),
        (["Klarinette_H4", "Klarinette_B4"], GERMAN),
        (["Klarinette_es1", "Klarinette_B1"], GERMAN),
        (["Fluit_Cis4", "Fluit_Bes4", "Fluit_B4"], Style(as_is_flat=True)),
        (["cello_As4", "cello_Cs4", "cello_B4"], Style()),
        (["cello_As4", "cello_B4"], Style()),
        (["h1_C4", "h2_C4"], Style()),
        (["Horn", "Flute C4"], Style()),
        (["Geige c'", "Geige c"], Style(has_strokes=True)),
    ],
)
def test_the_names_of_a_folder_tell_its_language(stems: list[str], style: Style) -> None:
    assert style_of(stems) == style


@pytest.mark.parametrize(
    ("stem", "midi_pitch"),
    [
        *(("c'", 60), ("Geige fis''", 78), ("b'", 71), ("a\u2019", 69), ('c"', 72), ("c\u00b4", 60)),
        *(("c", 48), ("Cello C", 36), ("Bass C,", 24), ("Bass A,,", 21)),
    ],
)
def test_strokes_count_octaves_from_the_one_lined(stem: str, midi_pitch: int) -> None:
    assert read(stem, Style(has_strokes=True)) == [(Spelling.PRIMES, midi_pitch)]


@pytest.mark.parametrize(
    ("stem", "midi_pitch"),
    [
        *(
            ("Flûte Do3", 48),
            ("Fa#3", 54),
            ("Mib3", 51),
            ("Ré dièse 4", 63),
            ("Si bémol 2", 46),
            ("La_3", 57),
        ),
        *(("Sol sostenido 4", 68), ("do diesis 4", 61), ("Mi bemolle 4", 63), ("Dó4", 60), ("Ut5", 72)),
    ],
)
def test_syllables_are_read_with_and_without_joined_accents(stem: str, midi_pitch: int) -> None:
    for form in ("NFC", "NFD"):
        assert read(unicodedata.normalize(form, stem)) == [(Spelling.SOLFEGE, midi_pitch)]


@pytest.mark.parametrize(
    ("stem", "midi_pitch"),
    [
        *(
            ("PianoC4", 60),
            ("PianoA#3v2", 58),
            ("flute_C_4", 60),
            ("flute C 4", 60),
            ("4C#", 61),
            ("5-D", 74),
        ),
        *(("piano_EB4", 63), ("Cx4", 62)),
    ],
)
def test_letters_that_touch_other_words_are_guesses(stem: str, midi_pitch: int) -> None:
    assert read(stem) == [(Spelling.LOOSE, midi_pitch)]


@pytest.mark.parametrize(
    ("stem", "numbers"),
    [
        *(("DefaultPiano-108", [108]), ("LAYER1_101", [101]), ("Piano_029", [29]), ("060", [60])),
        *(("Piano060", [60]), ("midi 64", [64]), ("bass-060-100", [60, 100])),
        *(
            ("x_rr1", []),
            ("x_v127", []),
            ("x take 33", []),
            ("x 2004", []),
            ("x_44100_24bit", []),
            ("x_48k", []),
        ),
        *(("kick_808", []), ("1.60", []), ("x vel 64", []), ("take12", [])),
    ],
)
def test_numbers_that_count_something_else_are_no_notes(stem: str, numbers: list[int]) -> None:
    assert read(stem) == [(Spelling.NUMBER, number) for number in numbers]


@pytest.mark.parametrize("stem", ["ABC4D", "Cello", "DX7", "B-flat", "C10", "", "#4", "d'amore"])
def test_other_words_are_no_notes(stem: str) -> None:
    assert read(stem) == []
