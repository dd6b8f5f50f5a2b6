"""The Philharmonia Orchestra's sound samples: 13,000 notes, one mp3 each, everything said in the file's name.

`<instrument>_<Note>_<duration>_<dynamics>_<technique>.mp3`, for example
`cello_Gs4_05_fortissimo_arco-normal.mp3`; `s` is a sharp. Percussion has no note:
`cowbell__1_forte_undamped.mp3`.
"""

import re
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, Skip, SkipReason
from .base import Adapter, not_understood, share_named

DURATIONS = frozenset({"025", "05", "1", "15", "long", "very-long"})
"""Lengths as the library writes them: a quarter, a half, one, one and a half seconds, and more."""
DYNAMICS = frozenset(
    {
        "molto-pianissimo",
        "pianissimo",
        "piano",
        "mezzo-piano",
        "mezzo-forte",
        "forte",
        "fortissimo",
        "crescendo",
        "decrescendo",
        "cresc-decresc",
    }
)
_WORDS = re.compile(r"[a-z]+(-[a-z]+)*")


class Philharmonia(Adapter):
    """Adapter for the Philharmonia Orchestra's samples."""

    name: ClassVar[str] = "philharmonia"
    title: ClassVar[str] = "Philharmonia Orchestra sound samples"
    licence: ClassVar[str] = (
        "Free for any use, also commercial, but the samples must not be passed on as samples or as a sampler"
        " instrument"
    )
    credits: ClassVar[str] = "Recorded by the players of the Philharmonia Orchestra, London"
    rare: ClassVar[tuple[str, ...]] = ("technique",)
    keeps_unpitched: ClassVar[bool] = False

    def recordings(self, source: Path) -> list[Recording]:
        """All files named the library's way; see `Adapter.recordings`."""
        recordings = [_understand(PurePosixPath(name)) for name in audio_names(source)]
        if all(recording.skip and recording.skip.reason is SkipReason.TAG for recording in recordings):
            raise InputError(
                f"no file in {source} is named like the Philharmonia's, for example"
                " cello_Gs4_05_fortissimo_arco-normal.mp3"
            )
        return recordings

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names."""
        return share_named(found, _is_named, "cello_Gs4_05_fortissimo_arco-normal.mp3")


def _is_named(path: PurePosixPath) -> bool:
    skip = _understand(path).skip
    return skip is None or skip.reason is SkipReason.PHRASE


def _understand(path: PurePosixPath) -> Recording:
    """The recording that a file name describes."""
    id_ = path.as_posix()
    fields = path.stem.lower().split("_")
    if len(fields) != 5:
        return not_understood(id_, f"{len(fields)} fields in the name where 5 are expected")
    instrument, note, duration, dynamics, technique = fields
    if duration == "phrase":
        return Recording(id_, skip=Skip(id_, SkipReason.PHRASE, technique))
    for word, known in ((duration, duration in DURATIONS), (dynamics, dynamics in DYNAMICS)):
        if not known:
            return not_understood(id_, f"{word!r} is no length or dynamics of this library")
    for word in (instrument, technique):
        if not _WORDS.fullmatch(word):
            return not_understood(id_, f"{word!r} is no instrument or technique")
    labels = {"instrument": instrument, "technique": technique, "dynamics": dynamics, "duration": duration}
    if not note:
        return Recording(id_, UNPITCHED, labels)
    try:
        return Recording(id_, parse_pitch(note), labels)
    except InputError as error:
        return not_understood(id_, str(error))
