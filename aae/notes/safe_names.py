"""Any text as a part of a file's name: letters of every script stay, what a file system could misread goes.

A part holds letters, marks, digits and signs of any script; of ASCII, letters, digits and `+-.`. It is of one
form (NFC): some file systems take an `é` and an `e` with an accent for the same, others do not. Names are
counted in bytes of UTF-8, as file systems count them.
"""

import hashlib
import itertools
import re
import unicodedata

MAX_NAME_BYTES = 255
PRESET_SUFFIX = ".dslibrary"
"""Of what is named after an instrument."""
_PARTIAL_BYTES = len("." + ".4194304" + ".partial")
"""What `mcnn.atomic` puts around a name while the file is written, with the largest number of a process."""
_ASCII_KEPT = re.compile(r"[A-Za-z0-9.+-]")
_KEPT = ("L", "M", "N", "S", "Cn")
"""Those that stay; `Cn` are letters younger than this Python, which another one knows."""
_HASH_LENGTH = 6
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Names of devices on Windows, whatever comes behind a dot."""


def safe_part(text: str, max_bytes: int) -> str:
    """The text as a part of a file's name.

    Args:
        text: Anything.
        max_bytes: Of a longer text the beginning stays, and a hash of the whole behind it.
    """
    seen = (letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter) != "Cf")
    runs = itertools.groupby(seen, _is_kept)
    safe = "".join("".join(run) if kept else "-" for kept, run in runs).strip("-.") or "sound"
    if n_bytes(safe) <= max_bytes:
        return safe
    return f"{_beginning(safe, max_bytes)}-{short_hash(text)}"


def is_safe_name(name: str) -> bool:
    """Whether a name that was read from a file is one that this program could have given."""
    kept = all(letter == "_" or _is_kept(letter) for letter in name)
    return kept and name[:1] not in ("", "-", ".", "_") and unicodedata.is_normalized("NFC", name)


def not_reserved(stem: str) -> str:
    """The stem, with a word before it if some system keeps it for a device."""
    return f"sound-{stem}" if _RESERVED.fullmatch(stem) else stem


def shortened_stem(stem: str, suffix: str) -> str:
    """The stem of a file that is to be written, its end a hash if it is too long with what follows it."""
    max_bytes = MAX_NAME_BYTES - _PARTIAL_BYTES - n_bytes(suffix)
    if n_bytes(stem) <= max_bytes:
        return stem
    return f"{_beginning(stem, max_bytes - 1 - _HASH_LENGTH)}-{short_hash(stem)}"


def compared(name: str) -> str:
    """What two names share if some file system takes one for the other, by case or by form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def short_hash(text: str) -> str:
    """A few letters that tell a text from others."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]


def n_bytes(text: str) -> int:
    """Length in UTF-8; of names that are no UTF-8, too."""
    return len(text.encode("utf-8", "surrogatepass"))


def _is_kept(letter: str) -> bool:
    if letter.isascii():
        return _ASCII_KEPT.match(letter) is not None
    is_noncharacter = ord(letter) & 0xFFFE == 0xFFFE or "\ufdd0" <= letter <= "\ufdef"
    return unicodedata.category(letter).startswith(_KEPT) and not is_noncharacter


def _beginning(text: str, max_bytes: int) -> str:
    """As many whole letters as fit."""
    return text.encode("utf-8", "surrogatepass")[:max_bytes].decode("utf-8", "ignore")
