"""The NoteBank: one HDF5 file of prepared notes, the only border between `datasets` and `aae`.

A note is a mono waveform at the front end's sample rate, trimmed to its onset, at a common reference level,
beside its log-mel spectrogram, its measured pitch over time and its labels. `datasets/README.md` describes
the file.

Conventions: `(mels, frames)` for one log-mel, `(notes,)` for columns of the table. -1 stands for "not given"
in integer columns, NaN in real ones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from aae.notes.labels import require_vocabulary
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig

FORMAT_NAME = "clariolin-notes"
FORMAT_VERSION = 1
UNPITCHED = -1
"""`midi_pitch` of a sound without pitch."""
NOT_GIVEN = -1
"""Label index of a note to which an attribute was not given."""
CLIPPING_UNKNOWN = -1
"""`clipped` of a note of which it cannot be told, or of a bank that does not say."""


class Split(IntEnum):
    """What a note is for."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


@dataclass(frozen=True)
class NoteData:
    """One prepared note, as an adapter's build hands it to the bank.

    Attributes:
        id: Where it came from: the path relative to the source folder, with forward slashes.
        midi_pitch: MIDI number, or `UNPITCHED`.
        labels: Attribute to label; an attribute that is absent was not given.
        split: What the note is for.
        level_db: Root mean square of the loudest 50 ms as recorded, in dB of full scale.
        tuning_cents: Median measured deviation from `midi_pitch`, NaN if unknown.
        waveform: `(samples,)` at the reference level.
        log_mel: `(mels, frames)`.
        f0_cents: `(frames,)` deviation from `midi_pitch`, NaN where unvoiced.
        clipped: Clipped samples of the recording, or `CLIPPING_UNKNOWN`.
    """

    id: str
    midi_pitch: int
    labels: Mapping[str, str]
    split: Split
    level_db: float
    tuning_cents: float
    waveform: npt.NDArray[np.float32]
    log_mel: npt.NDArray[np.float16]
    f0_cents: npt.NDArray[np.float16]
    clipped: int = CLIPPING_UNKNOWN


class NoteBank:
    """Reads a NoteBank. Open it with `NoteBank.open`, best as a context manager.

    The table is read at once; spectrograms and waveforms only when asked for. A bank may be pickled (each
    process then opens the file for itself), so it can travel to the workers of a data loader.

    Attributes:
        path: The file.
        config: The front end that made the spectrograms.
        attributes: Attribute to its sorted labels; `labels` counts in this order.
        ids: Source path of each note, relative, with forward slashes.
        midi_pitch: `(notes,)` int16, `UNPITCHED` for a sound without pitch.
        labels: Attribute to `(notes,)` int16, `NOT_GIVEN` where the note has none.
        split: `(notes,)` uint8, values of `Split`.
        level_db: `(notes,)` float32, recorded root mean square of the loudest 50 ms, in dB of full scale.
        tuning_cents: `(notes,)` float32, median measured deviation from `midi_pitch`, NaN if unknown.
        clipped: `(notes,)` int32, clipped samples of the recording, `CLIPPING_UNKNOWN` if not known.
        n_frames: `(notes,)` int32.
        n_samples: `(notes,)` int32.
        provenance: Where the notes came from: folder name, format, licence, credits, counts, what was
            skipped.
    """

    def __init__(self, file: h5py.File, path: Path) -> None:
        self._file = file
        self.path = path
        self.config = SpectrogramConfig.model_validate_json(file.attrs["config"])
        self.attributes: dict[str, tuple[str, ...]] = {
            name: tuple(labels) for name, labels in json.loads(file["attributes"][()]).items()
        }
        self.provenance: dict[str, Any] = json.loads(file["provenance"][()])
        table = file["notes"]
        self.ids: list[str] = [raw.decode() for raw in table["id"][:]]
        self.midi_pitch: npt.NDArray[np.int16] = table["midi_pitch"][:]
        self.labels: dict[str, npt.NDArray[np.int16]] = {
            name: table["labels"][name][:] for name in self.attributes
        }
        self.split: npt.NDArray[np.uint8] = table["split"][:]
        self.level_db: npt.NDArray[np.float32] = table["level_db"][:]
        self.tuning_cents: npt.NDArray[np.float32] = table["tuning_cents"][:]
        self.clipped: npt.NDArray[np.int32] = (
            table["clipped"][:] if "clipped" in table else np.full(len(self.ids), CLIPPING_UNKNOWN, np.int32)
        )
        self.n_frames: npt.NDArray[np.int32] = table["n_frames"][:]
        self.n_samples: npt.NDArray[np.int32] = table["n_samples"][:]
        self._scale: npt.NDArray[np.float32] = table["scale"][:]
        self._frame_starts = _starts(self.n_frames)
        self._sample_starts = _starts(self.n_samples)
        self._check_sizes()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens a bank for reading.

        Raises:
            InputError: If the file is missing, is no NoteBank, is damaged, was written by a newer version, or
            has labels that are no names.
        """
        if not path.is_file():
            raise InputError(f"there is no NoteBank at {path}: make one with `clariolin dataset build`")
        try:
            file = h5py.File(path, "r")
        except OSError as error:
            raise InputError(
                f"{path} is not a NoteBank, or is truncated: the file does not open as HDF5"
            ) from error
        try:
            _require_format(file, path)
            bank = cls(file, path)
            require_vocabulary(path, bank.attributes, bank.provenance)
            return bank
        except (KeyError, OSError, ValueError, TypeError, AttributeError, ValidationError) as error:
            file.close()
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path} is a damaged NoteBank: {str(error).splitlines()[0]}") from error

    def __len__(self) -> int:
        return len(self.ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).open, (self.path,))

    def close(self) -> None:
        """Closes the file; the table stays readable."""
        self._file.close()

    def log_mel(self, index: int) -> npt.NDArray[np.float32]:
        """Log-mel spectrogram `(mels, frames)` of a note."""
        frames = self._rows("log_mel", self._frame_starts, index)
        return np.ascontiguousarray(frames.T, dtype=np.float32)

    def f0_cents(self, index: int) -> npt.NDArray[np.float32]:
        """Measured deviation `(frames,)` of a note from its `midi_pitch`, in cents; NaN where unvoiced."""
        return np.asarray(self._rows("f0_cents", self._frame_starts, index), np.float32)

    def waveform(self, index: int) -> npt.NDArray[np.float32]:
        """Waveform `(samples,)` of a note at the reference level; its peaks may exceed 1."""
        steps = self._rows("waveform", self._sample_starts, index)
        return np.asarray(steps * self._scale[index], np.float32)

    def _rows(self, name: str, starts: npt.NDArray[np.int64], index: int) -> npt.NDArray[Any]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"note {index} of a bank of {len(self)}")
        position = index % len(self)
        rows: npt.NDArray[Any] = self._file[name][starts[position] : starts[position + 1]]
        return rows

    def _check_sizes(self) -> None:
        columns: tuple[npt.NDArray[Any], ...] = (
            *self.labels.values(),
            self.midi_pitch,
            self.split,
            self.level_db,
            self.clipped,
            self._scale,
        )
        if any(column.shape != (len(self),) for column in columns):
            raise InputError(f"{self.path} is a damaged NoteBank: its columns differ in length")
        n_frames, n_samples = int(self._frame_starts[-1]), int(self._sample_starts[-1])
        expected = {
            "log_mel": (n_frames, self.config.n_mels),
            "f0_cents": (n_frames,),
            "waveform": (n_samples,),
        }
        for name, shape in expected.items():
            if self._file[name].shape != shape:
                raise InputError(
                    f"{self.path} is a damaged NoteBank: {name} is {self._file[name].shape} where its table"
                    f" says {shape}"
                )


def _starts(counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """First row of each note in a concatenated array, and the total as the last."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _require_format(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format") != FORMAT_NAME:
        raise InputError(
            f"{path} is an HDF5 file but not a NoteBank: make one with `clariolin dataset build`"
        )
    version = int(file.attrs["version"])
    if version != FORMAT_VERSION:
        raise InputError(
            f"{path} is a NoteBank of version {version}: this program reads version {FORMAT_VERSION}"
        )
    if not file.attrs["finished"]:
        raise InputError(f"{path} is an unfinished NoteBank: build it again")
