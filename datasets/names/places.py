"""Which word of a name is its note, told by all names of a folder together.

`EP_048_C2_v100`: what is the same in every file is no note, what names the same notes twice is one, and a
number that is octaves away from the name beside it, always by as many, is the MIDI number. What names alone
cannot tell is left to the sound: several readings, of which the build keeps the one that is heard.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from aae.notes.pitch_names import MAX_PITCH

from .spellings import SURE, NoteWord, Spelling, Style, note_words, style_of

MAX_READINGS = 4
"""So many ways to read a name are compared with its sound: each costs a measurement."""
_GERMAN_OCTAVES = 36
"""By so much c1, the C above which Germans count octaves, is higher than C1."""
_MIN_SURE_NAMES = 3
"""Of files whose names and numbers must be the same octaves apart."""


@dataclass(frozen=True)
class NamedNote:
    """What a name says.

    Attributes:
        midi_pitch: MIDI number; None if no note is surely named.
        readings: How the name might be read to the MIDI number that it then means, the likeliest first.
        read_as: In words, how it was read, where that is not plain; empty otherwise.
    """

    midi_pitch: int | None = None
    readings: dict[str, int] = field(default_factory=dict)
    read_as: str = ""


def read_folder(stems: Iterable[str]) -> dict[str, NamedNote]:
    """The notes that the names of one folder say.

    Args:
        stems: Names without endings.

    Returns:
        Every name's note.
    """
    stems = sorted(set(stems))
    style = style_of(stems)
    words = {stem: note_words(stem, style) for stem in stems}
    sure = {stem: [word for word in found if word.spelling in SURE] for stem, found in words.items()}
    guessed = {stem: [word for word in found if word.spelling not in SURE] for stem, found in words.items()}
    named = _guesses({stem: guessed[stem] for stem in stems if not sure[stem]})
    labelled = _labels({stem: sure[stem] for stem in stems if sure[stem]}, style)
    labelled = {stem: _with_style(stem, note, style) for stem, note in labelled.items()}
    return named | labelled | _by_number(labelled, guessed)


def _labels(words: dict[str, list[NoteWord]], style: Style) -> dict[str, NamedNote]:
    """Notes of names that surely have one; of several words the one that differs from file to file."""
    named: dict[str, NamedNote] = {}
    for group in _alike(words).values():
        places = _varying(group) or list(range(len(next(iter(group.values())))))
        for stem, found in group.items():
            pitches = [found[place].midi_pitch for place in places]
            readings = {
                f"the note at place {place + 1} of {len(found)}": found[place].midi_pitch
                for place in reversed(places[-MAX_READINGS:])
            }
            if len(set(pitches)) == 1:
                readings = _german_octaves(found[places[-1]]) if style.as_is_flat else {}
            named[stem] = NamedNote(pitches[-1], readings)
    return named


def _german_octaves(word: NoteWord) -> dict[str, int]:
    """What a small letter and a number may mean in German: c1 is C4 by tradition, C1 to programs."""
    traditional = word.midi_pitch + _GERMAN_OCTAVES
    if not word.is_small or traditional > MAX_PITCH:
        return {}
    return {"German octaves, c1 being C4": traditional, "notes": word.midi_pitch}


def _by_number(labelled: dict[str, NamedNote], guessed: dict[str, list[NoteWord]]) -> dict[str, NamedNote]:
    """Names that give a note twice, as a word and as a MIDI number octaves away: the number counts."""
    numbered = {
        stem: [word for word in guessed[stem] if word.spelling is Spelling.NUMBER]
        for stem, note in labelled.items()
        if not note.readings
    }
    named: dict[str, NamedNote] = {}
    for group in _alike(numbered).values():
        for place in range(len(next(iter(group.values())))):
            distances = {
                found[place].midi_pitch - (labelled[stem].midi_pitch or 0) for stem, found in group.items()
            }
            n_notes = len({found[place].midi_pitch for found in group.values()})
            distance = next(iter(distances))
            if len(distances) == 1 and distance and distance % 12 == 0 and n_notes >= _MIN_SURE_NAMES:
                octaves = "an octave" if abs(distance) == 12 else f"{abs(distance) // 12} octaves"
                direction = "above" if distance > 0 else "below"
                said = f"by their MIDI numbers, {octaves} {direction} the notes beside these"
                named |= {
                    stem: NamedNote(found[place].midi_pitch, read_as=said) for stem, found in group.items()
                }
    return named


def _guesses(words: dict[str, list[NoteWord]]) -> dict[str, NamedNote]:
    """Readings of names without a sure note, of which the sound is going to choose."""
    named = {stem: NamedNote() for stem in words}
    for spelling in (Spelling.SOLFEGE, Spelling.LOOSE, Spelling.NUMBER):
        spelled = {
            stem: [word for word in found if word.spelling is spelling] for stem, found in words.items()
        }
        for group in _alike(spelled).values():
            places = _varying(group) if len(group) > 1 else range(len(next(iter(group.values()))))
            for stem, found in group.items():
                for place in places:
                    for how, pitch in _ways(found[place], place, len(found)):
                        if len(named[stem].readings) < MAX_READINGS:
                            named[stem].readings[how] = pitch
    return named


def _ways(word: NoteWord, place: int, n_places: int) -> list[tuple[str, int]]:
    """What a guessed word may mean: of a note's name the octave is not sure either."""
    where = f" at place {place + 1} of {n_places}" if n_places > 1 else ""
    ways = [(f"{word.spelling.value}{where}", word.midi_pitch)]
    if word.spelling is not Spelling.NUMBER and word.midi_pitch + 12 <= MAX_PITCH:
        ways.append((f"{word.spelling.value}{where}, C3 being MIDI 60", word.midi_pitch + 12))
    return ways


def _alike(words: dict[str, list[NoteWord]]) -> dict[int, dict[str, list[NoteWord]]]:
    """The names with the same number of such words, by that number; those without are left out."""
    groups: dict[int, dict[str, list[NoteWord]]] = defaultdict(dict)
    for stem, found in words.items():
        if found:
            groups[len(found)][stem] = found
    return groups


def _varying(group: dict[str, list[NoteWord]]) -> list[int]:
    """Places of words that are not the same in all names."""
    found = list(group.values())
    return [place for place in range(len(found[0])) if len({words[place].midi_pitch for words in found}) > 1]


def _with_style(stem: str, note: NamedNote, style: Style) -> NamedNote:
    """The note, with words for the style of its folder if it would be another one elsewhere."""
    elsewhere = {word.midi_pitch for word in note_words(stem, Style(has_strokes=style.has_strokes))}
    if note.midi_pitch in elsewhere:
        return note
    said = "in German: H is B, B is B flat, As and Es are flats" if style.b_is_flat else "As and Es are flats"
    return replace(note, read_as=said)
