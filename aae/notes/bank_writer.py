"""Writes a NoteBank. Reading is `aae.notes.bank`, which also describes the parts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from aae.notes.bank import FORMAT_NAME, FORMAT_VERSION, NOT_GIVEN, NoteData
from aae.notes.labels import require_vocabulary, with_visible_terms
from mcnn.spectral.config import SpectrogramConfig

_TABLE_COLUMNS: dict[str, type[np.generic]] = {
    "midi_pitch": np.int16,
    "split": np.uint8,
    "level_db": np.float32,
    "tuning_cents": np.float32,
    "clipped": np.int32,
    "n_frames": np.int32,
    "n_samples": np.int32,
    "scale": np.float32,
}
_INT16_PEAK = 32767
_CHUNK_VALUES = 1 << 18


class NoteBankWriter:
    """Writes a NoteBank note by note, in bounded memory.

    The file says that it is unfinished until `finish`; `NoteBank.open` refuses it until then.

    Args:
        path: File to create; write to `mcnn.atomic.atomic_path` of the final name.
        config: The front end of the spectrograms.
        attributes: Attribute to its labels, all that will occur.

    Raises:
        InputError: If one of them is no name.
    """

    def __init__(
        self, path: Path, config: SpectrogramConfig, attributes: Mapping[str, Sequence[str]]
    ) -> None:
        require_vocabulary(path.name, attributes, {})
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
            ValueError: If its arrays disagree with each other or with the config, or a label was not
            announced.
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
            "clipped": note.clipped,
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
        self._file["provenance"] = json.dumps(with_visible_terms(provenance))
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
