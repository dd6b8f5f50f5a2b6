"""All that a build is going to do, settled before it begins: which recordings go into which shards."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aae.notes.bank import UNPITCHED
from aae.notes.labels import label_problem
from mcnn.errors import InputError
from mcnn.plain import in_short
from mcnn.spectral.config import SpectrogramConfig

from .libraries.base import Adapter
from .libraries.registry import AUTO, adapter_for, recognise
from .reading.aliases import Vocabulary
from .reading.files import ARCHIVE_SUFFIXES, survey
from .reading.recording import Recording, Skip, SkipReason
from .shards import SHARD_VERSION, Task

MIN_NOTES = 8
"""A technique with fewer notes cannot be learned and is dropped, unless the settings say otherwise."""
_RECORDINGS_PER_SHARD = 24
_MAX_NAMED = 200


@dataclass(frozen=True)
class BuildSettings:
    """What the user chose: everything that decides which notes a bank holds, and how.

    Attributes:
        limit: Only so many recordings, spread evenly over the library.
        unpitched: Whether sounds without pitch go in; the adapter decides if None.
        correct_pitch: Whether single wrong labels are replaced by what sounds.
        fix_octaves: Whether labels are moved where a whole folder is off.
        skip_clipped: Whether clipped recordings are left out.
        only: Attribute to the labels that are wanted; a recording with another one, or none, is passed over.
        fewest: Labels of the adapter's `rare` attributes with fewer notes are dropped; if None, `MIN_NOTES`,
            or 1 if there is a limit, since a sample of a library has few of everything.
        tags: Attributes given to every recording.
        vocabulary: How the labels are rewritten; they stay the library's own words if None.
        config: The front end.
    """

    limit: int | None = None
    unpitched: bool | None = None
    correct_pitch: bool = False
    fix_octaves: bool = False
    skip_clipped: bool = False
    only: Mapping[str, frozenset[str]] | None = None
    fewest: int | None = None
    tags: Mapping[str, str] | None = None
    vocabulary: Vocabulary | None = None
    config: SpectrogramConfig = field(default_factory=SpectrogramConfig)

    @property
    def min_label_notes(self) -> int:
        """Notes that a label of a `rare` attribute needs."""
        if self.fewest is not None:
            return self.fewest
        return MIN_NOTES if self.limit is None else 1

    def to_json(self) -> dict[str, Any]:
        """As plain values, for the bank's provenance."""
        return {
            "limit": self.limit,
            "unpitched": self.unpitched,
            "correct_pitch": self.correct_pitch,
            "fix_octaves": self.fix_octaves,
            "skip_clipped": self.skip_clipped,
            "only": {name: sorted(labels) for name, labels in sorted((self.only or {}).items())},
            "fewest": self.min_label_notes,
            "tags": dict(self.tags or {}),
            "aliases": "" if self.vocabulary is None else self.vocabulary.digest,
        }


@dataclass(frozen=True)
class Plan:
    """What is going to be done.

    Attributes:
        source: The library's folder, or file.
        out: The bank to make.
        adapter: Reads the library.
        chosen_because: Why it is this one; empty if the user said so.
        recordings: By id, sorted.
        tasks: One a shard.
        settings: What the user chose.
        fingerprint: Tells this build from every other.
    """

    source: Path
    out: Path
    adapter: Adapter
    chosen_because: str
    recordings: dict[str, Recording]
    tasks: list[Task]
    settings: BuildSettings
    fingerprint: str

    @property
    def build_dir(self) -> Path:
        """The folder beside the bank in which it is built."""
        return _build_dir(self.out)


def make_plan(source: Path, format: str, out: Path, settings: BuildSettings) -> Plan:
    """Looks through the library and plans its build.

    Raises:
        InputError: If the source, the format or the place of the bank cannot be used.
    """
    if not source.exists():
        raise InputError(f"there is nothing at {source}: give the folder of the recordings, or a SoundFont")
    if out.is_dir():
        raise InputError(f"{out} is a folder: give the name of a file, for example {out / 'notes.h5'}")
    found = survey(source)
    adapter, chosen_because = recognise(found) if format == AUTO else (adapter_for(format), "")
    if not source.is_dir() and not adapter.takes_file:
        archived = ", unpacked" if source.suffix.lower() in ARCHIVE_SUFFIXES else ""
        raise InputError(
            f"{source} is a single file: give the folder of the recordings{archived}, a SoundFont"
            " (.sf2, .sf3) or a mapping (.sfz, .dspreset, .dslibrary)"
        )
    recordings = [_named(_relabelled(recording, settings)) for recording in adapter.recordings(source)]
    if settings.only:
        recordings = _chosen(recordings, settings.only)
    recordings = _limited(recordings, settings.limit)
    if not (adapter.keeps_unpitched if settings.unpitched is None else settings.unpitched):
        recordings = [_without_pitch(recording) for recording in recordings]
    if settings.limit is None and not settings.only:
        recordings += [Recording(skip.id, skip=skip) for skip in found.unusable]
    by_id = {recording.id: recording for recording in sorted(recordings, key=lambda recording: recording.id)}
    tasks = _tasks(source, out, adapter, settings, list(by_id.values()))
    fingerprint = _fingerprint(adapter, settings, by_id, tasks)
    return Plan(source, out, adapter, chosen_because, by_id, tasks, settings, fingerprint)


def _build_dir(out: Path) -> Path:
    return out.with_name(f"{out.name}.building")


def _chosen(recordings: list[Recording], only: Mapping[str, frozenset[str]]) -> list[Recording]:
    """The recordings with the labels that are wanted.

    Raises:
        InputError: If a wanted label does not occur; the message lists those that do.
    """
    for name, labels in only.items():
        there = {recording.labels[name] for recording in recordings if name in recording.labels}
        if not there:
            known = sorted({known for recording in recordings for known in recording.labels})
            raise InputError(
                f"--only {name}=...: no recording has this attribute; there is {', '.join(known)}"
            )
        missing = sorted(labels - there)
        if missing:
            raise InputError(f"--only {name}={','.join(missing)}: there is {_listed(there)}")
    return [
        recording
        for recording in recordings
        if all(recording.labels.get(name) in labels for name, labels in only.items())
    ]


def _listed(labels: set[str]) -> str:
    words = sorted(labels)
    rest = f" and {len(words) - _MAX_NAMED} more" if len(words) > _MAX_NAMED else ""
    return ", ".join(words[:_MAX_NAMED]) + rest


def _limited(recordings: list[Recording], limit: int | None) -> list[Recording]:
    if limit is None or limit >= len(recordings):
        return recordings
    if limit < 1:
        raise InputError(f"the limit is {limit}: it must be at least 1")
    return [recordings[index * len(recordings) // limit] for index in range(limit)]


def _without_pitch(recording: Recording) -> Recording:
    """The recording, marked as not asked for if it has no pitch."""
    if recording.skip or recording.midi_pitch != UNPITCHED:
        return recording
    return replace(recording, skip=Skip(recording.id, SkipReason.UNPITCHED))


def _relabelled(recording: Recording, settings: BuildSettings) -> Recording:
    if recording.skip or not (settings.vocabulary or settings.tags):
        return recording
    labels: Mapping[str, str] = recording.labels
    if settings.vocabulary is not None:
        labels = settings.vocabulary.apply(labels)
    return replace(recording, labels={**labels, **(settings.tags or {})})


def _named(recording: Recording) -> Recording:
    """The recording, marked as not understood if one of its labels is no name."""
    for text in (*recording.labels, *recording.labels.values()):
        problem = label_problem(text)
        if problem and not recording.skip:
            return replace(
                recording, skip=Skip(recording.id, SkipReason.TAG, f"{in_short(ascii(text), 60)}: {problem}")
            )
    return recording


def _tasks(
    source: Path,
    out: Path,
    adapter: Adapter,
    settings: BuildSettings,
    recordings: list[Recording],
) -> list[Task]:
    config, keep_unpitched = settings.config, bool(settings.unpitched)
    wanted = [recording for recording in recordings if not recording.skip]
    tasks = []
    for number, start in enumerate(range(0, len(wanted), _RECORDINGS_PER_SHARD)):
        chunk = tuple(wanted[start : start + _RECORDINGS_PER_SHARD])
        files = [[*_said(r), *_stamp(adapter.origin(source, r.id))] for r in chunk]
        digest = _digest([SHARD_VERSION, adapter.name, config.model_dump(), keep_unpitched, files])
        shard = _build_dir(out) / f"{number:06d}-{digest[:16]}.npz"
        tasks.append(Task(adapter.name, source, shard, config, chunk, keep_unpitched))
    return tasks


def _said(recording: Recording) -> list[Any]:
    """What a recording's name says that decides what is measured of it."""
    said: list[Any] = [recording.id, recording.midi_pitch]
    return [*said, dict(recording.readings)] if recording.readings else said


def _fingerprint(
    adapter: Adapter, settings: BuildSettings, recordings: Mapping[str, Recording], tasks: list[Task]
) -> str:
    """A digest of everything, fed piece by piece: a library may have hundreds of thousands of recordings."""
    digest = hashlib.sha256(json.dumps([adapter.name, settings.to_json()]).encode())
    for recording in recordings.values():
        said = [recording.id, sorted(recording.labels.items()), recording.skip is None, recording.split]
        digest.update(json.dumps(said).encode())
    for task in tasks:
        digest.update(task.shard.name.encode())
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file: what tells that it is still the same."""
    try:
        status = path.stat()
    except OSError:
        return (-1, -1)
    return status.st_size, status.st_mtime_ns


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
