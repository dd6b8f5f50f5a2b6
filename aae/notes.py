"""The NoteBank: one HDF5 file of prepared notes, the only border between `datasets` and `aae`.

A note is a mono waveform at the front end's sample rate, trimmed to its onset, at a common reference level, beside
its log-mel spectrogram, its measured pitch over time and its labels. `datasets/README.md` describes the file.

Conventions: `(mels, frames)` for one log-mel, `(notes,)` for columns of the table. -1 stands for "not given" in
integer columns, NaN in real ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from mcnn.config import SpectrogramConfig
from mcnn.errors import InputError

FORMAT_NAME = "clariolin-notes"
FORMAT_VERSION = 1
UNPITCHED = -1
"""`midi_pitch` of a sound without pitch."""
NOT_GIVEN = -1
"""Label index of a note to which an attribute was not given."""

_TABLE_COLUMNS: dict[str, type[np.generic]] = {
    "midi_pitch": np.int16,
    "split": np.uint8,
    "level_db": np.float32,
    "tuning_cents": np.float32,
    "n_frames": np.int32,
    "n_samples": np.int32,
    "scale": np.float32,
}
_INT16_PEAK = 32767
_CHUNK_VALUES = 1 << 18


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


class NoteBank:
    """Reads a NoteBank. Open it with `NoteBank.open`, best as a context manager.

    The table is read at once; spectrograms and waveforms only when asked for. A bank may be pickled (each process
    then opens the file for itself), so it can travel to the workers of a data loader.

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
        n_frames: `(notes,)` int32.
        n_samples: `(notes,)` int32.
        provenance: Where the notes came from: folder name, format, licence, credits, counts, what was skipped.
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
            InputError: If the file is missing, is no NoteBank, is damaged, or was written by a newer version.
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
            return cls(file, path)
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
        """Measured deviation `(frames,)` of a note from its `midi_pitch`, in cents; NaN where unvoiced or unknown."""
        return self._rows("f0_cents", self._frame_starts, index).astype(np.float32)

    def waveform(self, index: int) -> npt.NDArray[np.float32]:
        """Waveform `(samples,)` of a note at the reference level; its peaks may exceed 1."""
        steps = self._rows("waveform", self._sample_starts, index)
        return steps.astype(np.float32) * self._scale[index]

    def _rows(self, name: str, starts: npt.NDArray[np.int64], index: int) -> npt.NDArray[Any]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"note {index} of a bank of {len(self)}")
        position = index % len(self)
        rows: npt.NDArray[Any] = self._file[name][starts[position] : starts[position + 1]]
        return rows

    def _check_sizes(self) -> None:
        for column in (*self.labels.values(), self.midi_pitch, self.split, self.level_db, self._scale):
            if len(column) != len(self):
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
                    f"{self.path} is a damaged NoteBank: {name} is {self._file[name].shape}, its table says {shape}"
                )


class NoteBankWriter:
    """Writes a NoteBank note by note, in bounded memory.

    The file says that it is unfinished until `finish`; `NoteBank.open` refuses it until then.

    Args:
        path: File to create; write to `mcnn.atomic.atomic_path` of the final name.
        config: The front end of the spectrograms.
        attributes: Attribute to its labels, all that will occur.
    """

    def __init__(
        self, path: Path, config: SpectrogramConfig, attributes: Mapping[str, Sequence[str]]
    ) -> None:
        self._config = config
        self._attributes = {name: tuple(sorted(labels)) for name, labels in attributes.items()}
        self._label_indices = {
            name: {label: index for index, label in enumerate(labels)}
            for name, labels in self._attributes.items()
        }
        self._ids: list[str] = []
        self._columns: dict[str, list[float]] = {name: [] for name in _TABLE_COLUMNS}
        self._labels: dict[str, list[int]] = {name: [] for name in self._attributes}
        self._file = h5py.File(path, "w")
        self._file.attrs["format"] = FORMAT_NAME
        self._file.attrs["version"] = FORMAT_VERSION
        self._file.attrs["finished"] = False
        self._file.attrs["config"] = config.model_dump_json()
        self._file["attributes"] = json.dumps(self._attributes)
        self._log_mel = _Appender(self._file, "log_mel", np.float16, (config.n_mels,))
        self._f0_cents = _Appender(self._file, "f0_cents", np.float16, ())
        self._waveform = _Appender(self._file, "waveform", np.int16, ())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, note: NoteData) -> None:
        """Appends a note.

        Raises:
            ValueError: If its arrays disagree with each other or with the config, or a label was not announced.
        """
        n_mels, n_frames = note.log_mel.shape
        if n_mels != self._config.n_mels or note.f0_cents.shape != (n_frames,):
            raise ValueError(
                f"{note.id}: log_mel {note.log_mel.shape} and f0_cents {note.f0_cents.shape} do not match"
                f" {self._config.n_mels} mels"
            )
        unknown = [
            name for name, label in note.labels.items() if label not in self._label_indices.get(name, {})
        ]
        if unknown:
            raise ValueError(
                f"{note.id}: {unknown[0]} {note.labels[unknown[0]]!r} was not announced to the bank"
            )
        steps, scale = quantise(note.waveform)
        self._log_mel.append(note.log_mel.T)
        self._f0_cents.append(note.f0_cents)
        self._waveform.append(steps)
        self._ids.append(note.id)
        row = {
            "midi_pitch": note.midi_pitch,
            "split": int(note.split),
            "level_db": note.level_db,
            "tuning_cents": note.tuning_cents,
            "n_frames": n_frames,
            "n_samples": len(note.waveform),
            "scale": scale,
        }
        for name, value in row.items():
            self._columns[name].append(value)
        for name, indices in self._labels.items():
            label = note.labels.get(name)
            indices.append(NOT_GIVEN if label is None else self._label_indices[name][label])

    def finish(self, provenance: Mapping[str, Any]) -> None:
        """Writes the table and declares the bank whole.

        Args:
            provenance: Where the notes came from; must be JSON.
        """
        for appender in (self._log_mel, self._f0_cents, self._waveform):
            appender.flush()
        table = self._file.create_group("notes")
        table.create_dataset("id", data=np.array(self._ids, dtype=object), dtype=h5py.string_dtype())
        for name, dtype in _TABLE_COLUMNS.items():
            table.create_dataset(name, data=np.array(self._columns[name], dtype=dtype))
        labels = table.create_group("labels")
        for name, indices in self._labels.items():
            labels.create_dataset(name, data=np.array(indices, dtype=np.int16))
        self._file["provenance"] = json.dumps(provenance)
        self._file.attrs["finished"] = True
        self._file.flush()


class _Appender:
    """A growing HDF5 dataset that is written in whole chunks."""

    def __init__(
        self, file: h5py.File, name: str, dtype: type[np.generic], row_shape: tuple[int, ...]
    ) -> None:
        chunk_rows = max(1, _CHUNK_VALUES // int(np.prod(row_shape, dtype=np.int64)))
        self._dataset = file.create_dataset(
            name, (0, *row_shape), dtype, maxshape=(None, *row_shape), chunks=(chunk_rows, *row_shape)
        )
        self._chunk_rows = chunk_rows
        self._pending: list[npt.NDArray[Any]] = []
        self._n_pending = 0

    def append(self, rows: npt.NDArray[Any]) -> None:
        self._pending.append(rows)
        self._n_pending += len(rows)
        if self._n_pending >= 4 * self._chunk_rows:
            self._write(self._n_pending - self._n_pending % self._chunk_rows)

    def flush(self) -> None:
        self._write(self._n_pending)

    def _write(self, n_rows: int) -> None:
        if not self._pending:
            return
        rows = np.concatenate(self._pending)
        start = len(self._dataset)
        self._dataset.resize(start + n_rows, axis=0)
        self._dataset[start:] = rows[:n_rows]
        self._pending = [rows[n_rows:]] if n_rows < len(rows) else []
        self._n_pending = len(rows) - n_rows


def quantise(waveform: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int16], float]:
    """Rounds a waveform to 16 bits of its own peak.

    Args:
        waveform: `(samples,)`.

    Returns:
        `(samples,)` steps and the size of one step, so that `steps * size` is the waveform again.
    """
    peak = float(np.abs(waveform).max(initial=0.0))
    scale = float(np.float32(peak / _INT16_PEAK)) or 1.0
    return np.clip(np.rint(waveform / scale), -_INT16_PEAK, _INT16_PEAK).astype(np.int16), scale


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
