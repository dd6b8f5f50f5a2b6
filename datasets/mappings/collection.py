"""All mappings of a library, and which of its audio files each of their samples is."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aae.analysis.recording_file import AUDIO_SUFFIXES
from mcnn.errors import InputError

from ..reading.files import survey
from .decent_sampler_preset import read_preset
from .library_archive import entry_names, read_entry
from .mapped_sample import MAX_MAPPING_BYTES, MappedSample, mapping_bytes, plain_path
from .sfz_text import read_sfz

ARCHIVE_SUFFIX = ".dslibrary"


@dataclass(frozen=True)
class SamplerMapping:
    """A mapping of a library.

    Attributes:
        name: Its path, relative to the library's folder, with forward slashes.
        samples: What it maps, in its order.
    """

    name: str
    samples: tuple[MappedSample, ...]

    def place(self, sample: MappedSample) -> str | None:
        """Where a sample should lie, relative to the library's folder; None if that is outside it."""
        path = plain_path(f"{PurePosixPath(self.name).parent}/{sample.path}")
        return None if path is None or path.startswith("../") else path


@dataclass(frozen=True)
class Collection:
    """The mappings of a library.

    Attributes:
        folder: The library's folder.
        audio: Its audio files, those in archives too, relative with forward slashes, sorted.
        mappings: Those that could be read, sorted by name.
        refused: Those that could not, and why.
    """

    folder: Path
    audio: tuple[str, ...]
    mappings: tuple[SamplerMapping, ...]
    refused: dict[str, str]


def read_collection(source: Path, suffixes: frozenset[str]) -> Collection:
    """Reads every mapping of a kind.

    Args:
        source: The library's folder, or one mapping.
        suffixes: Endings of the mappings, in lower case.

    Raises:
        InputError: If `source` is one mapping, and cannot be read.
    """
    if source.is_dir():
        found = survey(source)
        names = [name for name in found.mappings if PurePosixPath(name).suffix.lower() in suffixes]
        return _collected(source, names, found.names)
    folder = source.absolute().parent
    single = _collected(folder, [source.name], (), includes=folder.parent)
    if single.refused:
        raise InputError(next(iter(single.refused.values())))
    leads_out = any(
        sample.path.startswith("../") for mapping in single.mappings for sample in mapping.samples
    )
    if leads_out:
        # A mapping in a folder beside that of its samples: the library is the folder of both.
        folder, name = folder.parent, f"{folder.name}/{source.name}"
        single = _collected(folder, [name], ())
    return Collection(folder, single.audio or survey(folder).names, single.mappings, {})


def archive_of(folder: Path, id_: str) -> tuple[Path, str] | None:
    """The archive that a recording lies in and its name there; None if it is a file of its own."""
    head, found, inside = id_.lower().partition(f"{ARCHIVE_SUFFIX}/")
    archive = folder / id_[: len(head) + len(ARCHIVE_SUFFIX)]
    return (archive, id_[len(id_) - len(inside) :]) if found and archive.is_file() else None


class SampleFiles:
    """Finds the files of samples as samplers do: letter case, and the kind of audio, may be others.

    Args:
        names: Audio files, relative with forward slashes.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._exact = frozenset(names)
        self._alike = {_alike(name): name for name in sorted(self._exact, reverse=True)}
        self._stems = {_alike(name).rpartition(".")[0]: name for name in sorted(self._exact, reverse=True)}

    def find(self, place: str) -> str | None:
        """The file that a mapping means; None if it is not there."""
        if place in self._exact:
            return place
        alike = _alike(place)
        return self._alike.get(alike) or self._stems.get(alike.rpartition(".")[0])


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _collected(
    folder: Path, names: Iterable[str], audio: Iterable[str], includes: Path | None = None
) -> Collection:
    """Reads mappings; `includes` is the folder that they may include from, if not the library's."""
    mappings: list[SamplerMapping] = []
    refused: dict[str, str] = {}
    heard = list(audio)
    for name in names:
        path = folder / name
        try:
            if path.suffix.lower() == ARCHIVE_SUFFIX:
                presets, inside = _archived(path, name)
                mappings += presets
                heard += inside
            elif path.suffix.lower() == ".sfz":
                mappings.append(SamplerMapping(name, tuple(read_sfz(path, includes or folder))))
            else:
                mappings.append(SamplerMapping(name, tuple(read_preset(path.name, mapping_bytes(path)))))
        except InputError as error:
            refused[name] = str(error)
    mappings.sort(key=lambda mapping: mapping.name)
    return Collection(folder, tuple(sorted(heard)), tuple(mappings), refused)


def _archived(archive: Path, name: str) -> tuple[list[SamplerMapping], list[str]]:
    """The presets of an archive, and its audio files, named as if it were a folder."""
    inside = entry_names(archive)
    presets = [
        SamplerMapping(
            f"{name}/{entry}", tuple(read_preset(entry, read_entry(archive, entry, MAX_MAPPING_BYTES)))
        )
        for entry in inside
        if entry.lower().endswith(".dspreset")
    ]
    return presets, [f"{name}/{entry}" for entry in inside if entry.lower().endswith(AUDIO_SUFFIXES)]
