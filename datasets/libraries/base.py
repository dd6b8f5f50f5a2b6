"""What an adapter is: it reads a library's names and tables, and says which recordings there are.

An adapter turns the library's own way of naming into `Recording`s without opening any audio; everything
after that (trimming, measuring, checking) is the same for all libraries and lives in `datasets.build`. Only
a library that is not made of audio files says itself how one of its recordings is read.
"""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from aae.notes.bank import Split

from ..reading.audio import Sound, read_mono

if TYPE_CHECKING:
    from ..reading.files import Survey

SURELY_NAMED = 0.5
"""A library is recognised if at least this share of the names looked at are in its manner."""


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
            say,
            and it is to be measured.
        labels: Attribute to label, in the library's own words.
        skip: Set if the name alone already says that this is no note, or if it cannot be understood.
        split: What the note is for, if the library itself says so.
    """

    id: str
    midi_pitch: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    skip: Skip | None = None
    split: Split | None = None


class Adapter(ABC):
    """One library's way of naming its recordings.

    Attributes:
        name: What `--format` calls it.
        title: Its name for people.
        licence: Under which terms the recordings come.
        credits: Whom to thank, as the licence or courtesy asks.
        take_like: Attributes that tell takes of one note apart (length, loudness): notes that differ only in
            these go to the same split.
        rare: Attributes whose labels are dropped when only a few notes have them.
        keeps_unpitched: Whether sounds without pitch go in unless the user says otherwise.
        takes_file: Whether the library may be a single file.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    credits: ClassVar[str]
    take_like: ClassVar[frozenset[str]] = frozenset({"duration", "dynamics"})
    rare: ClassVar[tuple[str, ...]] = ()
    keeps_unpitched: ClassVar[bool] = True
    takes_file: ClassVar[bool] = False

    @abstractmethod
    def recordings(self, source: Path) -> list[Recording]:
        """All recordings below a folder, sorted by id, each once; those to be skipped are among them.

        Args:
            source: The library's folder.

        Raises:
            InputError: If there is nothing of this library in the folder.
        """

    def recognise(self, found: "Survey") -> tuple[float, str]:
        """How surely a folder is this library.

        Args:
            found: What is in the folder.

        Returns:
            0 (not at all) to 1, and in words why; used where a user does not say which library it is.
        """
        return 0.0, ""

    def read(self, source: Path, id_: str, sample_rate: int) -> tuple[Sound, str]:
        """One recording's sound.

        Args:
            source: The library's folder.
            id_: The recording.
            sample_rate: Samples per second of the result.

        Returns:
            It, and a digest of where it came from: the same for copies.

        Raises:
            UnreadableError: If it cannot be decoded.
            OSError: If it cannot be opened.
        """
        path = source / id_
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return read_mono(path, sample_rate), digest

    def origin(self, source: Path, id_: str) -> Path:
        """The file that a recording comes from: if it changes, the recording is read again."""
        return source / id_

    def terms(self, source: Path) -> dict[str, str]:
        """Title, licence and credits."""
        return {"title": self.title, "licence": self.licence, "credits": self.credits}


def not_understood(id_: str, detail: str) -> Recording:
    """A recording whose name or table row does not follow the library's rules."""
    return Recording(id_, skip=Skip(id_, SkipReason.TAG, detail))


def as_label(text: str) -> str:
    """A name as labels are written: lower case, words joined by hyphens."""
    return re.sub(r"[\s_]+", "-", text.strip().lower()).strip("-")


def share_named(
    found: "Survey", is_named: Callable[[PurePosixPath], bool], example: str
) -> tuple[float, str]:
    """Evidence from names alone, for `Adapter.recognise`.

    Args:
        found: What is in the folder.
        is_named: Whether a name is in the library's manner.
        example: Such a name, for the words.
    """
    sample = found.sample()
    if not sample:
        return 0.0, ""
    n_named = sum(is_named(name) for name in sample)
    share = n_named / len(sample)
    if share < SURELY_NAMED:
        return 0.0, ""
    return share, f"{n_named} of {len(sample)} names looked at are like {example}"
