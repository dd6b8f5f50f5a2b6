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

from ..names.versilian import NOTE, articulation, dynamics, is_layered
from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, as_label
from .base import SURELY_NAMED, Adapter, not_understood, share_named

FAMILIES = frozenset({"Brass", "Keys", "Percussion", "Strings", "Woodwinds"})
_EXAMPLE = "Woodwinds/Flute/susvib/LDFlute_susvib_A3_v1_1.wav"


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
            return (
                bool(FAMILIES & set(path.parts[:-1]))
                and "_" in path.stem
                and is_layered(path.stem.split("_"))
            )

        share, why = share_named(found, is_named, _EXAMPLE)
        return (share, why) if share >= SURELY_NAMED else (0.0, "")


def _understand(path: PurePosixPath) -> Recording:
    folders = list(path.parent.parts)
    family = next((folder for folder in folders if folder in FAMILIES), "")
    below = folders[folders.index(family) + 1 :] if family else folders
    fields = path.stem.split("_")
    notes = [field for field in fields[1:] if NOTE.fullmatch(field)]
    labels = {"instrument": as_label(below[0] if below else re.sub(r"[0-9]+$", "", fields[0]))}
    if family:
        labels["family"] = as_label(family)
    technique = below[1] if len(below) > 1 else articulation(fields)
    if technique:
        labels["technique"] = as_label(technique)
    if dynamics(fields):
        labels["dynamics"] = dynamics(fields)
    if notes:
        try:
            return Recording(path.as_posix(), parse_pitch(notes[-1]), labels)
        except InputError as error:
            return not_understood(path.as_posix(), str(error))
    return Recording(path.as_posix(), UNPITCHED if family == "Percussion" else None, labels)
