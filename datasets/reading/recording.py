"""A recording as its library describes it, and why one does not become a note."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aae.notes.bank import Split


class SkipReason(StrEnum):
    """Why a recording did not become a note."""

    UNREADABLE = "unreadable"
    SILENT = "silent"
    TOO_SHORT = "too short"
    PHRASE = "a phrase, not a note"
    TAG = "tag not understood"
    PAIR = "two notes at once"
    UNPITCHED = "unpitched, not asked for"
    NO_PITCH = "no pitch found"
    WRONG_PITCH = "measured pitch far from the label"
    DUPLICATE = "duplicate bytes"
    CLIPPED = "clipped"
    RARE = "rare label"


@dataclass(frozen=True, slots=True)
class Skip:
    """A recording that did not become a note.

    Attributes:
        id: Source path of the recording, relative, with forward slashes.
        reason: Why.
        detail: What exactly was found, in words.
    """

    id: str
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """One audio file, as its library describes it.

    Attributes:
        id: Source path relative to the library's folder, with forward slashes.
        midi_pitch: MIDI number; `aae.notes.bank.UNPITCHED` if it has no pitch; None if the library does not
            say, and it is to be measured.
        labels: Attribute to label, in the library's own words.
        skip: Set if the name alone already says that this is no note, or if it cannot be understood.
        split: What the note is for, if the library itself says so.
        midi_range: MIDI numbers of the first and the last note, both included, of a file that the library
            says holds a scale; None for a single note.
        readings: Ways to read the name to the MIDI number that it then means, the likeliest first; empty if
            it can be read in one way only. What sounds decides, over all of a folder's names.
        read_as: In words, how the name was read, where that is not plain.
    """

    id: str
    midi_pitch: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    skip: Skip | None = None
    split: Split | None = None
    midi_range: tuple[int, int] | None = None
    readings: Mapping[str, int] = field(default_factory=dict)
    read_as: str = ""


def as_label(text: str) -> str:
    """A name as labels are written: lower case, words joined by hyphens."""
    return re.sub(r"[\s_]+", "-", text.strip().lower()).strip("-")
