"""VCSL, Versilian's Community Sample Library: instruments of the world, filed by Hornbostel and Sachs.

`<Family>/<Class>/<Instrument>/[articulation/]<Code>_[articulation_]<Note>_[layer_][take_][microphone].wav`,
such as `Aerophones/Edge-blown Aerophones/Baroque Alto Recorder/Staccato/AltRecorder_Stac_A#3_rr1_Main.wav`.
"""

from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from ..names.versilian import NOTE, articulation, dynamics, velocity_word
from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, as_label
from .base import Adapter, not_understood, share_named

FAMILIES = frozenset({"Aerophones", "Chordophones", "Electrophones", "Idiophones", "Membranophones"})
_WITHOUT_PITCH = frozenset({"Idiophones", "Membranophones"})
"""Families whose sounds have no pitch if no note is named."""
_EXAMPLE = "Aerophones/Edge-blown Aerophones/Baroque Alto Recorder/Staccato/AltRecorder_Stac_A#3_rr1_Main.wav"


class Vcsl(Adapter):
    """Adapter for VCSL: the whole, or any folder of it from a family on."""

    name: ClassVar[str] = "vcsl"
    title: ClassVar[str] = "Versilian Community Sample Library"
    licence: ClassVar[str] = "Creative Commons Zero (public domain)"
    credits: ClassVar[str] = "Versilian Community Sample Library by Versilian Studios and contributors"
    take_like: ClassVar[frozenset[str]] = frozenset({"dynamics"})
    keeps_unpitched: ClassVar[bool] = False

    def recordings(self, source: Path) -> list[Recording]:
        """All audio below the families' folders; see `Adapter.recordings`.

        A name without a note is one to be measured, or a sound without pitch if it is struck or shaken.
        """
        above = _from_family(source.resolve().parts)
        names = audio_names(source)
        if not above and not any(_from_family(PurePosixPath(name).parts[:-1]) for name in names):
            raise InputError(f"no folder in {source} is one of VCSL's: {', '.join(sorted(FAMILIES))}")
        return [_understand(PurePosixPath(name), above) for name in names]

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its families' folders."""
        above = _from_family(found.source.resolve().parts)
        return share_named(found, lambda path: bool(above or _from_family(path.parts[:-1])), _EXAMPLE)


def _from_family(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Folders from that of a family on; none if there is no such folder."""
    places = [place for place, folder in enumerate(folders) if folder in FAMILIES]
    return folders[places[0] :] if places else ()


def _understand(path: PurePosixPath, above: tuple[str, ...]) -> Recording:
    id_, fields = path.as_posix(), path.stem.split("_")
    family, *below = (*above, *path.parts[:-1]) if above else _from_family(path.parts[:-1]) or ("",)
    if not family:
        return not_understood(id_, f"in no folder of {', '.join(sorted(FAMILIES))}")
    # Of the folders below a family the first is the class, unless it is the instrument itself.
    instrument, *rest = below[1:] or below or [fields[0]]
    labels = {"family": as_label(family), "instrument": as_label(instrument.replace(",", " "))}
    technique = rest[0] if rest else articulation(fields)
    for attribute, word in (
        ("technique", technique),
        ("dynamics", dynamics(fields) or velocity_word(fields)),
    ):
        if as_label(word):
            labels[attribute] = as_label(word)
    notes = [field for field in fields if NOTE.fullmatch(field)]
    if not notes:
        return Recording(id_, UNPITCHED if family in _WITHOUT_PITCH else None, labels)
    try:
        return Recording(id_, parse_pitch(notes[-1]), labels)
    except InputError as error:
        return not_understood(id_, str(error))
