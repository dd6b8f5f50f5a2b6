"""From a rendered waveform to the bytes of its WAV file: level, sample rate, loop, dither, chunks.

All of it is decided by the note and the settings of its set alone, so the same note is the same file in
whatever order, and by however many workers, a set is made.
"""

import io
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from aae.analysis.f0 import track_f0
from aae.analysis.loudness import momentary_loudness_lufs, parse_level
from aae.notes.pitch_names import pitch_frequency_hz
from aae.rendering.loops import Loop, loop_note
from aae.rendering.output import OutputSettings
from aae.rendering.samplers.wav_chunks import (
    SamplePoints,
    broadcast_chunk,
    instrument_chunk,
    sampler_chunk,
    with_chunks,
)
from aae.synthesis.finishing import PEAK_LIMIT

SUBTYPES: dict[int, str] = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}
_TUNING_HOP_S = 0.0116
_TUNING_LOUD_DB = -25.0
_STEADY_CENTS = 60.0
_MIN_FRAMES = 4
_MAX_TUNING_CENTS = 50.0
"""A note measured further off is not that note out of tune; it keeps its name and no tuning."""


@dataclass(frozen=True)
class NoteFile:
    """A WAV file before it is written.

    Attributes:
        data: Its bytes.
        facts: What was measured, for the manifest: `duration_s`, `tuning_cents` (None where no steady pitch
            was found), `loudness_lufs`, `gain_db`, `held_back_db` (by how much the peak kept it from its
            level) and `loop` (None where there is none).
    """

    data: bytes
    facts: dict[str, Any]


def make_note_file(
    waveform: npt.NDArray[np.float32],
    sample_rate: int,
    midi_pitch: int | None,
    settings: OutputSettings,
    *,
    held: bool = True,
    description: str = "",
    seed: int = 0,
) -> NoteFile:
    """Finishes a note.

    Args:
        waveform: `(samples,)`, as the synthesizer made it.
        sample_rate: Of the waveform, in Hz.
        midi_pitch: MIDI number; None for an unpitched sound.
        settings: Of the set.
        held: Whether it is played in a way that can be held; if not, it gets no loop.
        description: A few words for the `bext` chunk.
        seed: Of the dither, together with the description.
    """
    out_rate = settings.sample_rate or sample_rate
    tuning_cents = None if midi_pitch is None else measure_tuning(waveform, sample_rate, midi_pitch)
    if out_rate != sample_rate:
        waveform = soxr.resample(waveform, sample_rate, out_rate, "VHQ").astype(np.float32)
    gain_db, held_back_db = _gain_db(waveform, out_rate, settings)
    waveform = waveform * np.float32(10.0 ** (gain_db / 20.0))
    loop: Loop | None = None
    if settings.looped and held:
        found = loop_note(waveform, out_rate, _frequency_hz(midi_pitch, tuning_cents))
        waveform, loop = found or (waveform, None)
    loudness_lufs = momentary_loudness_lufs(waveform, out_rate)
    reference = zlib.crc32(description.encode())
    points = SamplePoints(out_rate, midi_pitch, tuning_cents or 0.0, (loop.start, loop.end) if loop else None)
    coding = f"A=PCM,F={out_rate},W={settings.bits},M=mono,T=Clariolin"
    data = with_chunks(
        encode(waveform, out_rate, settings.bits, (seed, reference)),
        before=[(b"bext", broadcast_chunk(description, f"{reference:08x}-{seed}", coding, loudness_lufs))],
        after=[(b"smpl", sampler_chunk(points)), (b"inst", instrument_chunk(points))],
    )
    facts = {
        "duration_s": round(len(waveform) / out_rate, 6),
        "tuning_cents": None if tuning_cents is None else round(tuning_cents, 2),
        "loudness_lufs": round(loudness_lufs, 2) if np.isfinite(loudness_lufs) else None,
        "gain_db": round(gain_db, 2),
        "held_back_db": round(held_back_db, 2),
        "loop": vars(loop) if loop else None,
    }
    return NoteFile(data, facts)


def measure_tuning(waveform: npt.NDArray[np.float32], sample_rate: int, midi_pitch: int) -> float | None:
    """The measured pitch of a note above its nominal one, in cents; None for trills, glissandi and noise.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
        midi_pitch: MIDI number.
    """
    hop = round(_TUNING_HOP_S * sample_rate)
    cents = track_f0(waveform, sample_rate, hop, pitch_frequency_hz(midi_pitch))
    padded = np.pad(waveform, (hop, hop))
    power = np.array([np.square(padded[i * hop : (i + 2) * hop]).mean() for i in range(len(cents))])
    loud = power > power.max(initial=0.0) * 10.0 ** (_TUNING_LOUD_DB / 10.0)
    heard = cents[loud & np.isfinite(cents)]
    if len(heard) < max(_MIN_FRAMES, loud.sum() / 3):
        return None
    low, middle, high = np.percentile(heard, [25, 50, 75])
    if high - low > _STEADY_CENTS or abs(middle) > _MAX_TUNING_CENTS:
        return None
    return float(middle)


def encode(waveform: npt.NDArray[np.float32], sample_rate: int, bits: int, seed: tuple[int, ...]) -> bytes:
    """A plain WAV file; 16 and 24 bits with triangular dither of ±1 step, which hides rounding in noise.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
        bits: 16, 24, or 32 for floating point.
        seed: Of the dither.

    Source: Lipshitz, Wannamaker & Vanderkooy, JAES 40 (1992).
    """
    encoded = io.BytesIO()
    if bits == 32:
        soundfile.write(encoded, waveform, sample_rate, subtype=SUBTYPES[bits], format="WAV")
        return encoded.getvalue()
    full_scale = 2 ** (bits - 1)
    steps = dithered_steps(waveform, full_scale, seed)
    if bits == 16:
        soundfile.write(encoded, steps.astype(np.int16), sample_rate, subtype=SUBTYPES[bits], format="WAV")
    else:
        soundfile.write(encoded, steps << (32 - bits), sample_rate, subtype=SUBTYPES[bits], format="WAV")
    return encoded.getvalue()


def dithered_steps(
    waveform: npt.NDArray[np.float32], full_scale: int, seed: tuple[int, ...]
) -> npt.NDArray[np.int32]:
    """The waveform in whole steps of `1 / full_scale`, with triangular dither."""
    rng = np.random.default_rng(seed)
    dither = rng.random(len(waveform)) - rng.random(len(waveform))
    steps = np.rint(waveform.astype(np.float64) * full_scale + dither)
    return steps.clip(-full_scale, full_scale - 1).astype(np.int32)


def _gain_db(
    waveform: npt.NDArray[np.float32], sample_rate: int, settings: OutputSettings
) -> tuple[float, float]:
    """The gain of a note, and by how much its peak kept that below what its level asks for."""
    wanted_db = parse_level(settings.level).gain_db(waveform, sample_rate)
    peak = float(np.abs(waveform).max(initial=0.0))
    if peak == 0.0:
        return 0.0, 0.0
    gain_db = min(wanted_db, 20.0 * float(np.log10(PEAK_LIMIT / peak)))
    return gain_db, wanted_db - gain_db


def _frequency_hz(midi_pitch: int | None, tuning_cents: float | None) -> float | None:
    return None if midi_pitch is None else pitch_frequency_hz(midi_pitch + (tuning_cents or 0.0) / 100.0)
