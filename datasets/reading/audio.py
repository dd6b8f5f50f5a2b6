"""From an audio file to a note's waveform: read, resample, trim to the note, bring to the reference level.

Conventions: waveforms are `(samples,)` float32, mono. Levels are root mean squares in dB of full scale.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

from aae.notes.bank import CLIPPING_UNKNOWN

from .clipping import count_clipped

MAX_READ_S = 30.0
"""Of a longer file only the beginning is read: a note's first seconds are all that is used."""
MIN_NOTE_S = 0.05

_MIN_HZ = 10.0
_SLOWEST_HZ, _FASTEST_HZ, _MAX_CHANNELS = 1_000, 1_000_000, 256
_BLOCK_VALUES = 1 << 20
_CANCELLED = 1e-4
"""Of the loudest channel's power; a mix below it is what is left of channels of opposite sign."""
_STREAMED_BYTES = 0xFFFF_0000
"""Sizes above it are what programs write that did not know the size."""
_COUNTS_AS_WHOLE = 1.01


class UnreadableError(ValueError):
    """An audio file that cannot be decoded, or decodes to nothing."""


@dataclass(frozen=True)
class Sound:
    """What was read of a recording.

    Attributes:
        waveform: `(samples,)` mono.
        clipped: Clipped samples of its file (of the channel that has most), at the file's own sample rate;
            `aae.notes.bank.CLIPPING_UNKNOWN` if that cannot be told.
    """

    waveform: npt.NDArray[np.float32]
    clipped: int = CLIPPING_UNKNOWN


def read_mono(path: Path, sample_rate: int) -> Sound:
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
            (mono, clipped), file_rate = _mixed(file), file.samplerate
    except (soundfile.SoundFileError, OSError, TypeError, RuntimeError) as error:
        raise UnreadableError(_reason(error)) from error
    if not len(mono):
        raise UnreadableError("no samples")
    if not np.isfinite(mono).all():
        raise UnreadableError("samples that are no finite numbers")
    if file_rate != sample_rate:
        mono = soxr.resample(mono, file_rate, sample_rate)
    if not len(mono):
        raise UnreadableError("no samples")
    return Sound(_without_offset(mono, sample_rate), clipped)


def _reason(error: Exception) -> str:
    if isinstance(error, soundfile.LibsndfileError):
        return f"not decodable: {error.error_string}"
    return error.strerror if isinstance(error, OSError) and error.strerror else "not decodable"


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


def _mixed(file: soundfile.SoundFile) -> tuple[npt.NDArray[np.float32], int]:
    """The first `MAX_READ_S` of a file in mono, and its clipped samples.

    It is read in blocks whatever its header promises; a clipped run that their border divides counts as two.
    """
    if not (_SLOWEST_HZ <= file.samplerate <= _FASTEST_HZ and 1 <= file.channels <= _MAX_CHANNELS):
        raise UnreadableError(f"{file.channels} channels at {file.samplerate} Hz are no recording")
    mixed: list[npt.NDArray[np.float32]] = []
    power = np.zeros(file.channels)
    clipped = np.zeros(file.channels, np.int64)
    for block in _blocks(file):
        mixed.append(block.mean(axis=1))
        clipped += count_clipped(block, file.subtype)
        power += np.square(block, dtype=np.float64).sum(axis=0)
    mono = np.concatenate([np.zeros(0, np.float32), *mixed])
    if file.channels > 1 and np.square(mono, dtype=np.float64).sum() < _CANCELLED * power.max():
        file.seek(0)
        loudest = int(power.argmax())
        mono = np.concatenate([np.zeros(0, np.float32), *(block[:, loudest] for block in _blocks(file))])
    return mono, int(clipped.max())


def _blocks(file: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks `(samples, channels)` of the beginning."""
    left = int(MAX_READ_S * file.samplerate)
    while left > 0:
        block = file.read(min(left, max(1, _BLOCK_VALUES // file.channels)), dtype="float32", always_2d=True)
        if not len(block):
            return
        left -= len(block)
        yield block


def _without_offset(waveform: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float32]:
    """Removes a constant offset and rumble. Subtracting the mean instead would lift the silence."""
    sections = scipy.signal.butter(2, _MIN_HZ, "highpass", fs=sample_rate, output="sos")
    state = scipy.signal.sosfilt_zi(sections) * waveform[0]
    filtered, _state = scipy.signal.sosfilt(sections, waveform, zi=state)
    return np.asarray(filtered, np.float32)
