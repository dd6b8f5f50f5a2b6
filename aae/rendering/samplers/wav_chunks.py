"""The chunks of a WAV file that samplers read: `smpl` (root key, tuning, loop), `inst` and `bext`.

Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991) with its New
Multimedia Data Types (1994); EBU Tech 3285 version 2 (Broadcast Wave).
"""

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aae.rendering.samplers.ascii_names import ascii_name

MIDDLE_C = 60
_UNKNOWN_LOUDNESS = 0x7FFF
_PER_RUN = (b"PEAK",)
"""Chunks with the time of writing in them."""


@dataclass(frozen=True)
class SamplePoints:
    """Facts of one file that a sampler needs.

    Attributes:
        sample_rate: In Hz.
        root_key: MIDI number of the note; None for an unpitched sound.
        tuning_cents: How much higher it sounds than that.
        loop: First and last sample of the loop, both played.
        low_velocity: Lowest velocity that the sound is for.
        high_velocity: Highest velocity.
    """

    sample_rate: int
    root_key: int | None
    tuning_cents: float = 0.0
    loop: tuple[int, int] | None = None
    low_velocity: int = 1
    high_velocity: int = 127


def sampler_chunk(points: SamplePoints) -> bytes:
    """The body of `smpl`.

    Its key is the note's own, also where the note is flat: the fraction only goes upwards, and a reader that
    ignores it would play 10 cents flat as the key below and 90 cents, a semitone wrong. So whoever reads this
    chunk alone is off by no more than the note itself; `inst` and the instruments' files have its tuning.
    """
    key, fraction = _key_and_fraction(points)
    loops = [(0, 0, *points.loop, 0, 0)] if points.loop else []
    period_ns = round(1e9 / points.sample_rate)
    head = struct.pack("<9I", 0, 0, period_ns, key, fraction, 0, 0, len(loops), 0)
    return head + b"".join(struct.pack("<6I", *loop) for loop in loops)


def instrument_chunk(points: SamplePoints) -> bytes:
    """The body of `inst`; its fine tuning is what a player must add to be in tune."""
    key = MIDDLE_C if points.root_key is None else points.root_key
    correction = max(-50, min(50, round(-points.tuning_cents)))
    return struct.pack("<BbbBBBB", key, correction, 0, 0, 127, points.low_velocity, points.high_velocity)


def broadcast_chunk(description: str, originator_reference: str, coding: str, loudness_lufs: float) -> bytes:
    """The body of `bext`, version 2, without a date: the same note is always the same file.

    Args:
        description: What the sound is; told in ASCII, cut at 256 letters.
        originator_reference: What it was made from; ASCII, cut at 32.
        coding: The samples' encoding, as in `A=PCM,F=44100,W=24,M=mono,T=Clariolin`.
        loudness_lufs: Maximum momentary loudness; −inf for silence.
    """
    momentary = _UNKNOWN_LOUDNESS
    if math.isfinite(loudness_lufs):
        momentary = max(-9999, min(9999, round(100 * loudness_lufs)))
    loudness = (_UNKNOWN_LOUDNESS, _UNKNOWN_LOUDNESS, _UNKNOWN_LOUDNESS, momentary, _UNKNOWN_LOUDNESS)
    head = struct.pack(
        "<256s32s32s10s8sQH64s5h180s",
        ascii_name(description).encode("ascii"),
        b"Clariolin",
        originator_reference.encode("ascii", "replace"),
        b"",
        b"",
        0,
        2,
        b"",
        *loudness,
        b"",
    )
    return head + coding.encode("ascii") + b"\r\n\0"


def with_chunks(
    wav: bytes, before: Sequence[tuple[bytes, bytes]], after: Sequence[tuple[bytes, bytes]]
) -> bytes:
    """A WAV file with further chunks.

    Args:
        wav: A RIFF file; what it says of the time of writing is left out.
        before: Name and body of chunks that go before the first.
        after: Of those that go behind the last.
    """
    kept = [(name, body) for name, body in chunks(wav) if name not in _PER_RUN]
    whole = b"".join(_chunk(name, body) for name, body in [*before, *kept, *after])
    return b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WAVE" + whole


def chunks(wav: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of every chunk of a WAV file."""
    place = 12
    while place + 8 <= len(wav):
        name, size = struct.unpack_from("<4sI", wav, place)
        yield name, wav[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _key_and_fraction(points: SamplePoints) -> tuple[int, int]:
    """Unity note and what is above it, in 1/2³² of a semitone."""
    if points.root_key is None:
        return MIDDLE_C, 0
    semitones, fraction = divmod(max(0.0, points.tuning_cents) / 100.0, 1.0)
    return points.root_key + int(semitones), min(round(fraction * 2**32), 2**32 - 1)
