"""NSynth: 305,979 notes of four seconds at 16 kHz, with `examples.json` beside them, or by their names alone.

`<family>_<source>_<instrument id>-<pitch>-<velocity>.wav`, for example `bass_synthetic_033-022-050.wav`. The
table adds the qualities (bright, dark, distortion ...); it is hundreds of megabytes, and read as a stream.
"""

import re
import sys
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import Split
from mcnn.errors import InputError

from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, as_label
from .base import Adapter, not_understood, share_named

_NAME = re.compile(
    r"(?P<family>[a-z]+(?:_lead)?)_(?P<source>acoustic|electronic|synthetic)_(?P<id>[0-9]{3})"
    r"-(?P<pitch>[0-9]{3})-(?P<velocity>[0-9]{3})"
)
_TABLE = "examples.json"
_SPLIT_FOLDERS = {
    "nsynth-train": Split.TRAIN,
    "nsynth-valid": Split.VALIDATION,
    "nsynth-test": Split.TEST,
}
_EXAMPLE = "bass_synthetic_033-022-050.wav"


class NSynth(Adapter):
    """Adapter for NSynth."""

    name: ClassVar[str] = "nsynth"
    title: ClassVar[str] = "NSynth"
    licence: ClassVar[str] = "Creative Commons Attribution 4.0"
    credits: ClassVar[str] = "The NSynth Dataset by J. Engel and others, Google Magenta"
    take_like: ClassVar[frozenset[str]] = frozenset({"velocity"})

    def recordings(self, source: Path) -> list[Recording]:
        """All files named the library's way; see `Adapter.recordings`.

        The splits of its folders `nsynth-train`, `nsynth-valid` and `nsynth-test` are kept.
        """
        names = audio_names(source)
        qualities = _qualities(source)
        recordings = [_understand(PurePosixPath(name), source, qualities) for name in names]
        if all(recording.skip for recording in recordings):
            raise InputError(f"no file in {source} is named like NSynth's, for example {_EXAMPLE}")
        return recordings

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its names."""
        return share_named(found, lambda path: _NAME.fullmatch(path.stem) is not None, _EXAMPLE)


def _understand(path: PurePosixPath, source: Path, qualities: dict[str, str]) -> Recording:
    id_ = path.as_posix()
    match = _NAME.fullmatch(path.stem)
    if not match:
        return not_understood(id_, f"not named like {_EXAMPLE}")
    midi_pitch, velocity = int(match["pitch"]), int(match["velocity"])
    if midi_pitch > 127 or velocity > 127:
        return not_understood(id_, f"pitch {midi_pitch}, velocity {velocity}: both go to 127")
    labels = {
        "family": sys.intern(as_label(match["family"])),
        "source": sys.intern(match["source"]),
        "instrument": sys.intern(as_label(f"{match['family']}_{match['source']}_{match['id']}")),
        "velocity": sys.intern(match["velocity"]),
    }
    quality = qualities.get(path.stem)
    if quality:
        labels["qualities"] = quality
    return Recording(id_, midi_pitch, labels, split=_split(path, source))


def _split(path: PurePosixPath, source: Path) -> Split | None:
    for folder in (*path.parts[:-1], source.name):
        if folder in _SPLIT_FOLDERS:
            return _SPLIT_FOLDERS[folder]
    return None


def _qualities(source: Path) -> dict[str, str]:
    """Name to its qualities, joined by `+`, from the tables that are there."""
    import ijson

    qualities: dict[str, str] = {}
    for table in sorted([*source.glob(_TABLE), *source.glob(f"*/{_TABLE}")]):
        try:
            with table.open("rb") as file:
                for name, example in ijson.kvitems(file, ""):
                    said = example.get("qualities_str") if isinstance(example, dict) else None
                    if not isinstance(said, list) or not all(isinstance(word, str) for word in said):
                        raise InputError(f"{table.name}: {name!r} has no list `qualities_str`")
                    if said:
                        qualities[name] = sys.intern("+".join(sorted(as_label(word) for word in said)))
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise InputError(f"{table.name} is no JSON: {str(error).splitlines()[0]}") from error
    return qualities
