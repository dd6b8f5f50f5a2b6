"""Sound files in and out, block by block: any format, rate and number of channels, in bounded memory.

Conventions: blocks are `(samples, channels)` float32, one channel or two.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

from mcnn.errors import InputError

Floats = npt.NDArray[np.float32]

_FORMATS = "aif aifc aiff au caf flac mp2 mp3 oga ogg opus rf64 snd w64 wav wave"
SUFFIXES = frozenset(f".{name}" for name in _FORMATS.split(" "))
"""What counts as a sound file in a folder."""
SLOWEST_HZ, FASTEST_HZ, MAX_CHANNELS = 1_000, 768_000, 64
BLOCK_VALUES = 1 << 18
MIN_DURATION_S = 0.03
_CANCELLED = 1e-4
_MIN_HZ = 10.0
_MAX_WAV = 4_000_000_000


@dataclass(frozen=True)
class SoundFacts:
    """What a whole file was found to be.

    Attributes:
        sample_rate: In Hz.
        channels: As in the file.
        n_samples: That can really be read.
        peak: Largest absolute sample.
        loudest_channel: The one with the most power.
        cancels: Whether the mean of its channels is next to nothing.
    """

    sample_rate: int
    channels: int
    n_samples: int
    peak: float
    loudest_channel: int
    cancels: bool

    @property
    def duration_s(self) -> float:
        """Length of the file."""
        return self.n_samples / self.sample_rate


def examine(path: Path) -> SoundFacts:
    """Reads a file once to its end, so that whatever is wrong with it is known before anything is made of it.

    Raises:
        InputError: If it is no sound file, is damaged, empty or silent, or holds what are no samples.
    """
    n_samples, peak = 0, 0.0
    try:
        with _opened(path) as file:
            power, mixed = np.zeros(file.channels), 0.0
            for block in _blocks(file):
                if not np.isfinite(block).all():
                    raise InputError(f"{path}: holds samples that are no finite numbers")
                n_samples += len(block)
                peak = max(peak, float(np.abs(block).max()))
                power += np.square(block, dtype=np.float64).sum(0)
                mixed += float(np.square(block.mean(1), dtype=np.float64).sum())
            sample_rate, channels = file.samplerate, file.channels
    except (soundfile.SoundFileError, OSError, TypeError, RuntimeError) as error:
        raise InputError(f"{path}: {_reason(path, error)}") from None
    if n_samples < MIN_DURATION_S * sample_rate:
        raise InputError(f"{path}: {n_samples} samples; {MIN_DURATION_S:g} s are the least")
    if peak == 0.0:
        raise InputError(f"{path}: silent")
    cancels = channels > 1 and mixed < _CANCELLED * float(power.max())
    return SoundFacts(sample_rate, channels, n_samples, peak, int(power.argmax()), cancels)


class SoundReader:
    """Blocks of a file at another sample rate: mono or left and right, without offset and rumble.

    Args:
        path: The file.
        facts: What `examine` found.
        sample_rate: Of the blocks, in Hz.
    """

    def __init__(self, path: Path, facts: SoundFacts, sample_rate: int) -> None:
        self.path = path
        self.facts = facts
        self.sample_rate = sample_rate

    def blocks(self) -> Iterator[Floats]:
        """Blocks `(samples, 1 or 2)`; more than two channels are mixed to one.

        Raises:
            InputError: If the file can no longer be read.
        """
        n_out = 2 if self.facts.channels == 2 else 1
        same_rate = self.facts.sample_rate == self.sample_rate
        stream = None
        if not same_rate:
            stream = soxr.ResampleStream(self.facts.sample_rate, self.sample_rate, n_out, dtype="float32")
        sections = scipy.signal.butter(2, _MIN_HZ, "highpass", fs=self.sample_rate, output="sos")
        state = np.zeros((len(sections), 2, n_out))
        try:
            with _opened(self.path) as file:
                for block in _blocks(file):
                    block = self._mixed(block)
                    if stream is not None:
                        block = stream.resample_chunk(np.ascontiguousarray(block)).reshape(-1, n_out)
                    if len(block):
                        filtered, state = scipy.signal.sosfilt(sections, block, axis=0, zi=state)
                        yield np.asarray(filtered, np.float32)
        except (soundfile.SoundFileError, OSError, TypeError, RuntimeError) as error:
            raise InputError(f"{self.path}: {_reason(self.path, error)}") from None
        if stream is not None:
            block = stream.resample_chunk(np.zeros((0, n_out), np.float32), last=True).reshape(-1, n_out)
            if len(block):
                filtered, _ = scipy.signal.sosfilt(sections, block, axis=0, zi=state)
                yield np.asarray(filtered, np.float32)

    def _mixed(self, block: Floats) -> Floats:
        if block.shape[1] <= 2:
            return block
        if self.facts.cancels:
            return block[:, [self.facts.loudest_channel]]
        return np.asarray(block.mean(1, keepdims=True), np.float32)


class SoundWriter(AbstractContextManager["SoundWriter"]):
    """Writes a 24-bit WAV block by block at another sample rate.

    Args:
        path: The file, which must not be seen under its final name until it is whole.
        in_rate: Sample rate of the blocks.
        out_rate: Of the file.
        channels: 1 or 2.
        n_samples: How long the file is going to be, at its own rate; what is more is cut off.
    """

    def __init__(self, path: Path, in_rate: int, out_rate: int, channels: int, n_samples: int) -> None:
        large = n_samples * channels * 3 > _MAX_WAV
        self._left = n_samples
        self._channels = channels
        self._stream = None
        if in_rate != out_rate:
            self._stream = soxr.ResampleStream(in_rate, out_rate, channels, dtype="float32")
        self._file = soundfile.SoundFile(
            path, "w", out_rate, channels, "PCM_24", format="RF64" if large else "WAV"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, block: Floats, last: bool = False) -> None:
        """Adds a block `(samples, channels)`; the last one fills the file up to its length with silence.

        Raises:
            OSError: If the disk is full.
        """
        if self._stream is not None:
            block = self._stream.resample_chunk(np.ascontiguousarray(block), last=last)
        block = block.reshape(-1, self._channels)[: self._left]
        self._left -= len(block)
        if last and self._left:
            block = np.concatenate([block, np.zeros((self._left, self._channels), np.float32)])
        try:
            self._file.write(np.clip(block, -1.0, 1.0 - 2.0**-23))
            if last:
                self._file.flush()
        except soundfile.SoundFileError as error:
            raise OSError(28, "No space left on device, or it cannot be written") from error


def _opened(path: Path) -> soundfile.SoundFile:
    file = soundfile.SoundFile(path)
    if not (SLOWEST_HZ <= file.samplerate <= FASTEST_HZ and 1 <= file.channels <= MAX_CHANNELS):
        file.close()
        raise InputError(
            f"{path}: {file.channels} channels at {file.samplerate} Hz; up to {MAX_CHANNELS} at "
            f"{SLOWEST_HZ} to {FASTEST_HZ} Hz can be read"
        )
    return file


def _blocks(file: soundfile.SoundFile) -> Iterator[Floats]:
    """All of a file, whatever its header says of its length."""
    while True:
        block = file.read(BLOCK_VALUES // file.channels, dtype="float32", always_2d=True)
        if not len(block):
            return
        yield block


def _reason(path: Path, error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    try:
        size = path.stat().st_size
    except OSError as gone:
        return gone.strerror or "cannot be read"
    if not size:
        return "an empty file"
    return "not a sound file that can be read (WAV, AIFF, FLAC, Ogg, MP3 ...), or damaged"
