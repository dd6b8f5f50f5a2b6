"""SoundFont 2: one file with all samples in it, for MuseScore, FluidSynth and most other samplers.

The format has neither key switches nor round robins. So each technique is a program of its own (0, 1, 2 …),
and each variation a bank of its own (0 the first, 1 the second). Samples of more than 16 bits keep 24: the
lower 8 go to a part of their own, which older players ignore.

Source: SoundFont Technical Specification 2.04 (Creative Technology, 2006).
"""

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from aae.notes.pitch_names import pitch_name
from aae.rendering.samplers.ascii_names import ascii_name, told_apart
from aae.rendering.samplers.instrument import Articulation, Instrument, Sample, Zone
from mcnn.errors import InputError

SILENCE_AFTER = 46
"""Zeros behind each sample, for the players' interpolation."""
MONO = 1
_KEY_RANGE, _VELOCITY_RANGE, _RELEASE, _SAMPLE_MODES = 43, 44, 38, 54
_SCALE_TUNING, _INSTRUMENT, _SAMPLE_ID = 56, 41, 53
_ATTENUATION, _VELOCITY_TO_ATTENUATION, _FULL_ATTENUATION_CB = 48, 0x0502, 960
_PROGRAMS, _INDEX_LIMIT = 128, 2**16
_MAX_GENERATORS = 6
"""Of one zone."""
_NAME_LENGTH = 19
"""ASCII letters of a name; a zero ends it."""
_MAX_FILE_LENGTH = 2**32 - 2**20


@dataclass(frozen=True)
class _StoredSample:
    """Place of a sample in the file's pool, in frames."""

    sample: Sample
    start: int
    n_frames: int
    sample_rate: int


@dataclass
class _Tables:
    """The articulation tables, growing record by record."""

    presets: list[bytes] = field(default_factory=list)
    preset_bags: list[bytes] = field(default_factory=list)
    preset_generators: list[bytes] = field(default_factory=list)
    instruments: list[bytes] = field(default_factory=list)
    bags: list[bytes] = field(default_factory=list)
    modulators: list[bytes] = field(default_factory=list)
    generators: list[bytes] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)


def write_soundfont(path: Path, instruments: Sequence[Instrument], directory: Path) -> None:
    """Writes instruments with their samples as one SoundFont.

    Args:
        path: File to write.
        instruments: What it holds.
        directory: Folder that their samples lie in.

    Raises:
        InputError: If there is more than one SoundFont can hold.
    """
    stored = _stored_samples(instruments, directory)
    files = [directory / entry.sample.file for entry in stored]
    deep = any(soundfile.info(file).subtype != "PCM_16" for file in files)
    n_frames = sum(entry.n_frames + SILENCE_AFTER for entry in stored)
    n_frames += n_frames % 2  # both parts of the pool then have an even size, which readers insist on
    if n_frames * (3 if deep else 2) > _MAX_FILE_LENGTH:
        raise InputError("the samples are more than 4 GB, which a SoundFont cannot hold: render fewer notes")
    tables = _tables(instruments, stored)
    information = _information(instruments, deep)
    pool_bytes = 8 + 2 * n_frames + (8 + n_frames if deep else 0)
    with path.open("wb") as file:
        total = 4 + len(information) + 12 + pool_bytes + len(tables)
        file.write(b"RIFF" + struct.pack("<I", total) + b"sfbk" + information)
        file.write(b"LIST" + struct.pack("<I", 4 + pool_bytes) + b"sdta")
        _write_pool(file, b"smpl", 2 * n_frames, files, _upper_bits)
        if deep:
            _write_pool(file, b"sm24", n_frames, files, _lower_bits)
        file.write(tables)


def _stored_samples(instruments: Sequence[Instrument], directory: Path) -> list[_StoredSample]:
    samples = {
        zone.sample.file: zone.sample
        for instrument in instruments
        for articulation in instrument.articulations
        for zone in articulation.zones
    }
    stored, start = [], 0
    for sample in samples.values():
        info = soundfile.info(directory / sample.file)
        stored.append(_StoredSample(sample, start, info.frames, info.samplerate))
        start += info.frames + SILENCE_AFTER
    return stored


def _write_pool(
    file: BinaryIO,
    name: bytes,
    n_bytes: int,
    paths: Sequence[Path],
    bits: Callable[[npt.NDArray[np.int32]], bytes],
) -> None:
    """One part of the pool: every sample, one at a time, with silence behind it."""
    file.write(name + struct.pack("<I", n_bytes))
    silence = bits(np.zeros(SILENCE_AFTER, np.int32))
    for path in paths:
        frames, _ = soundfile.read(path, dtype="int32")
        n_bytes -= file.write(bits(frames) + silence)
    file.write(b"\0" * n_bytes)


def _upper_bits(frames: npt.NDArray[np.int32]) -> bytes:
    return (frames >> 16).astype("<i2").tobytes()


def _lower_bits(frames: npt.NDArray[np.int32]) -> bytes:
    return ((frames >> 8) & 0xFF).astype(np.uint8).tobytes()


def _information(instruments: Sequence[Instrument], deep: bool) -> bytes:
    name = instruments[0].name if len(instruments) == 1 else f"{len(instruments)} instruments"
    texts = [(b"isng", "EMU8000"), (b"INAM", name), (b"ISFT", "Clariolin")]
    body = _chunk(b"ifil", struct.pack("<HH", 2, 4 if deep else 1))
    body += b"".join(_chunk(tag, _text(text)) for tag, text in texts)
    return _chunk(b"LIST", b"INFO" + body)


def _tables(instruments: Sequence[Instrument], stored: Sequence[_StoredSample]) -> bytes:
    tables = _Tables()
    numbers = {entry.sample.file: number for number, entry in enumerate(stored)}
    names = _sample_names([entry.sample for entry in stored])
    tables.samples = [_sample_header(name, entry) for name, entry in zip(names, stored, strict=True)]
    played = [(instrument, a) for instrument in instruments for a in instrument.articulations]
    n_zones = sum(len(zones) for _, a in played for zones in _variations(a))
    if n_zones * _MAX_GENERATORS >= _INDEX_LIMIT:
        raise InputError(
            f"{n_zones} zones are more than a SoundFont can hold ({_INDEX_LIMIT // _MAX_GENERATORS}): "
            "render fewer notes or variations"
        )
    n_banks = max(zone.n_positions for _, a in played for zone in a.zones)
    preset_names = iter(_preset_names(played))
    for number, (instrument, articulation) in enumerate(played):
        for variation, zones in enumerate(_variations(articulation)):
            bank = number // _PROGRAMS * n_banks + variation
            name = next(preset_names)
            _add_preset(tables, name, bank, number % _PROGRAMS)
            _add_instrument(tables, name, zones, numbers, instrument.velocity_tracking)
    return _closed(tables)


def _variations(articulation: Articulation) -> Iterator[list[Zone]]:
    """The zones of each round robin position; where a note has fewer, they are used again."""
    n_variations = max(zone.n_positions for zone in articulation.zones)
    for variation in range(n_variations):
        yield [zone for zone in articulation.zones if zone.position == variation % zone.n_positions + 1]


def _preset_names(played: Sequence[tuple[Instrument, Articulation]]) -> list[str]:
    """A name for each variation of each articulation, all different."""
    presets = [(*both, variation) for both in played for variation, _ in enumerate(_variations(both[1]))]
    originals = [f"{instrument.name} {articulation.name} {v}" for instrument, articulation, v in presets]
    return told_apart([_preset_name(*preset) for preset in presets], originals, _NAME_LENGTH)


def _preset_name(instrument: Instrument, articulation: Articulation, variation: int) -> str:
    """Short enough for the format: the instrument's name gives way to what tells its presets apart."""
    suffix = f" v{variation + 1}" if variation else ""
    if len(instrument.articulations) > 1:
        suffix = f" {ascii_name(articulation.name)[: _NAME_LENGTH - len(suffix) - 4]}{suffix}"
    return f"{ascii_name(instrument.name)[: _NAME_LENGTH - len(suffix)]}{suffix}"


def _sample_names(samples: Sequence[Sample]) -> list[str]:
    """`9 C#4 violin`: a number that is its own and its note, then as much of its file's name as fits."""
    names = []
    for number, sample in enumerate(samples, start=1):
        note = f"{pitch_name(sample.root_key)} " if sample.pitched else ""
        parts = sample.file.removesuffix(".wav").split("_")
        names.append(f"{number} {note}{'_'.join(map(ascii_name, parts))}"[:_NAME_LENGTH])
    return names


def _add_preset(tables: _Tables, name: str, bank: int, program: int) -> None:
    header = struct.pack("<20sHHHIII", _name(name), program, bank, len(tables.preset_bags), 0, 0, 0)
    tables.presets.append(header)
    tables.preset_bags.append(struct.pack("<HH", len(tables.preset_generators), 0))
    tables.preset_generators.append(struct.pack("<HH", _INSTRUMENT, len(tables.instruments)))


def _add_instrument(
    tables: _Tables, name: str, zones: Sequence[Zone], numbers: dict[str, int], tracking: float
) -> None:
    tables.instruments.append(struct.pack("<20sH", _name(name), len(tables.bags)))
    for zone in zones:
        tables.bags.append(struct.pack("<HH", len(tables.generators), len(tables.modulators)))
        tables.generators += _generators(zone, numbers[zone.sample.file])
        if tracking != 1.0:
            amount = round(_FULL_ATTENUATION_CB * tracking)
            tables.modulators.append(
                struct.pack("<HHhHH", _VELOCITY_TO_ATTENUATION, _ATTENUATION, amount, 0, 0)
            )


def _generators(zone: Zone, number: int) -> list[bytes]:
    """A zone's settings in the order that the format prescribes: ranges first, the sample last."""
    sample = zone.sample
    release = round(1200 * math.log2(sample.release_s))
    made = [
        struct.pack("<HBB", _KEY_RANGE, zone.low_key, zone.high_key),
        struct.pack("<HBB", _VELOCITY_RANGE, zone.low_velocity, zone.high_velocity),
        struct.pack("<Hh", _RELEASE, release),
    ]
    if sample.loop:
        made.append(struct.pack("<HH", _SAMPLE_MODES, 1))
    if not sample.pitched:
        made.append(struct.pack("<Hh", _SCALE_TUNING, 0))
    return [*made, struct.pack("<HH", _SAMPLE_ID, number)]


def _sample_header(name: str, entry: _StoredSample) -> bytes:
    """The loop's last frame is played here too; the format names the one behind it."""
    first, last = entry.sample.loop or (0, entry.n_frames - 1)
    return struct.pack(
        "<20sIIIIIBbHH",
        _name(name),
        entry.start,
        entry.start + entry.n_frames,
        entry.start + first,
        entry.start + last + 1,
        entry.sample_rate,
        entry.sample.root_key,
        max(-99, min(99, round(-entry.sample.tuning_cents))),
        0,
        MONO,
    )


def _closed(tables: _Tables) -> bytes:
    """All tables, each with the record that ends it."""
    parts = [
        (b"phdr", tables.presets, struct.pack("<20sHHHIII", b"EOP", 0, 0, len(tables.preset_bags), 0, 0, 0)),
        (b"pbag", tables.preset_bags, struct.pack("<HH", len(tables.preset_generators), 0)),
        (b"pmod", [], bytes(10)),
        (b"pgen", tables.preset_generators, bytes(4)),
        (b"inst", tables.instruments, struct.pack("<20sH", b"EOI", len(tables.bags))),
        (b"ibag", tables.bags, struct.pack("<HH", len(tables.generators), len(tables.modulators))),
        (b"imod", tables.modulators, bytes(10)),
        (b"igen", tables.generators, bytes(4)),
        (b"shdr", tables.samples, struct.pack("<20s26x", b"EOS")),
    ]
    body = b"".join(_chunk(name, b"".join(records) + end) for name, records, end in parts)
    return _chunk(b"LIST", b"pdta" + body)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _text(text: str) -> bytes:
    """Text in ASCII, ended by one or two zeros so that its length is even."""
    encoded = ascii_name(text).encode("ascii")[:254] + b"\0"
    return encoded + b"\0" * (len(encoded) % 2)


def _name(text: str) -> bytes:
    return text.encode("ascii")[:_NAME_LENGTH]
