"""What a SoundFont holds: its presets, the keys that were really sampled, and their velocity layers.

FluidSynth plays SoundFonts but does not say where their samples lie; this reads the one list that does
(`pdta`), the same in SF2 and SF3. No sample is read.

Source: SoundFont Technical Specification 2.04, sections 7 and 8.
"""

import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mcnn.errors import InputError

_KEY_RANGE, _VELOCITY_RANGE, _INSTRUMENT, _SAMPLE, _ROOT_KEY = 43, 44, 41, 53, 58
_COARSE_TUNE, _FINE_TUNE, _SCALE_TUNING = 51, 52, 56
_A_SEMITONE = 100
_WHOLE_RANGE = (0, 127)
_MAX_LIST_BYTES = 64 << 20
_MAX_REGIONS = 1 << 20
_RECORDS = {
    "phdr": np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "V12")]),
    "pbag": np.dtype([("gen", "<u2"), ("mod", "<u2")]),
    "pgen": np.dtype([("kind", "<u2"), ("low", "u1"), ("high", "u1")]),
    "inst": np.dtype([("name", "S20"), ("bag", "<u2")]),
    "ibag": np.dtype([("gen", "<u2"), ("mod", "<u2")]),
    "igen": np.dtype([("kind", "<u2"), ("low", "u1"), ("high", "u1")]),
    "shdr": np.dtype([("name", "S20"), ("places", "V16"), ("rate", "<u4"), ("root", "u1"), ("rest", "V5")]),
}
_INFO = {"INAM": "title", "ICOP": "licence", "IENG": "credits"}

Zone = dict[int, tuple[int, int]]
"""Generator to its two bytes."""


@dataclass(frozen=True)
class Region:
    """One sample as a preset uses it; both ends of the ranges are inside.

    Attributes:
        keys: MIDI numbers that play it.
        velocities: Velocities that play it.
        root: The key at which it sounds as recorded, its tuning counted in; may lie beyond MIDI's.
        follows_keys: Whether the next key sounds a semitone higher: noises and effects often do not.
    """

    keys: tuple[int, int]
    velocities: tuple[int, int]
    root: int
    follows_keys: bool = True


@dataclass(frozen=True)
class Preset:
    """A preset and its regions."""

    name: str
    bank: int
    program: int
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class SoundFontContents:
    """What a SoundFont says of itself.

    Attributes:
        terms: `title`, `licence`, `credits`, as far as the file states them.
        presets: In the order of bank and program.
    """

    terms: Mapping[str, str]
    presets: tuple[Preset, ...]


def read_contents(path: Path) -> SoundFontContents:
    """Reads the list of presets.

    Args:
        path: An `.sf2` or `.sf3` file.

    Raises:
        InputError: If it is no SoundFont, or a damaged one.
    """
    try:
        with path.open("rb") as file:
            return parse_contents(file)
    except (ValueError, IndexError, EOFError) as error:
        raise InputError(f"{path.name} is no SoundFont, or is damaged: {error}") from error


def parse_contents(file: BinaryIO) -> SoundFontContents:
    """The same of an open file.

    Raises:
        ValueError: If it is no SoundFont, or a damaged one.
    """
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise ValueError("it does not begin as one")
    terms: dict[str, str] = {}
    records: dict[str, npt.NDArray[Any]] | None = None
    while len(chunk := file.read(8)) == 8:
        size = int.from_bytes(chunk[4:], "little")
        kind = file.read(4) if chunk[:4] == b"LIST" else b""
        if kind not in (b"INFO", b"pdta"):
            file.seek(size - len(kind), io.SEEK_CUR)
            _skip_padding(file, size)
            continue
        if size > _MAX_LIST_BYTES:
            raise ValueError(f"its list {kind.decode()} says {size} bytes")
        parts = _parts(file.read(size - 4))
        _skip_padding(file, size)
        if kind == b"INFO":
            terms = {_INFO[name]: _text(raw) for name, raw in parts.items() if name in _INFO and _text(raw)}
        else:
            records = _records(parts)
    if records is None:
        raise ValueError("it has no list of presets")
    return SoundFontContents(terms, _presets(records))


def _skip_padding(file: BinaryIO, size: int) -> None:
    """A chunk of odd size is followed by one byte, which some SF3 files leave out."""
    if size % 2 and file.read(1) not in (b"\0", b""):
        file.seek(-1, io.SEEK_CUR)


def _parts(data: bytes) -> dict[str, bytes]:
    """The chunks of a list, by name."""
    parts: dict[str, bytes] = {}
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        parts[data[place : place + 4].decode("latin-1")] = data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return parts


def _text(raw: bytes) -> str:
    text = raw.split(b"\0")[0].decode("latin-1")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _records(parts: Mapping[str, bytes]) -> dict[str, npt.NDArray[Any]]:
    records = {}
    for name, dtype in _RECORDS.items():
        raw = parts.get(name, b"")
        if not raw or len(raw) % dtype.itemsize:
            raise ValueError(f"its list {name} is missing or cut")
        records[name] = np.frombuffer(raw, dtype)
    return records


def _presets(records: Mapping[str, npt.NDArray[Any]]) -> tuple[Preset, ...]:
    instruments = [
        _zones(records["ibag"], records["igen"], int(first), int(last))
        for first, last in zip(records["inst"]["bag"][:-1], records["inst"]["bag"][1:], strict=True)
    ]
    roots = records["shdr"]["root"].tolist()
    headers = records["phdr"]
    presets = []
    n_regions = 0
    for header, following in itertools.pairwise(headers):
        zones = _zones(records["pbag"], records["pgen"], int(header["bag"]), int(following["bag"]))
        regions = tuple(region for zone in zones for region in _regions(zone, instruments, roots))
        n_regions += len(regions)
        if n_regions > _MAX_REGIONS:
            raise ValueError(f"its presets have more than {_MAX_REGIONS} regions")
        name = _text(bytes(header["name"])) or "unnamed"
        presets.append(Preset(name, int(header["bank"]), int(header["program"]), regions))
    return tuple(sorted(presets, key=lambda preset: (preset.bank, preset.program, preset.name)))


def _zones(bags: npt.NDArray[Any], gens: npt.NDArray[Any], first: int, last: int) -> list[Zone]:
    """The zones of a preset or instrument; what the first says of all is in each."""
    if last >= len(bags) or first > last:
        raise ValueError("a list of zones runs over its end")
    shared: Zone = {}
    zones: list[Zone] = []
    for number in range(first, last):
        start, end = int(bags["gen"][number]), int(bags["gen"][number + 1])
        if end > len(gens) or start > end:
            raise ValueError("a zone runs over its end")
        own = {int(gen["kind"]): (int(gen["low"]), int(gen["high"])) for gen in gens[start:end]}
        if number == first and not {_INSTRUMENT, _SAMPLE} & own.keys():
            shared = own
        else:
            zones.append(shared | own)
    return zones


def _regions(zone: Zone, instruments: list[list[Zone]], roots: list[int]) -> list[Region]:
    """What one zone of a preset plays."""
    number = _number(zone.get(_INSTRUMENT))
    if number is None or number >= len(instruments):
        return []
    regions = []
    for inner in instruments[number]:
        sample = _number(inner.get(_SAMPLE))
        if sample is None or sample >= len(roots):
            continue
        keys = _common(zone.get(_KEY_RANGE), inner.get(_KEY_RANGE))
        velocities = _common(zone.get(_VELOCITY_RANGE), inner.get(_VELOCITY_RANGE))
        root = _number(inner.get(_ROOT_KEY))
        root = root if root is not None and root <= 127 else roots[sample]
        tuned_cents = 100 * _sum(zone, inner, _COARSE_TUNE) + _sum(zone, inner, _FINE_TUNE)
        scale = _sum(zone, {_SCALE_TUNING: (_A_SEMITONE, 0), **inner}, _SCALE_TUNING)
        if keys and velocities:
            regions.append(Region(keys, velocities, root - round(tuned_cents / 100), scale == _A_SEMITONE))
    return regions


def _number(amount: tuple[int, int] | None) -> int | None:
    return None if amount is None else amount[0] + 256 * amount[1]


def _sum(zone: Zone, inner: Zone, kind: int) -> int:
    """A generator with a sign: what the preset says is added to what its instrument says."""
    return sum(
        int.from_bytes(bytes(amount), "little", signed=True)
        for amount in (zone.get(kind), inner.get(kind))
        if amount is not None
    )


def _common(outer: tuple[int, int] | None, inner: tuple[int, int] | None) -> tuple[int, int] | None:
    """Where two ranges overlap; None if they do not."""
    (first_low, first_high), (second_low, second_high) = outer or _WHOLE_RANGE, inner or _WHOLE_RANGE
    low, high = max(first_low, second_low), min(first_high, second_high, 127)
    return (low, high) if low <= high else None
