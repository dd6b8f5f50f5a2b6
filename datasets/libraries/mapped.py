"""Samples beside a sampler's mapping, which says of each which key it is and how hard it is struck.

A mapping's name is the `instrument`, or its folder's if it says nothing (`main.sfz`); articulations that the
same keys sound are the `technique`, velocity layers the `dynamics`, turns the `round-robin`; samples with a
loop have `sample-loop` looped. What sounds is compared with the key as with any label.
"""

import functools
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.analysis.recording_file import Sound, UnreadableError, read_mono
from aae.notes.bank import UNPITCHED
from mcnn.errors import InputError

from ..mappings.collection import Collection, SampleFiles, SamplerMapping, archive_of, read_collection
from ..mappings.library_archive import read_entry
from ..mappings.mapped_sample import MappedSample
from ..names.instrument_folders import says_nothing, telling_folders
from ..names.velocities import VELOCITY_WORDS, dynamics_in_name, usual_velocity
from ..reading.files import Survey, require_whole
from ..reading.recording import Recording, Skip, SkipReason, as_label
from .base import SURELY_NAMED, Adapter, not_understood

_Layer = tuple[str, int, tuple[int, int]]
"""An articulation's velocity range at a key."""
_BELOW_NAMED = 0.9 * SURELY_NAMED
"""A mapping goes before any folder, but not before a library whose names say more than it does."""


class Mapped(Adapter):
    """What adapters of mappings have in common.

    Attributes:
        suffixes: Endings of the mappings.
    """

    suffixes: ClassVar[frozenset[str]]
    licence: ClassVar[str] = "The library's own"
    credits: ClassVar[str] = "The library's makers"
    take_like: ClassVar[frozenset[str]] = frozenset({"dynamics", "round-robin", "sample-loop"})
    takes_file: ClassVar[bool] = True

    def recordings(self, source: Path) -> list[Recording]:
        """Every sample of the mappings, and what they leave out, to be skipped; see `Adapter.recordings`.

        Raises:
            InputError: If there is no mapping that can be read.
        """
        found = read_collection(source, self.suffixes)
        if not found.mappings:
            refused = next(iter(found.refused.values()), "")
            kinds = " or ".join(sorted(self.suffixes))
            raise InputError(refused or f"there is no {kinds} in {source}")
        recordings = _mapped(found)
        for name, why in found.refused.items():
            recordings[name] = Recording(name, skip=Skip(name, SkipReason.UNREADABLE, why))
        for name in found.audio if source.is_dir() else ():
            if name not in recordings:
                recordings[name] = not_understood(name, f"no {self.title} mapping plays it")
        return [recordings[id_] for id_ in sorted(recordings)]

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its mappings, if they name most of the samples."""
        names = [name for name in found.mappings if PurePosixPath(name).suffix.lower() in self.suffixes]
        if not names:
            return 0.0, ""
        try:
            collected = read_collection(found.source, self.suffixes)
        except InputError:
            return (1.0, f"{names[0]} is a mapping") if not found.source.is_dir() else (0.0, "")
        if not found.source.is_dir():
            return 1.0, f"{names[0]} is a mapping"
        named = {id_ for id_, recording in _mapped(collected).items() if recording.labels}
        share = len(named) / max(1, len(collected.audio))
        why = f"{len(named)} of {len(collected.audio)} samples are named by {names[0]}"
        more = f" and {len(names) - 1} other mapping{'s' * (len(names) > 2)}" if len(names) > 1 else ""
        return (_BELOW_NAMED * share, why + more) if share >= SURELY_NAMED else (0.0, "")

    def read(self, source: Path, id_: str, sample_rate: int) -> tuple[Sound, str]:
        """One sample's sound, out of an archive too; see `Adapter.read`."""
        folder = _folder(source, self.suffixes)
        archived = archive_of(folder, id_)
        if archived is None:
            return super().read(folder, id_, sample_rate)
        try:
            data = read_entry(*archived)
        except InputError as error:
            raise UnreadableError(id_, str(error)) from error
        with tempfile.NamedTemporaryFile(suffix=PurePosixPath(id_).suffix) as file:
            file.write(data)
            file.flush()
            path = Path(file.name)
            require_whole(path)
            return read_mono(path, sample_rate), hashlib.sha256(data).hexdigest()

    def origin(self, source: Path, id_: str) -> Path:
        """The sample, or the archive that it lies in."""
        folder = _folder(source, self.suffixes)
        archived = archive_of(folder, id_)
        return archived[0] if archived else folder / id_


class Sfz(Mapped):
    """Adapter for SFZ instruments."""

    name: ClassVar[str] = "sfz"
    title: ClassVar[str] = "SFZ"
    suffixes: ClassVar[frozenset[str]] = frozenset({".sfz"})


class DecentSampler(Mapped):
    """Adapter for DecentSampler's presets and libraries."""

    name: ClassVar[str] = "decent-sampler"
    title: ClassVar[str] = "DecentSampler"
    suffixes: ClassVar[frozenset[str]] = frozenset({".dspreset", ".dslibrary"})


@functools.lru_cache(maxsize=4)
def _folder(source: Path, suffixes: frozenset[str]) -> Path:
    """The folder that a library's recordings are named relative to."""
    return source if source.is_dir() else read_collection(source, suffixes).folder


def _mapped(found: Collection) -> dict[str, Recording]:
    """The recordings that mappings name, by id; the mapping with the most samples is believed first."""
    files = SampleFiles(found.audio)
    recordings: dict[str, Recording] = {}
    believed_first = sorted(
        found.mappings, key=lambda mapping: (-len({sample.path for sample in mapping.samples}), mapping.name)
    )
    for mapping in believed_first:
        own: dict[str, Recording] = {}
        for sample, labels in _labelled(mapping, found.folder):
            recording = _recording(mapping, sample, labels, files)
            before = own.get(recording.id)
            if before is None or (before.skip and not recording.skip):
                own[recording.id] = recording
        for id_, recording in own.items():
            if id_ not in recordings or (recordings[id_].skip and not recording.skip):
                recordings[id_] = recording
    return recordings


def _recording(
    mapping: SamplerMapping, sample: MappedSample, labels: dict[str, str], files: SampleFiles
) -> Recording:
    place = mapping.place(sample)
    file = files.find(place) if place else None
    named = f"named by {mapping.name}, but "
    if place is None or file is None:
        missing = named + ("outside the folder" if place is None else "not in the folder")
        id_ = place or sample.path
        return Recording(id_, skip=Skip(id_, SkipReason.UNREADABLE, missing))
    if not sample.is_note:
        return not_understood(file, f"{named}no key that is struck sounds it")
    return Recording(file, sample.midi_pitch if sample.follows_keys else UNPITCHED, labels)


def _labelled(mapping: SamplerMapping, folder: Path) -> Iterator[tuple[MappedSample, dict[str, str]]]:
    """The samples of a mapping with their labels."""
    instrument = as_label(_instrument(mapping, folder))
    has_techniques = _has_techniques(mapping)
    layers = _layers(mapping, has_techniques)
    for sample in mapping.samples:
        labels = {"instrument": instrument}
        if has_techniques and as_label(sample.group):
            labels["technique"] = as_label(sample.group)
        dynamics = layers.get((sample.group if has_techniques else "", _key(sample), sample.velocities))
        if dynamics:
            labels["dynamics"] = dynamics
        if sample.n_positions > 1:
            labels["round-robin"] = str(sample.position)
        if sample.loop:
            labels["sample-loop"] = "looped"
        yield sample, labels


def _instrument(mapping: SamplerMapping, folder: Path) -> str:
    path = PurePosixPath(mapping.name)
    if not says_nothing(path.stem) and as_label(path.stem):
        return path.stem
    above = [part.removesuffix(".dslibrary") for part in path.parent.parts]
    return "-".join(telling_folders(above, folder))


def _has_techniques(mapping: SamplerMapping) -> bool:
    """Whether groups have names that alone tell their samples apart: not their velocities or turns."""
    groups: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for sample in mapping.samples:
        if sample.is_note and sample.group:
            groups[sample.group].add((_key(sample), sample.velocities, sample.position))
    return len(groups) > 1 and sum(map(len, groups.values())) > len(set().union(*groups.values()))


def _layers(mapping: SamplerMapping, has_techniques: bool) -> dict[_Layer, str]:
    """The word for each velocity range at the keys of the samples; none where there is one range.

    It is that in the names of the samples, else the usual one for the velocity; where neither tells the
    ranges of all keys apart, they are counted: `layer-1`.
    """
    notes = [sample for sample in mapping.samples if sample.is_note]
    groups: dict[str, list[MappedSample]] = defaultdict(list)
    for sample in notes:
        groups[sample.group if has_techniques else ""].append(sample)
    named: dict[_Layer, set[str]] = defaultdict(set)
    ranges: dict[tuple[str, int], set[tuple[int, int]]] = defaultdict(set)
    for group, members in groups.items():
        own_keys = {_key(sample) for sample in members}
        for sample in members:
            said = dynamics_in_name(PurePosixPath(sample.path).stem)
            named[group, _key(sample), sample.velocities].add(said)
            for key in own_keys.intersection(range(sample.keys[0], sample.keys[1] + 1)):
                ranges[group, key].add(sample.velocities)
    ordered = {place: sorted(found) for place, found in ranges.items()}
    layered = [layer for layer in named if len(ordered.get(layer[:2], ())) > 1]
    by_name = {layer: named[layer].copy().pop() if len(named[layer]) == 1 else "" for layer in layered}
    if all(by_name.values()) and len({(*layer[:2], by_name[layer]) for layer in layered}) == len(layered):
        return by_name
    if all(len({*map(_word, ordered[layer[:2]])}) == len(ordered[layer[:2]]) for layer in layered):
        return {layer: _word(layer[2]) for layer in layered}
    places = {place: {found: n for n, found in enumerate(ordered[place], 1)} for place in ordered}
    return {layer: f"layer-{places[layer[:2]].get(layer[2], 1)}" for layer in layered}


def _word(velocities: tuple[int, int]) -> str:
    """The usual word for the middle of a velocity range."""
    return VELOCITY_WORDS[usual_velocity((sum(velocities) + 1) // 2)]


def _key(sample: MappedSample) -> int:
    """The key nearest to a sample's own at which it is played."""
    low, high = sample.keys
    return min(max(low if sample.midi_pitch is None else sample.midi_pitch, low), max(low, high))
