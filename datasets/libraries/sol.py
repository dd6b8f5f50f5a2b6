"""The SOL family: Studio On Line, OrchideaSOL and TinySOL of Ircam; `sol_names` has the names.

Mutes are an attribute of their own. Sounds without pitch stay out unless asked for; names with two notes
(what is fingered and what sounds, or a slap between two) are left out. Where the library's own table lies
beside the recordings, its five folds are kept: 0, 1 and 2 to train on, 3 to validate, 4 to test.
"""

import csv
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import Split
from mcnn.errors import InputError

from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, Skip, SkipReason, as_label
from .base import Adapter, not_understood, share_named
from .sol_names import MUTES, SolName, parse_orchidea, parse_original

_FOLDS = {
    "0": Split.TRAIN,
    "1": Split.TRAIN,
    "2": Split.TRAIN,
    "3": Split.VALIDATION,
    "4": Split.TEST,
}
_MAX_TABLE_BYTES = 64 << 20
_ORDINARY = "ord"


class OrchideaSol(Adapter):
    """Adapter for OrchideaSOL."""

    name: ClassVar[str] = "orchideasol"
    title: ClassVar[str] = "OrchideaSOL"
    licence: ClassVar[str] = "Creative Commons Attribution 4.0 (Ircam Forum's terms apply to the audio)"
    credits: ClassVar[str] = (
        "OrchideaSOL by C. E. Cella, D. Ghisi, V. Lostanlen and others; recorded at Ircam"
    )
    rare: ClassVar[tuple[str, ...]] = ("technique",)
    keeps_unpitched: ClassVar[bool] = False
    example: ClassVar[str] = "Vc-ord-D3-pp-4c-N.wav"

    def recordings(self, source: Path) -> list[Recording]:
        """All files named the library's way; see `Adapter.recordings`."""
        folds = _folds(source)
        recordings = [
            self._understand(PurePosixPath(name), _fold_of(name, folds)) for name in audio_names(source)
        ]
        if all(recording.skip and recording.skip.reason is SkipReason.TAG for recording in recordings):
            raise InputError(f"no file in {source} is named like {self.title}'s, for example {self.example}")
        return recordings

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names; where all are ordinary, TinySOL is meant."""
        share, why = share_named(found, self._is_named, self.example)
        return (share, why) if share and not _all_ordinary(found) else (share * 0.9, why)

    def parse(self, path: PurePosixPath) -> SolName:
        """What a name says; see `parse_orchidea`."""
        return parse_orchidea(path)

    def _is_named(self, path: PurePosixPath) -> bool:
        try:
            self.parse(path)
        except InputError:
            return False
        return True

    def _understand(self, path: PurePosixPath, split: Split | None) -> Recording:
        id_ = path.as_posix()
        try:
            name = self.parse(path)
            if name.is_pair:
                return Recording(id_, skip=Skip(id_, SkipReason.PAIR, name.pitch))
            return Recording(id_, name.midi_pitch, self._labels(name), split=split)
        except InputError as error:
            return not_understood(id_, str(error))

    def _labels(self, name: SolName) -> dict[str, str]:
        labels = {
            "instrument": as_label(name.instrument_in_full),
            "technique": as_label(name.technique_in_full),
            "mute": as_label(MUTES.get(name.mute, name.mute)),
        }
        if name.dynamics != "N":
            labels["dynamics"] = name.dynamics.lower()
        return labels


class TinySol(OrchideaSol):
    """Adapter for TinySOL: the ordinary notes of OrchideaSOL."""

    name: ClassVar[str] = "tinysol"
    title: ClassVar[str] = "TinySOL"
    licence: ClassVar[str] = "Creative Commons Attribution 4.0"
    credits: ClassVar[str] = "TinySOL by C. E. Cella, D. Ghisi, V. Lostanlen and others; recorded at Ircam"
    example: ClassVar[str] = "BTb-ord-A#1-ff-N-N.wav"

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names, all of which are ordinary."""
        share, why = share_named(found, self._is_named, self.example)
        return (share, f"{why}, all of them ordinary notes") if share and _all_ordinary(found) else (0.0, "")


class Sol(OrchideaSol):
    """Adapter for the original Studio On Line."""

    name: ClassVar[str] = "sol"
    title: ClassVar[str] = "Studio On Line"
    licence: ClassVar[str] = "Ircam Forum's terms"
    credits: ClassVar[str] = "Studio On Line, recorded at Ircam"
    example: ClassVar[str] = "ASax-ord-D#5-mf.wav"

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names."""
        return share_named(found, self._is_named, self.example)

    def parse(self, path: PurePosixPath) -> SolName:
        """What a name says; see `parse_original`."""
        return parse_original(path)


def _all_ordinary(found: Survey) -> bool:
    return all(path.stem.split("-")[1:2] == [_ORDINARY] for path in found.sample())


def _folds(source: Path) -> dict[str, Split]:
    """The official folds by path, from the library's table if it is there (`..._metadata.csv`)."""
    folds: dict[str, Split] = {}
    for table in sorted(source.glob("*[mM]etadata*.csv")):
        if table.stat().st_size > _MAX_TABLE_BYTES:
            raise InputError(f"{table.name} is larger than {_MAX_TABLE_BYTES >> 20} MB: no SOL table is")
        try:
            with table.open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    split = _FOLDS.get((row.get("Fold") or "").strip())
                    if split is not None and row.get("Path"):
                        folds[row["Path"].strip()] = split
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{table.name} cannot be read as a table: {error}") from error
    return folds


def _fold_of(name: str, folds: dict[str, Split]) -> Split | None:
    """The fold of a file; the table's paths begin at the families' folders, wherever those lie."""
    while folds and name:
        if name in folds:
            return folds[name]
        name = name.partition("/")[2]
    return None
