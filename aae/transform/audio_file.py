"""Sound files for a transform: which can be transformed, and how the result is written.

Conventions: blocks are `(samples, channels)` float32, one channel or two.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from aae.analysis.recording_file import RecordingFacts, examine_file
from mcnn.errors import InputError

Floats = npt.NDArray[np.float32]

MIN_DURATION_S = 0.03
_MAX_WAV = 4_000_000_000


def examine(path: Path) -> RecordingFacts:
    """Reads a file once to its end, so that whatever is wrong with it is known before anything is made of it.

    Raises:
        InputError: If it is no sound file, is damaged, empty, silent or very short, or holds what are no
            samples.
    """
    facts = examine_file(path)
    if facts.duration_s < MIN_DURATION_S:
        raise InputError(f"{path}: {facts.n_samples} samples; {MIN_DURATION_S:g} s are the least")
    if facts.peak == 0.0:
        raise InputError(f"{path}: silent")
    return facts


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
