"""VSCO 2 Community Edition: an orchestra of 3,000 samples, named in the several ways of its players.

`<Family>/<Instrument>/<articulation>/<Code>_[articulation_]<Note>_<layer>[_take][_microphone].wav`, such as
`Woodwinds/Flute/susvib/LDFlute_susvib_A3_v1_1.wav`; the layer is `v1` to `v9` or a word such as `f`. Some
instruments are named an octave below what they sound: the labels are read as they stand; the build tells.
"""

import re
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, as_label
from .base import SURELY_NAMED, Adapter, not_understood, share_named

FAMILIES = frozenset({"Brass", "Keys", "Percussion", "Strings", "Woodwinds"})
_EXAMPLE = "Woodwinds/Flute/susvib/LDFlute_susvib_A3_v1_1.wav"
_NOTE = re.compile(r"[A-G][#b]?[0-9]")
_LAYERS = {
    "f": "forte",
    "ff": "fortissimo",
    "fff": "fortissimo",
    "mf": "mezzo-forte",
    "mp": "mezzo-piano",
    "p": "piano",
    "pp": "pianissimo",
    "loud": "forte",
    "soft": "piano",
    "med": "mezzo-forte",
}
_VELOCITY_LAYER = re.compile(r"v([1-9])", re.IGNORECASE)
_TAKE = re.compile(r"(?:rr)?[0-9]+|sum|main|mid|close|far", re.IGNORECASE)


class Vsco(Adapter):
    """Adapter for VSCO 2 CE."""

    name: ClassVar[str] = "vsco"
    title: ClassVar[str] = "VSCO 2 Community Edition"
    licence: ClassVar[str] = "Creative Commons Zero (public domain)"
    credits: ClassVar[str] = "Versilian Studios Chamber Orchestra 2 CE by S. Gossner, S. Dalzell and others"
    take_like: ClassVar[frozenset[str]] = frozenset({"dynamics"})
    keeps_unpitched: ClassVar[bool] = False

    def recordings(self, source: Path) -> list[Recording]:
        """All audio below the families' folders; see `Adapter.recordings`.

        A name without a note is one to be measured, or a sound without pitch if it is percussion.
        """
        names = audio_names(source)
        recordings = [_understand(PurePosixPath(name)) for name in names]
        if not any(FAMILIES & set(PurePosixPath(name).parts[:-1]) for name in names):
            raise InputError(f"no folder in {source} is one of VSCO's: {', '.join(sorted(FAMILIES))}")
        return recordings

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its folders and names together."""

        def is_named(path: PurePosixPath) -> bool:
            return bool(FAMILIES & set(path.parts[:-1])) and "_" in path.stem and _is_layered(path)

        share, why = share_named(found, is_named, _EXAMPLE)
        return (share, why) if share >= SURELY_NAMED else (0.0, "")


def _is_layered(path: PurePosixPath) -> bool:
    """Whether a name says a velocity layer or dynamics."""
    return any(_VELOCITY_LAYER.fullmatch(field) or field in _LAYERS for field in path.stem.split("_"))


def _understand(path: PurePosixPath) -> Recording:
    folders = list(path.parent.parts)
    family = next((folder for folder in folders if folder in FAMILIES), "")
    below = folders[folders.index(family) + 1 :] if family else folders
    fields = path.stem.split("_")
    notes = [field for field in fields[1:] if _NOTE.fullmatch(field)]
    labels = {"instrument": as_label(below[0] if below else re.sub(r"[0-9]+$", "", fields[0]))}
    if family:
        labels["family"] = as_label(family)
    articulation = below[1] if len(below) > 1 else _articulation(fields)
    if articulation:
        labels["technique"] = as_label(articulation)
    dynamics = _dynamics(fields)
    if dynamics:
        labels["dynamics"] = dynamics
    if notes:
        try:
            return Recording(path.as_posix(), parse_pitch(notes[-1]), labels)
        except InputError as error:
            return not_understood(path.as_posix(), str(error))
    return Recording(path.as_posix(), UNPITCHED if family == "Percussion" else None, labels)


def _articulation(fields: list[str]) -> str:
    """The field after the code that is neither note nor layer nor take; empty if there is none."""
    for field in fields[1:]:
        known = _NOTE.fullmatch(field) or _VELOCITY_LAYER.fullmatch(field) or field.lower() in _LAYERS
        if not known and not _TAKE.fullmatch(field):
            return field
    return ""


def _dynamics(fields: list[str]) -> str:
    """The layer: a word for a word, `layer-2` for the second, whose loudness only the sound tells."""
    for field in reversed(fields[1:]):
        if field.lower() in _LAYERS:
            return _LAYERS[field.lower()]
        layer = _VELOCITY_LAYER.fullmatch(field)
        if layer:
            return f"layer-{layer[1]}"
    return ""
