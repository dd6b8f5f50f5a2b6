"""The University of Iowa's Musical Instrument Samples: anechoic notes, of older years several in a file.

`<Instrument>.[technique.][dynamics.][string.]<Note>[LastNote].[mono|stereo].aif`, such as
`Violin.arco.ff.sulG.A3.stereo.aif`; `Guitar.ff.sulG.C4B4.mono.aif` holds all notes from C4 to B4.
"""

import re
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from ..names.velocities import SHORT_WORDS
from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, Skip, SkipReason, as_label
from .base import Adapter, not_understood, share_named

_NOTE = r"[A-G][b#]?[0-9]"
_NOTES = re.compile(rf"(?P<first>{_NOTE})(?P<last>{_NOTE})?", re.IGNORECASE)
_STRING = re.compile(r"sul_?([a-g])", re.IGNORECASE)
_CHANNELS = frozenset({"mono", "stereo"})
_EXAMPLE = "Violin.arco.ff.sulG.A3.stereo.aif"


class Iowa(Adapter):
    """Adapter for the University of Iowa's Musical Instrument Samples."""

    name: ClassVar[str] = "iowa"
    title: ClassVar[str] = "University of Iowa Musical Instrument Samples"
    licence: ClassVar[str] = "Free for any use, without restrictions"
    credits: ClassVar[str] = "University of Iowa Electronic Music Studios, L. Fritts"
    take_like: ClassVar[frozenset[str]] = frozenset({"dynamics"})
    keeps_unpitched: ClassVar[bool] = False

    def recordings(self, source: Path) -> list[Recording]:
        """All files named the library's way; see `Adapter.recordings`.

        A file from one note to another has both in `midi_range`, and no pitch of its own.
        """
        recordings = [_understand(PurePosixPath(name)) for name in audio_names(source)]
        if all(recording.skip and recording.skip.reason is SkipReason.TAG for recording in recordings):
            raise InputError(f"no file in {source} is named like Iowa's, for example {_EXAMPLE}")
        return recordings

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names: with points, dynamics and a note."""

        def is_named(path: PurePosixPath) -> bool:
            recording = _understand(path)
            return (
                recording.skip is None
                and recording.midi_pitch != UNPITCHED
                and "dynamics" in recording.labels
            )

        return share_named(found, is_named, _EXAMPLE)


def _understand(path: PurePosixPath) -> Recording:
    id_ = path.as_posix()
    instrument, *fields = path.stem.split(".")
    fields = [field for field in fields if field.lower() not in _CHANNELS]
    if not fields or not instrument.strip():
        return not_understood(id_, f"not named like {_EXAMPLE}")
    labels = {"instrument": as_label(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", instrument))}
    techniques, notes = [], None
    for field in fields:
        string, notes = _STRING.fullmatch(field), _NOTES.fullmatch(field) or notes
        if field.lower() in SHORT_WORDS:
            labels["dynamics"] = SHORT_WORDS[field.lower()]
        elif string:
            labels["string"] = string[1].lower()
        elif not _NOTES.fullmatch(field):
            techniques.append(field)
    if as_label("-".join(techniques)):
        labels["technique"] = as_label("-".join(techniques))
    return _with_notes(id_, labels, notes)


def _with_notes(id_: str, labels: dict[str, str], notes: re.Match[str] | None) -> Recording:
    if notes is None:
        return Recording(id_, UNPITCHED, labels)
    first, last = parse_pitch(notes["first"]), parse_pitch(notes["last"] or notes["first"])
    if last < first:
        skip = Skip(
            id_, SkipReason.TAG, f"its last note, {notes['last']}, is below its first, {notes['first']}"
        )
        return Recording(id_, skip=skip)
    if first == last:
        return Recording(id_, first, labels)
    return Recording(id_, None, labels, midi_range=(first, last))
