"""Which audio files a folder holds, and which of its entries cannot be used and why.

Links are followed, each folder is entered once: a link that leads back to where it came from ends there.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aae.analysis.recording_file import AUDIO_SUFFIXES, UnreadableError

from .recording import Skip, SkipReason

_STREAMED_BYTES = 0xFFFF_0000
"""Sizes above it are what programs write that did not know the size."""
_COUNTS_AS_WHOLE = 1.01

FOREIGN_SUFFIXES = frozenset({".m4a", ".aac", ".wma", ".mp4", ".ape", ".wv", ".ra", ".ac3", ".dsf", ".mka"})
"""Audio that libsndfile does not read: named in the report rather than passed over."""
PATCH_SUFFIXES = frozenset({".pat", ".gig", ".dls", ".sfark", ".nki", ".nkx", ".exs", ".sbk", ".krz"})
"""Samplers' own containers of samples; so are they."""
MAPPING_SUFFIXES = frozenset({".sfz", ".dspreset", ".dslibrary"})
"""What says which sample sounds which key: text beside the samples, or an archive with both."""
ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"})


@dataclass(frozen=True)
class Survey:
    """What is in a folder.

    Attributes:
        source: The folder, or a single file.
        names: Its audio files, relative with forward slashes, sorted.
        unusable: Entries that should have been recordings but cannot be read, sorted.
        tables: Names of the other files right in the folder.
        mappings: Samplers' mappings, relative with forward slashes, sorted.
    """

    source: Path
    names: tuple[str, ...]
    unusable: tuple[Skip, ...]
    tables: frozenset[str]
    mappings: tuple[str, ...] = ()

    def sample(self, n: int = 400) -> list[PurePosixPath]:
        """Up to `n` of the audio files, spread evenly over the folder."""
        step = max(1, len(self.names) / n)
        return [PurePosixPath(self.names[int(i * step)]) for i in range(min(n, len(self.names)))]


def survey(source: Path) -> Survey:
    """Looks at every entry below a folder once; opens no file. Hidden entries are left out.

    Args:
        source: A folder, or one file, which then is the only entry.
    """
    if not source.is_dir():
        mapping = (source.name,) if _suffix(source.name) in MAPPING_SUFFIXES else ()
        return Survey(source, (source.name,), (), frozenset(), mapping)
    names: list[str] = []
    mappings: list[str] = []
    unusable: list[Skip] = []
    for name, problem in _entries(source):
        if problem:
            unusable.append(Skip(_printable(name), SkipReason.UNREADABLE, problem))
        else:
            (mappings if _suffix(name) in MAPPING_SUFFIXES else names).append(name)
    tables = frozenset(entry.name for entry in source.iterdir() if _suffix(entry.name) not in AUDIO_SUFFIXES)
    unusable.sort(key=lambda skip: skip.id)
    return Survey(source, tuple(sorted(names)), tuple(unusable), tables, tuple(sorted(mappings)))


def audio_names(source: Path) -> list[str]:
    """All usable audio files below `source`, relative with forward slashes, sorted."""
    return list(survey(source).names)


def _entries(source: Path) -> Iterator[tuple[str, str]]:
    """Audio files, mappings and unusable entries, as (relative name, what is wrong)."""
    entered = {_identity(os.stat(source))}
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(source / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield folder, f"the folder cannot be opened: {error.strerror}"
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{folder}{entry.name}"
            if _is_new_folder(entry, entered):
                pending.append(f"{name}/")
            else:
                yield from _file(entry, name)


def _is_new_folder(entry: os.DirEntry[str], entered: set[tuple[int, int]]) -> bool:
    """Whether the entry is a folder not entered before; remembers it."""
    try:
        if not entry.is_dir():
            return False
        identity = _identity(entry.stat())
    except OSError:
        return False
    if identity in entered:
        return False
    entered.add(identity)
    return True


def _file(entry: os.DirEntry[str], name: str) -> Iterator[tuple[str, str]]:
    suffix = _suffix(entry.name)
    if suffix in FOREIGN_SUFFIXES:
        yield name, f"{suffix[1:].upper()} is not read: convert it to WAV or FLAC"
    if suffix in PATCH_SUFFIXES:
        yield name, f"a sampler's {suffix[1:].upper()} is not read: convert it to SF2, or its samples to WAV"
    if suffix in ARCHIVE_SUFFIXES:
        yield name, "an archive: unpack it"
    if suffix not in AUDIO_SUFFIXES and suffix not in MAPPING_SUFFIXES:
        return
    try:
        kind = entry.stat().st_mode
    except OSError as error:
        yield name, f"a link to nothing: {error.strerror}" if entry.is_symlink() else str(error.strerror)
        return
    if stat.S_ISREG(kind):
        yield name, "" if name == _printable(name) else "its name is not UTF-8: rename it"
    elif not stat.S_ISDIR(kind):
        yield name, "no regular file"


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _printable(name: str) -> str:
    """A name that can be written down; bytes that are no UTF-8 become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def require_whole(path: Path) -> None:
    """Refuses a WAV or AIFF that says that it is longer than it is.

    libsndfile reads what is there and says nothing; the note would end in the middle.

    Raises:
        UnreadableError: If bytes are missing.
        OSError: If it cannot be opened.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kind, declared = file.read(4), file.read(4)
    if kind not in (b"RIFF", b"FORM") or len(declared) < 4:
        return
    whole = int.from_bytes(declared, "little" if kind == b"RIFF" else "big") + 8
    if _STREAMED_BYTES > whole > size * _COUNTS_AS_WHOLE:
        raise UnreadableError(path, f"truncated: {size} of {whole} bytes are there")
