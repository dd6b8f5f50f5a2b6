"""Notes as people spell them in names of files: C#4, Cis4, Do dièse 4, c'', 4C#, PianoC4, 061.

Only a letter with its accidental and its octave, standing by itself, is sure to be a note. What else may be
one is a guess that the sound has to confirm.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from aae.notes.pitch_names import MAX_PITCH, MIN_PITCH

from .plain_text import without_accents


class Spelling(StrEnum):
    """How a note is written; the values are words for it in a report."""

    NAME = "notes"
    PRIMES = "notes with strokes (c' is C4)"
    SOLFEGE = "do re mi"
    LOOSE = "notes that touch other words"
    NUMBER = "MIDI numbers"


SURE = frozenset({Spelling.NAME, Spelling.PRIMES})
MIN_NUMBER = 12
"""The lowest MIDI number that a name is taken to mean: C0."""


@dataclass(frozen=True)
class Style:
    """What the names of a folder tell together.

    Attributes:
        as_is_flat: As and Es are A flat and E flat, not sharps.
        b_is_flat: B is B flat, and H is B, as in German.
        has_strokes: c' stands there, so that c is C3 and C is C2.
    """

    as_is_flat: bool = False
    b_is_flat: bool = False
    has_strokes: bool = False


@dataclass(frozen=True)
class NoteWord:
    """A word that may name a note.

    Attributes:
        spelling: How it is written.
        midi_pitch: MIDI number that it means, or means first.
        start: Where it stands.
        is_small: Whether its letter is small and a number follows: in German c1 is C4.
    """

    spelling: Spelling
    midi_pitch: int
    start: int
    is_small: bool = False


_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_SYLLABLES = {
    **{"do": 0, "ut": 0, "re": 2, "mi": 4, "fa": 5, "sol": 7, "so": 7, "la": 9, "si": 11, "ti": 11},
}
_ACCIDENTALS = {
    **dict.fromkeys(("##", "♯♯", "𝄪", "x", "isis"), 2),
    **dict.fromkeys(("#", "♯", "s", "is", "sharp", "diese", "diesis", "sostenido", "sustenido"), 1),
    **dict.fromkeys(("", "♮"), 0),
    **dict.fromkeys(("b", "♭", "es", "flat", "bemol", "bemolle"), -1),
    **dict.fromkeys(("bb", "♭♭", "𝄫", "eses"), -2),
}
_SIGNS = r"##|♯♯|𝄪|bb|♭♭|𝄫|#|♯|b|♭|♮"
_WORDS = r"sharp|flat|diese|diesis|sostenido|sustenido|bemolle|bemol"
_OF_LETTERS = rf"{_SIGNS}|x|[sS]|(?i:isis|eses|is|es|[ _-]?(?:sharp|flat)[ _-]?)"
_OF_SYLLABLES = rf"{_SIGNS}|is|[ _-]?(?:{_WORDS})"
_BEFORE, _AFTER = r"(?<![A-Za-z0-9#♯♭])", r"(?![A-Za-z0-9#♯♭])"
_STROKE, _TWO_STROKES = "'\u2019\u2032", '"\u201d'
_NAME = re.compile(rf"{_BEFORE}(?P<step>[A-Ha-h])(?P<sign>{_OF_LETTERS})?(?P<octave>-?[0-9]){_AFTER}")
_WHOLE = re.compile(rf"[A-Ha-h](?:{_OF_LETTERS})?(?:-?[0-9]|[,{_STROKE}{_TWO_STROKES}]+)")
_LOOSE = re.compile(
    rf"(?:{_BEFORE}|(?<=[a-z0-9])(?=[A-H]))(?P<step>[A-Ha-h])(?P<sign>{_SIGNS}|is|[sBSx])?[ _-]?"
    rf"(?P<octave>[0-9])(?![0-9#♯♭])"
    rf"|{_BEFORE}(?P<octave_first>[0-9])[ _-]?(?P<step_last>[A-Ha-h])(?P<sign_last>{_SIGNS}|is|s)?{_AFTER}"
)
_SOLFEGE = re.compile(
    rf"{_BEFORE}(?P<step>do|ut|re|mi|fa|sol|so|la|si|ti)(?P<sign>{_OF_SYLLABLES})?[ _-]?"
    rf"(?P<octave>[0-9]){_AFTER}",
    re.I,
)
_PRIMES = re.compile(
    rf"{_BEFORE}(?:(?P<low>[A-H])(?P<low_sign>{_SIGNS}|is|es|s)?(?P<commas>,+)(?![ \w])"
    rf"|(?P<step>[a-h])(?P<sign>{_SIGNS}|is|es|s)?(?P<strokes>[{_STROKE}]+|[{_TWO_STROKES}])(?![A-Za-z0-9]))"
)
_UNMARKED = re.compile(
    rf"{_BEFORE}(?P<step>[A-Ha-h])(?P<sign>{_SIGNS}|is|es|s)?(?![A-Za-z0-9#♯♭,{_STROKE}{_TWO_STROKES}])"
)
_NUMBER = re.compile(
    r"(?<![0-9.,#♯])(?P<before>(?<![^\W_])[^\W\d_]*[ _-]?)(?P<number>[0-9]{1,3})(?![A-Za-z0-9#♯♭.])"
)
_COUNTERS = (
    "v vel velo velocity rr r robin take t layer lyr l dyn mic track tr channel ch no nr num bpm mk op"
    " version ver part pt vol x bit khz hz hit seq pos position group gr string str fret"
)
_NOT_NOTES = frozenset(_COUNTERS.split())
"""Words after which a number counts something else."""
_GERMAN = re.compile(rf"{_BEFORE}(?:[A-H]is|[CDFG]es|Es)(?:-?[0-9]{_AFTER}|[,{_STROKE}])", re.I)
_H = re.compile(rf"{_BEFORE}h(?:es|is)?(?:-?[0-9]{_AFTER}|[,{_STROKE}])", re.I)
_BES = re.compile(rf"{_BEFORE}bes(?:-?[0-9]{_AFTER}|[,{_STROKE}])", re.I)
_SHARPS_IN_S = re.compile(rf"{_BEFORE}[CDFG]s-?[0-9]{_AFTER}", re.I)
_NATURAL = re.compile(rf"{_BEFORE}[A-G](?:[#sb]|is|es)?-?[0-9]{_AFTER}", re.I)


def style_of(stems: Iterable[str]) -> Style:
    """What the names of one folder, without their endings, tell together of how notes are written there."""
    plain = [_plain(stem) for stem in stems]
    has_letters = any(_NATURAL.search(stem) for stem in plain)
    has_h = has_letters and any(_H.search(stem) and not _NATURAL.search(stem) for stem in plain)
    has_words = has_h or any(_GERMAN.search(stem) for stem in plain)
    is_german = has_words and not any(_SHARPS_IN_S.search(stem) for stem in plain)
    return Style(
        as_is_flat=is_german,
        # In Dutch B flat is Bes, and B is B.
        b_is_flat=is_german and not any(_BES.search(stem) for stem in plain),
        has_strokes=any(_PRIMES.search(stem) for stem in plain),
    )


def note_words(stem: str, style: Style) -> list[NoteWord]:
    """All that may name a note in a name without its ending, from left to right; see `Spelling`.

    Args:
        stem: The name.
        style: What its folder tells.
    """
    plain = _plain(stem)
    sure = [*_sure(plain, style)]
    guessed = [] if sure else [*_loose(plain, style), *_solfege(plain)]
    found = {word.start: word for word in (*_numbers(plain), *guessed, *sure)}
    return [word for _, word in sorted(found.items()) if MIN_PITCH <= word.midi_pitch <= MAX_PITCH]


def note_of(text: str, style: Style) -> NoteWord | None:
    """The note that a text is, if it surely is one and nothing else stands there."""
    words = [word for word in note_words(text.strip(), style) if word.spelling in SURE]
    return (
        words[0]
        if len(words) == 1 and not words[0].start and _WHOLE.fullmatch(_plain(text.strip()))
        else None
    )


def _plain(stem: str) -> str:
    return without_accents(stem.replace("\u00b4", "'"))


def _sure(stem: str, style: Style) -> Iterator[NoteWord]:
    for match in _NAME.finditer(stem):
        step, sign = match["step"], (match["sign"] or "").strip(" _-")
        # A DX7 is no double sharp, and H and a large S are notes in German only.
        if sign != "x" and (style.as_is_flat or (step not in "Hh" and sign != "S")):
            word = _word(Spelling.NAME, match.start(), step, sign, int(match["octave"]), style)
            yield replace(word, is_small=step.islower())
    for match in _PRIMES.finditer(stem):
        if match["low"]:
            octave = 2 - len(match["commas"])
            yield _word(Spelling.PRIMES, match.start(), match["low"], match["low_sign"], octave, style)
        else:
            strokes = 2 if match["strokes"] in _TWO_STROKES else len(match["strokes"])
            yield _word(Spelling.PRIMES, match.start(), match["step"], match["sign"], 3 + strokes, style)
    if style.has_strokes:
        for match in _UNMARKED.finditer(stem):
            octave = 2 if match["step"].isupper() else 3
            yield _word(Spelling.PRIMES, match.start(), match["step"], match["sign"], octave, style)


def _solfege(stem: str) -> Iterator[NoteWord]:
    for match in _SOLFEGE.finditer(stem):
        sign = (match["sign"] or "").strip(" _-").lower()
        pitch = 12 * (int(match["octave"]) + 1) + _SYLLABLES[match["step"].lower()] + _ACCIDENTALS[sign]
        yield NoteWord(Spelling.SOLFEGE, pitch, match.start())


def _loose(stem: str, style: Style) -> Iterator[NoteWord]:
    for match in _LOOSE.finditer(stem):
        step, sign, octave = match["step"], match["sign"], match["octave"]
        if step is None:
            step, sign, octave = match["step_last"], match["sign_last"], match["octave_first"]
        yield _word(Spelling.LOOSE, match.start(), step, sign, int(octave), style)


def _numbers(stem: str) -> Iterator[NoteWord]:
    for match in _NUMBER.finditer(stem):
        word, number = match["before"].strip(" _-").lower(), int(match["number"])
        if MIN_NUMBER <= number <= MAX_PITCH and word not in _NOT_NOTES:
            yield NoteWord(Spelling.NUMBER, number, match.start("number"))


def _word(spelling: Spelling, start: int, step: str, sign: str | None, octave: int, style: Style) -> NoteWord:
    """A note of a letter, in the folder's style."""
    step, sign = step.lower(), (sign or "").lower()
    is_flat = (sign == "s" and step in "ae" and style.as_is_flat) or (
        not sign and step == "b" and style.b_is_flat
    )
    alteration = -1 if is_flat else _ACCIDENTALS[sign]
    return NoteWord(spelling, 12 * (octave + 1) + _STEPS[step] + alteration, start)
