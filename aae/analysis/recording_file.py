"""The one reader of recordings: an audio file in, what the encoder shall hear out, block by block.

A NoteBank, `clariolin transform` and the desktop read with it, so that one file is one sound to all three.
Several channels are mixed to their middle; where they cancel each other, the loudest is taken instead. What
is read is resampled, and freed of a constant offset and of rumble.

Conventions: waveforms are `(samples,)` float32, blocks `(samples, columns)` float32, full scale is 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

from aae.analysis.clipping import count_clipped
from aae.notes.bank import CLIPPING_UNKNOWN
from mcnn.errors import InputError

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

AUDIO_SUFFIXES = (
    *(".wav", ".wave", ".bwf", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".voc"),
    *(".flac", ".mp3", ".mp2", ".ogg", ".oga", ".opus"),
)
"""Files with these endings are recordings, in lower or upper case."""
MAX_NOTE_READ_S = 30.0
"""Of a file that holds one note only the beginning is read: its first seconds are all that is used."""

_MIN_HZ = 10.0
_MIN_RATE_HZ, _MAX_RATE_HZ, _MAX_CHANNELS = 1_000, 1_000_000, 256
_PIECE_VALUES, _PIECES_DECODED = 1 << 18, 4
"""Blocks are handed out in pieces of so many values. So many pieces are decoded at once: MP3 is rounded
otherwise at the border of two calls, and a bank's bytes hold that."""
_CANCELLED = 1e-4
"""A middle with less of the loudest channel's power is what is left of channels of opposite sign."""
_LIBRARY_ERRORS = (soundfile.SoundFileError, OSError, TypeError, RuntimeError)


class UnreadableError(InputError):
    """A file that cannot be decoded, or decodes to nothing.

    Args:
        path: The file, or what else was to be read.
        reason: Why, in a few words.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(path, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.reason}"


@dataclass(frozen=True)
class RecordingFacts:
    """What is known of a file that was decoded once to its end.

    Attributes:
        sample_rate: In Hz.
        channels: As in the file.
        n_samples: That can really be read.
        peak: Largest absolute sample.
        clipped: Clipped samples of the channel that has most, see `aae.analysis.clipping`.
        lone_channel: The channel that is heard alone because the channels cancel each other; None if they
            are mixed.
    """

    sample_rate: int
    channels: int
    n_samples: int
    peak: float
    clipped: int
    lone_channel: int | None

    @property
    def duration_s(self) -> float:
        """Length of the file."""
        return self.n_samples / self.sample_rate


@dataclass(frozen=True)
class Sound:
    """A recording in memory.

    Attributes:
        waveform: `(samples,)` mono.
        clipped: Clipped samples at the file's own sample rate; `CLIPPING_UNKNOWN` if that cannot be told.
    """

    waveform: Floats
    clipped: int = CLIPPING_UNKNOWN


def read_mono(path: Path, sample_rate: int, max_s: float | None = MAX_NOTE_READ_S) -> Sound:
    """Reads a file into memory, in mono.

    Args:
        path: Any file that libsndfile reads.
        sample_rate: Of the result, in Hz.
        max_s: How much of its beginning is read; None for all of it.

    Raises:
        UnreadableError: If the file is damaged, empty, or holds numbers that are no samples.
    """
    facts = examine_file(path, max_s)
    waveform = np.concatenate([block[:, 0] for block in read_blocks(path, facts, sample_rate)])
    if not len(waveform):
        raise UnreadableError(path, "no samples")
    return Sound(waveform, facts.clipped)


def examine_file(path: Path, max_s: float | None = None) -> RecordingFacts:
    """Decodes a file once, so that whatever is wrong with it is known before anything is made of it.

    Args:
        path: Any file that libsndfile reads.
        max_s: How much of its beginning counts; None for all of it.

    Raises:
        UnreadableError: If the file is damaged, empty, or holds numbers that are no samples.
    """
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise UnreadableError(path, "empty file")
        with _opened(path) as file:
            powers, n_samples, peak = _Powers(file.channels), 0, 0.0
            clipped = np.zeros(file.channels, np.int64)
            n_most = None if max_s is None else int(max_s * file.samplerate)
            for block in _decoded(file, n_most):
                if not np.isfinite(block).all():
                    raise UnreadableError(path, "samples that are no finite numbers")
                powers.add(block)
                n_samples += len(block)
                peak = max(peak, float(np.abs(block).max()))
                clipped += count_clipped(block, file.subtype)
            rate, channels = file.samplerate, file.channels
    except _LIBRARY_ERRORS as error:
        raise UnreadableError(path, _reason(error)) from error
    if not n_samples:
        raise UnreadableError(path, "no samples")
    return RecordingFacts(rate, channels, n_samples, peak, int(clipped.max()), powers.lone_channel())


def read_blocks(
    path: Path, facts: RecordingFacts, sample_rate: int, *, with_side: bool = False
) -> Iterator[Floats]:
    """Reads a file block by block, in memory that does not grow with its length.

    Args:
        path: The file.
        facts: What `examine_file` says of it.
        sample_rate: Of the blocks, in Hz.
        with_side: Whether a file of two channels has a second column: half of left minus right.

    Yields:
        Blocks `(samples, 1)`, the middle, or `(samples, 2)`, middle and side.

    Raises:
        UnreadableError: If the file can no longer be read.
    """
    n_columns = 2 if with_side and facts.channels == 2 else 1
    condition = _Conditioner(facts.sample_rate, sample_rate, n_columns)
    try:
        with _opened(path) as file:
            n_piece = _piece_samples(file.channels)
            for block in _decoded(file, facts.n_samples):
                columns = _middle_and_side(block, facts.lone_channel)[:, :n_columns]
                for start in range(0, len(columns), n_piece):
                    yield condition(columns[start : start + n_piece])
    except _LIBRARY_ERRORS as error:
        raise UnreadableError(path, _reason(error)) from error
    yield condition(np.zeros((0, n_columns), np.float32), is_last=True)


class _Conditioner:
    """Brings blocks to another sample rate, without a constant offset and without rumble.

    The high-pass begins as if the first sample had lasted for ever: what is removed leaves no step at the
    beginning, and silence stays silent, which it would not if the mean were subtracted.
    """

    def __init__(self, in_rate: int, out_rate: int, n_columns: int) -> None:
        self._stream = None
        if in_rate != out_rate:
            self._stream = soxr.ResampleStream(in_rate, out_rate, n_columns, dtype="float32")
        self._sections = scipy.signal.butter(2, _MIN_HZ, "highpass", fs=out_rate, output="sos")
        self._state: Doubles | None = None

    def __call__(self, block: Floats, is_last: bool = False) -> Floats:
        if self._stream is not None:
            n_columns = block.shape[1]
            block = self._stream.resample_chunk(np.ascontiguousarray(block), last=is_last)
            block = block.reshape(-1, n_columns)
        if not len(block):
            return block
        if self._state is None:
            self._state = scipy.signal.sosfilt_zi(self._sections)[:, :, None] * block[0].astype(np.float64)
        filtered, self._state = scipy.signal.sosfilt(self._sections, block, axis=0, zi=self._state)
        return np.asarray(filtered, np.float32)


class _Powers:
    """Power of each channel and of their middle, without constant offsets."""

    def __init__(self, channels: int) -> None:
        self._n_samples = 0
        self._sums, self._energies = np.zeros(channels + 1), np.zeros(channels + 1)

    def add(self, block: Floats) -> None:
        """Counts a block `(samples, channels)`."""
        columns = np.column_stack([block, block.mean(axis=1)])
        self._n_samples += len(block)
        self._sums += columns.sum(axis=0, dtype=np.float64)
        self._energies += np.square(columns, dtype=np.float64).sum(axis=0)

    def lone_channel(self) -> int | None:
        """The loudest channel, if next to nothing of it is left in the middle."""
        powers = self._energies - np.square(self._sums) / max(1, self._n_samples)
        *channels, middle = powers.tolist()
        if len(channels) > 1 and middle < _CANCELLED * max(channels):
            return int(np.argmax(channels))
        return None


def _middle_and_side(block: Floats, lone_channel: int | None) -> Floats:
    """The middle of a block `(samples, channels)`, and of two channels the side too."""
    middle = block.mean(axis=1) if lone_channel is None else block[:, lone_channel]
    if block.shape[1] != 2:
        return middle[:, None]
    return np.stack([middle, 0.5 * (block[:, 0] - block[:, 1])], axis=1)


def _opened(path: Path) -> soundfile.SoundFile:
    file = soundfile.SoundFile(path)
    rate, channels = file.samplerate, file.channels
    if not (_MIN_RATE_HZ <= rate <= _MAX_RATE_HZ and 1 <= channels <= _MAX_CHANNELS):
        file.close()
        raise UnreadableError(path, f"{channels} channels at {rate} Hz are no recording")
    return file


def _decoded(file: soundfile.SoundFile, n_samples: int | None) -> Iterator[Floats]:
    """Blocks `(samples, channels)`, whatever the header says of the length; a clipped run may be divided."""
    n_left = n_samples
    while n_left is None or n_left > 0:
        n_block = _PIECES_DECODED * _piece_samples(file.channels)
        block = file.read(n_block if n_left is None else min(n_block, n_left), "float32", always_2d=True)
        if not len(block):
            return
        if n_left is not None:
            n_left -= len(block)
        yield block


def _piece_samples(channels: int) -> int:
    return _PIECE_VALUES // channels


def _reason(error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    if isinstance(error, soundfile.LibsndfileError):
        return f"not decodable: {error.error_string}"
    return error.strerror if isinstance(error, OSError) and error.strerror else "not decodable"
