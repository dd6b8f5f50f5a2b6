"""What an adapter is: it reads a library's names and tables, and says which recordings there are.

An adapter turns the library's own way of naming into `Recording`s without opening any audio; everything
after that (trimming, measuring, checking) is the same for all libraries and lives in `datasets.build`. Only
a library that is not made of audio files says itself how one of its recordings is read.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.analysis.recording_file import Sound, read_mono

from ..reading.files import Survey, require_whole
from ..reading.recording import Recording, Skip, SkipReason

SURELY_NAMED = 0.5
"""A library is recognised if at least this share of the names looked at are in its manner."""


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

    def recognise(self, found: Survey) -> tuple[float, str]:
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
        require_whole(path)
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


def share_named(found: Survey, is_named: Callable[[PurePosixPath], bool], example: str) -> tuple[float, str]:
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
