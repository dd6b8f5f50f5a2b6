"""What an adapter is: it reads a library's names and tables, and says which recordings there are.

An adapter opens no audio. It turns the library's own way of naming into `Recording`s; everything after that
(reading, trimming, measuring, checking) is the same for all libraries and lives in `datasets.build`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf"}
)
"""Files with these endings are recordings; case does not matter."""


class SkipReason(StrEnum):
    """Why a recording did not become a note."""

    UNREADABLE = "unreadable"
    SILENT = "silent"
    TOO_SHORT = "too short"
    PHRASE = "a phrase, not a note"
    TAG = "tag not understood"
    UNPITCHED = "unpitched, not asked for"
    NO_PITCH = "no pitch found"
    WRONG_PITCH = "measured pitch far from the label"
    DUPLICATE = "duplicate bytes"
    RARE = "rare label"


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Recording:
    """One audio file, as its library describes it.

    Attributes:
        id: Source path relative to the library's folder, with forward slashes.
        midi_pitch: MIDI number; `aae.notes.UNPITCHED` if it has no pitch; None if the library does not say,
            and it is to be measured.
        labels: Attribute to label, in the library's own words.
        skip: Set if the name alone already says that this is no note, or if it cannot be understood.
    """

    id: str
    midi_pitch: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    skip: Skip | None = None


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
    """

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    credits: ClassVar[str]
    take_like: ClassVar[frozenset[str]] = frozenset({"duration", "dynamics"})
    rare: ClassVar[tuple[str, ...]] = ()
    keeps_unpitched: ClassVar[bool] = True

    @abstractmethod
    def recordings(self, source: Path) -> list[Recording]:
        """All recordings below a folder, sorted by id, each once; those to be skipped are among them.

        Args:
            source: The library's folder.

        Raises:
            InputError: If there is nothing of this library in the folder.
        """


def audio_files(source: Path) -> list[Path]:
    """All audio files below `source`, as sorted relative paths; hidden files and folders are left out."""
    files = [path.relative_to(source) for path in source.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES]
    visible = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    return sorted((path for path in visible if (source / path).is_file()), key=Path.as_posix)
