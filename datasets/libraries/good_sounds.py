"""Good-sounds: notes and scales of twelve instruments, described by `sounds.json` and `takes.json`.

A sound has one take for every microphone. Its `semitone` counts C4 as 48, an octave below MIDI, and players
tuned to 442 Hz: the labels are read as they stand, and the build tells how far they are from what sounds.
"""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from mcnn.errors import InputError

from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, Skip, SkipReason, as_label
from .base import Adapter, not_understood

_MAX_TABLE_BYTES = 256 << 20
_TABLES = ("sounds.json", "takes.json")
_LABELS = {
    "instrument": "instrument",
    "dynamics": "dynamics",
    "klass": "quality",
    "bow_velocity": "bow",
    "bridge_position": "technique",
}
"""Columns of sounds.json and the attributes they become."""


class GoodSounds(Adapter):
    """Adapter for Good-sounds."""

    name: ClassVar[str] = "good-sounds"
    title: ClassVar[str] = "Good-sounds"
    licence: ClassVar[str] = "Creative Commons Attribution Share Alike 4.0"
    credits: ClassVar[str] = (
        "Good-sounds by O. Romani Picas and others, Music Technology Group (UPF) and Korg"
    )
    take_like: ClassVar[frozenset[str]] = frozenset({"dynamics", "microphone"})

    def recordings(self, source: Path) -> list[Recording]:
        """All takes that are there, and audio that the tables leave out; see `Adapter.recordings`.

        Raises:
            InputError: If there is no audio, or the tables are missing or damaged.
        """
        names = audio_names(source)
        if not names:
            raise InputError(f"there is no audio in {source}: Good-sounds has a folder sound_files")
        sounds, takes = (_table(source, name) for name in _TABLES)
        known = set(names)
        recordings: dict[str, Recording] = {}
        for take in takes.values():
            id_ = _file_of(take, known)
            if id_ in recordings:
                continue
            sound = sounds.get(str(take.get("sound_id")))
            if id_ not in known:
                missing = f"named by {_TABLES[1]}, but not in the folder"
                recordings[id_] = Recording(id_, skip=Skip(id_, SkipReason.UNREADABLE, missing))
            elif sound is None:
                recordings[id_] = not_understood(id_, f"its sound {take.get('sound_id')} has no row")
            else:
                recordings[id_] = _understand(id_, sound, take)
        for id_ in known - recordings.keys():
            recordings[id_] = not_understood(id_, f"no row in {_TABLES[1]}")
        return [recordings[id_] for id_ in sorted(recordings)]

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its tables."""
        if set(_TABLES) <= found.tables:
            return 1.0, f"it has {' and '.join(_TABLES)}"
        return 0.0, ""


def _table(source: Path, name: str) -> dict[str, dict[str, Any]]:
    """A table as id to row."""
    path = source / name
    if not path.is_file():
        raise InputError(f"{source} has no {name}: give the folder of Good-sounds that holds it")
    if path.stat().st_size > _MAX_TABLE_BYTES:
        raise InputError(f"{name} is larger than {_MAX_TABLE_BYTES >> 20} MB: Good-sounds' is not")
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON") from error
    if isinstance(rows, list):
        rows = {str(row.get("id")): row for row in rows if isinstance(row, dict)}
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise InputError(f"{name} is not a table of rows by their ids")
    return rows


def _file_of(take: Mapping[str, Any], known: set[str]) -> str:
    """A take's file among those that are there; folders around `sound_files` may be missing or added."""
    said = PurePosixPath(str(take.get("filename", "")).replace("\\", "/"))
    parts = said.parts
    for start in range(len(parts)):
        id_ = "/".join(parts[start:])
        for folder in ("", "good-sounds/"):
            if folder + id_ in known:
                return folder + id_
    return said.as_posix()


def _understand(id_: str, sound: Mapping[str, Any], take: Mapping[str, Any]) -> Recording:
    if "scale" in str(sound.get("klass")):
        return Recording(id_, skip=Skip(id_, SkipReason.PHRASE, str(sound["klass"])))
    labels = {ours: as_label(str(sound[theirs])) for theirs, ours in _LABELS.items() if sound.get(theirs)}
    if take.get("microphone"):
        labels["microphone"] = as_label(str(take["microphone"]))
    semitone = sound.get("semitone")
    if semitone is None:
        return Recording(id_, None, labels)
    if not isinstance(semitone, int) or not 0 <= semitone <= 127:
        return not_understood(id_, f"semitone {semitone!r} is no note")
    return Recording(id_, semitone, labels)
