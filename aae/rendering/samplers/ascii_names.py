"""Names for formats that know ASCII alone: as much of a text as Latin letters can say, distinct and short.

Accents fall away; Greek, Cyrillic and kana are spelled out. Where another letter had to go, a hash of the
whole stands behind what is left.
"""

import unicodedata
from collections.abc import Sequence

from aae.notes.safe_names import short_hash

_LATIN = dict(
    zip(
        "абвгдезийклмнопрстуфыэєґіўαβγδεζηικλμνξοπρσςτυφω",
        "abvgdeziyklmnoprstufyeegiuavgdeziiklmnxoprsstyfo",
        strict=True,
    )
)
_LATIN |= {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya",  # noqa: RUF001
    "ї": "yi", "ъ": "", "ь": "", "θ": "th", "χ": "ch", "ψ": "ps", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o",
    "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "♯": "#", "♭": "b", "ー": "",  # noqa: RUF001
}  # fmt: skip
"""Letters that have no accent to lose; in lower case."""
_KANA = ("HIRAGANA LETTER ", "KATAKANA LETTER ")
_LOST = "\0"


def ascii_name(text: str) -> str:
    """The text in ASCII, empty only if it is; see `told_apart` for texts that become one."""
    letters = "".join(_ascii_letter(letter) for letter in unicodedata.normalize("NFKC", text))
    if letters.isprintable() and (letters.strip() or not text):
        return letters
    kept = "-".join(part.strip() for part in letters.split(_LOST) if part.strip())
    return f"{kept or 'sound'}-{short_hash(text)}"


def told_apart(names: Sequence[str], originals: Sequence[str], max_length: int) -> list[str]:
    """The names, no longer than that, each its own.

    Args:
        names: In ASCII.
        originals: What each stands for; where two names became one, a hash of it ends the later one.
        max_length: In letters, at least 16.
    """
    given: dict[str, None] = {}
    for name, original in zip(names, originals, strict=True):
        candidate, count = name[:max_length].rstrip(), 0
        while candidate in given:
            ending = f"-{short_hash(f'{original}{count or str()}')}"
            candidate, count = name[: max_length - len(ending)].rstrip() + ending, count + 1
        given[candidate] = None
    return list(given)


def _ascii_letter(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isprintable() else _LOST
    if letter.lower() in _LATIN:
        spelled = _LATIN[letter.lower()]
        return spelled.capitalize() if letter.isupper() else spelled
    name = unicodedata.name(letter, "")
    if name.startswith(_KANA):
        return name.rsplit(" ", 1)[-1].lower()
    if unicodedata.combining(letter):
        return ""
    parts = unicodedata.normalize("NFD", letter)
    return _LOST if parts == letter else "".join(map(_ascii_letter, parts))
