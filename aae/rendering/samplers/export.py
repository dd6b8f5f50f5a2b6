"""Writes what samplers load beside the WAV files of a rendered folder, from its manifest alone."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aae.rendering.samplers.decent_sampler import preset_xml, write_library
from aae.rendering.samplers.instrument import Instrument, build_instruments
from aae.rendering.samplers.sfz import sfz_text
from aae.rendering.samplers.soundfont import write_soundfont
from mcnn.atomic import atomic_path

SOUNDFONT_OF_SEVERAL = "instruments.sf2"
"""A SoundFont holds any number of instruments; composers load one."""


def instrument_files(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the files that `write_instruments` would write for these rows."""
    format = rows[0].get("format", "wav") if rows else "wav"
    names = list(dict.fromkeys(row["preset"] for row in rows))
    if format == "sf2":
        return [f"{names[0]}.sf2" if len(names) == 1 else SOUNDFONT_OF_SEVERAL]
    suffix = {"sfz": ".sfz", "decent-sampler": ".dspreset", "dslibrary": ".dslibrary"}.get(format)
    return [f"{name}{suffix}" for name in names] if suffix else []


def write_instruments(directory: Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Writes every instrument of a folder in its set's format, each file whole or not at all.

    Args:
        directory: Holds the WAV files.
        rows: Its manifest.

    Returns:
        The files written; none for plain WAV files.

    Raises:
        InputError: If an instrument cannot be mapped.
        OSError: If the disk is full or fails; all notes are whole, and the same call continues.
    """
    files = instrument_files(rows)
    if not files:
        return []
    instruments = build_instruments(rows)
    format = rows[0]["format"]
    groups = [instruments] if format == "sf2" else [[instrument] for instrument in instruments]
    paths = [directory / file for file in files]
    for path, group in zip(paths, groups, strict=True):
        try:
            with atomic_path(path) as partial:
                _WRITERS[format](partial, group, directory)
        except OSError as error:
            reason = error.strerror or os.strerror(error.errno or 0)
            raise OSError(error.errno, f"{reason}; all notes are whole", str(path)) from error
    return paths


def _write_sfz(path: Path, instruments: Sequence[Instrument], _samples: Path) -> None:
    path.write_text(sfz_text(instruments[0]), "utf-8")


def _write_preset(path: Path, instruments: Sequence[Instrument], _samples: Path) -> None:
    path.write_bytes(preset_xml(instruments[0]))


_WRITERS: dict[str, Callable[[Path, Sequence[Instrument], Path], None]] = {
    "sfz": _write_sfz,
    "decent-sampler": _write_preset,
    "dslibrary": write_library,
    "sf2": write_soundfont,
}
