"""From an audio file to a note's waveform: read, resample, trim to the note, bring to the reference level.

Conventions: waveforms are `(samples,)` float32, mono. Levels are root mean squares in dB of full scale.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import scipy.signal
import soundfile
import soxr

from mcnn.level import REFERENCE_LEVEL_DB, loudest_rms_db

LONGEST_READ_S = 30.0
"""Of a longer file only the beginning is read: a note's first seconds are all that is used."""
SILENT_LEVEL_DB = -70.0
SHORTEST_NOTE_S = 0.05

_LOWEST_HZ = 10.0
_SLOWEST_HZ, _FASTEST_HZ, _MOST_CHANNELS = 1_000, 1_000_000, 256
_BLOCK_VALUES = 1 << 20
_CANCELLED = 1e-4
"""Of the loudest channel's power; a mix below it is what is left of channels of opposite sign."""
_STREAMED_BYTES = 0xFFFF_0000
"""Sizes above it are what programs write that did not know the size."""
_COUNTS_AS_WHOLE = 1.01
_ENVELOPE_WINDOW_S = 0.005
_ENVELOPE_HOP_S = 0.001
_PREROLL_S = 0.010
_SURELY_NOTE_DB = -30.0
_SURELY_NOTE_S = 0.015
_ATTACK_DB = -50.0
_ATTACK_S = 0.060
_NOISE_S = 0.020
_ABOVE_NOISE_DB = 9.0
_TAIL_DB = -60.0
_TAIL_WINDOW_S = 0.020
_END_FADE_S = 0.010
_CUT_FADE_S = 0.100


@dataclass(frozen=True)
class PreparedAudio:
    """A note's waveform, ready for a bank.

    Attributes:
        waveform: `(samples,)` at `REFERENCE_LEVEL_DB`.
        level_db: The level it had before.
    """

    waveform: npt.NDArray[np.float32]
    level_db: float


class UnreadableError(ValueError):
    """An audio file that cannot be decoded, or decodes to nothing."""


def read_mono(path: Path, sample_rate: int) -> npt.NDArray[np.float32]:
    """Decodes the beginning of an audio file, mixes it to mono and resamples it.

    Channels that cancel each other are not mixed: the loudest is taken.

    Args:
        path: Any file libsndfile reads.
        sample_rate: Samples per second of the result.

    Raises:
        UnreadableError: If the file is damaged, empty, or holds numbers that are no samples.
    """
    try:
        size = path.stat().st_size
        if not size:
            raise UnreadableError("empty file")
        _require_whole(path, size)
        with soundfile.SoundFile(path) as file:
            mono, file_rate = _mixed(file), file.samplerate
    except (soundfile.SoundFileError, OSError, TypeError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not decodable"
        raise UnreadableError(reason) from error
    if not len(mono):
        raise UnreadableError("no samples")
    if not np.isfinite(mono).all():
        raise UnreadableError("samples that are no finite numbers")
    if file_rate != sample_rate:
        mono = soxr.resample(mono, file_rate, sample_rate)
    if not len(mono):
        raise UnreadableError("no samples")
    return _without_offset(mono, sample_rate)


def _require_whole(path: Path, size: int) -> None:
    """Refuses a WAV or AIFF that says that it is longer than it is.

    libsndfile reads what is there and says nothing; the note would end in the middle.
    """
    with path.open("rb") as file:
        kind, declared = file.read(4), file.read(4)
    if kind not in (b"RIFF", b"FORM") or len(declared) < 4:
        return
    whole = int.from_bytes(declared, "little" if kind == b"RIFF" else "big") + 8
    if _STREAMED_BYTES > whole > size * _COUNTS_AS_WHOLE:
        raise UnreadableError(f"truncated: {size} of {whole} bytes are there")


def _mixed(file: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    """The first `LONGEST_READ_S` of a file in mono, read in blocks whatever its header promises."""
    if not (_SLOWEST_HZ <= file.samplerate <= _FASTEST_HZ and 1 <= file.channels <= _MOST_CHANNELS):
        raise UnreadableError(f"{file.channels} channels at {file.samplerate} Hz are no recording")
    mixed: list[npt.NDArray[np.float32]] = []
    power = np.zeros(file.channels)
    for block in _blocks(file):
        mixed.append(block.mean(axis=1))
        power += np.square(block, dtype=np.float64).sum(axis=0)
    mono = np.concatenate([np.zeros(0, np.float32), *mixed])
    if file.channels > 1 and np.square(mono, dtype=np.float64).sum() < _CANCELLED * power.max():
        file.seek(0)
        loudest = int(power.argmax())
        mono = np.concatenate([np.zeros(0, np.float32), *(block[:, loudest] for block in _blocks(file))])
    return mono


def _blocks(file: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks `(samples, channels)` of the beginning."""
    left = int(LONGEST_READ_S * file.samplerate)
    while left > 0:
        block = file.read(min(left, max(1, _BLOCK_VALUES // file.channels)), dtype="float32", always_2d=True)
        if not len(block):
            return
        left -= len(block)
        yield block


def prepare(waveform: npt.NDArray[np.float32], sample_rate: int, max_samples: int) -> PreparedAudio | None:
    """Trims a recording to its note and brings it to the reference level.

    Args:
        waveform: `(samples,)` as recorded.
        sample_rate: Samples per second.
        max_samples: Longest note; a longer one is faded out.

    Returns:
        The note, or None if the recording is silent.
    """
    if loudest_rms_db(waveform, sample_rate) < SILENT_LEVEL_DB:
        return None
    start, end = find_note(waveform, sample_rate)
    note = waveform[start:end].copy()
    if len(note) > max_samples:
        note = _faded(note[:max_samples], round(_CUT_FADE_S * sample_rate))
    else:
        note = _faded(note, round(_END_FADE_S * sample_rate))
    recorded_db = loudest_rms_db(note, sample_rate)
    if recorded_db < SILENT_LEVEL_DB:
        return None
    gain = np.float32(10.0 ** ((REFERENCE_LEVEL_DB - recorded_db) / 20.0))
    return PreparedAudio(note * gain, recorded_db)


def find_note(waveform: npt.NDArray[np.float32], sample_rate: int) -> tuple[int, int]:
    """Where the note begins and ends.

    The onset is sought backwards from the first place that surely belongs to the note (within 30 dB of its
    loudest, for 15 ms), down to 50 dB below the loudest or the noise before it, so that a soft attack stays
    whole; 10 ms before it are kept. The end is the last moment within 60 dB of the loudest.

    Args:
        waveform: `(samples,)`, not silent.
        sample_rate: Samples per second.

    Returns:
        First sample and the one after the last.
    """
    hop = max(1, round(_ENVELOPE_HOP_S * sample_rate))
    envelope = _envelope_db(waveform, round(_ENVELOPE_WINDOW_S * sample_rate), hop)
    loudest_db = float(envelope.max())
    onset = _onset(envelope, loudest_db)
    tail = _envelope_db(waveform, round(_TAIL_WINDOW_S * sample_rate), hop)
    last = int(np.flatnonzero(tail > tail.max() + _TAIL_DB)[-1])
    start = max(0, onset * hop - round(_PREROLL_S * sample_rate))
    return start, min(len(waveform), (last + 1) * hop + round(_TAIL_WINDOW_S * sample_rate / 2))


def _onset(envelope: npt.NDArray[np.float64], loudest_db: float) -> int:
    """Index of the envelope where the note begins."""
    n_sure = round(_SURELY_NOTE_S / _ENVELOPE_HOP_S)
    sure = scipy.ndimage.minimum_filter1d(envelope, n_sure, origin=-(n_sure // 2))
    candidates = np.flatnonzero(sure > loudest_db + _SURELY_NOTE_DB)
    first_sure = int(candidates[0]) if len(candidates) else int(envelope.argmax())
    attack_db = loudest_db + _ATTACK_DB
    before = envelope[: max(0, first_sure - round(_ATTACK_S / _ENVELOPE_HOP_S))]
    if len(before) >= round(_NOISE_S / _ENVELOPE_HOP_S):
        noise_db = float(np.percentile(before, 20)) + _ABOVE_NOISE_DB
        attack_db = min(max(attack_db, noise_db), loudest_db + _SURELY_NOTE_DB)
    quiet = np.flatnonzero(envelope[:first_sure] < attack_db)
    return int(quiet[-1]) + 1 if len(quiet) else 0


def _without_offset(waveform: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float32]:
    """Removes a constant offset and rumble. Subtracting the mean instead would lift the silence."""
    sections = scipy.signal.butter(2, _LOWEST_HZ, "highpass", fs=sample_rate, output="sos")
    state = scipy.signal.sosfilt_zi(sections) * waveform[0]
    filtered, _state = scipy.signal.sosfilt(sections, waveform, zi=state)
    return np.asarray(filtered, np.float32)


def _moving_power(waveform: npt.NDArray[np.float32], n_window: int) -> npt.NDArray[np.float64]:
    """Mean square of every run of `n_window` samples (of all, if there are fewer)."""
    energy = np.concatenate([[0.0], np.cumsum(waveform.astype(np.float64) ** 2)])
    n_window = max(1, min(n_window, len(waveform)))
    power: npt.NDArray[np.float64] = np.maximum(energy[n_window:] - energy[:-n_window], 0.0) / n_window
    return power


def _envelope_db(waveform: npt.NDArray[np.float32], n_window: int, hop: int) -> npt.NDArray[np.float64]:
    """Level around every `hop`-th sample."""
    padded = np.pad(waveform, (n_window // 2, n_window - n_window // 2))
    power = _moving_power(padded, n_window)[: len(waveform) : hop]
    return 10.0 * np.log10(power + 1e-20)


def _faded(waveform: npt.NDArray[np.float32], n_fade: int) -> npt.NDArray[np.float32]:
    """Fades the end out along a raised cosine."""
    n_fade = min(n_fade, len(waveform))
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(n_fade) + 1.0) / n_fade)
    waveform[len(waveform) - n_fade :] *= fade.astype(np.float32)
    return waveform
