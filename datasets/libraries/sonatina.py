"""Sonatina Symphonic Orchestra: a whole orchestra, a note every third key.

`Samples/<Instrument>/<instrument>-[technique-][rr1-][dynamics-]<note>[-PB-loop].wav`, such as
`Samples/1st Violins/1st-violins-sus-a#3.wav`. Drums have no note; the percussion is one folder.
"""

import re
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from ..names.velocities import SHORT_WORDS
from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, as_label
from .base import Adapter, not_understood, share_named

_INSTRUMENTS = frozenset(
    {
        *("1st violins", "2nd violins", "alto flute", "bass clarinet", "bass trombone", "basses", "bassoon"),
        *("bassoons", "celli", "cello", "chorus", "clarinet", "clarinets", "contrabassoon", "cor anglais"),
        *("english horn", "flute", "flutes", "grand piano", "harp", "horn", "horns", "keys", "oboe", "oboes"),
        *("percussion", "piccolo", "tenor trombone", "trombone", "trombones", "trumpet", "trumpets", "tuba"),
        *("viola", "violas", "violin", "violin 2"),
    }
)
_PERCUSSION = "percussion"
_NOTE = re.compile(r"[a-g][#b]?[0-9]")
_NO_WORDS = re.compile(r"rr[0-9]+|pb|loop")
_FOLDER = "samples"
_EXAMPLE = "Samples/1st Violins/1st-violins-sus-a#3.wav"


class Sonatina(Adapter):
    """Adapter for Sonatina Symphonic Orchestra."""

    name: ClassVar[str] = "sonatina"
    title: ClassVar[str] = "Sonatina Symphonic Orchestra"
    licence: ClassVar[str] = "Creative Commons Sampling Plus 1.0"
    credits: ClassVar[str] = "Sonatina Symphonic Orchestra by Mattias Westlund"
    take_like: ClassVar[frozenset[str]] = frozenset({"dynamics"})
    keeps_unpitched: ClassVar[bool] = False

    def recordings(self, source: Path) -> list[Recording]:
        """All audio in folders that are called as the library's instruments; see `Adapter.recordings`."""
        recordings = [_understand(PurePosixPath(name), source) for name in audio_names(source)]
        if all(recording.skip for recording in recordings):
            raise InputError(f"no file in {source} is named like Sonatina's, for example {_EXAMPLE}")
        return recordings

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names, in a folder called Samples or in one with the library's name."""

        def is_named(path: PurePosixPath) -> bool:
            above = [folder.lower() for folder in (found.source.resolve().name, *path.parts[:-2])]
            at_home = any("sonatina" in folder or folder in (_FOLDER, "sso") for folder in above)
            return at_home and bool(_note(path)) and _understand(path, found.source).skip is None

        return share_named(found, is_named, _EXAMPLE)


def _fields(path: PurePosixPath) -> list[str]:
    return [field for field in path.stem.lower().split("-") if not _NO_WORDS.fullmatch(field)]


def _note(path: PurePosixPath) -> str:
    """The note of a name; empty if it has none."""
    last = _fields(path)[-1:]
    return last[0] if last and _NOTE.fullmatch(last[0]) else ""


def _understand(path: PurePosixPath, source: Path) -> Recording:
    id_, note = path.as_posix(), _note(path)
    folder = (path.parent.name or source.resolve().name).lower()
    if folder not in _INSTRUMENTS:
        return not_understood(id_, f"in no folder of an instrument, such as {_EXAMPLE}")
    fields = _fields(path)[: -1 if note else None]
    loud = [SHORT_WORDS[field] for field in fields[1:] if field in SHORT_WORDS]
    is_percussion = folder == _PERCUSSION
    own = {fields[0]} if is_percussion and fields else set(re.split(r"[ _]", folder))
    technique = "-".join(field for field in fields if field not in own and field not in SHORT_WORDS)
    labels = {"instrument": as_label(fields[0]) if is_percussion and fields else as_label(folder)}
    labels |= {"technique": as_label(technique)} if as_label(technique) else {}
    labels |= {"dynamics": loud[0]} if loud else {}
    if not note:
        return Recording(id_, UNPITCHED if is_percussion else None, labels)
    return Recording(id_, parse_pitch(note), labels)
