"""A user's own folder: any audio, with a table of tags or with folder names that say what it is.

With a table (`tags.csv`, `tags.tsv` or `tags.jsonl` in the folder): a column `file` (relative to the folder),
a column `note`, `midi_pitch`, `pitch` or `midi` (`C4`, `60`; empty means measure it; `unpitched` means that
it has none), and every other column is an attribute. A spreadsheet's `;` between columns, its empty columns
without a name, and numbers such as `60.0` are understood. Without a table: the names of the folders above a
file, joined, are its `instrument`, and the note is read from the file's name if one is there, otherwise
measured.
"""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

from aae.notes.bank import UNPITCHED
from aae.notes.labels import require_labels
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from ..names.instrument_folders import telling_folders
from ..names.places import read_folder
from ..names.spellings import Style, note_of, style_of
from ..reading.files import Survey, audio_names
from ..reading.recording import Recording, Skip, SkipReason
from .base import Adapter, not_understood

TABLE_NAMES = ("tags.csv", "tags.tsv", "tags.jsonl")
_PITCH_COLUMNS = ("midi_pitch", "note", "pitch", "midi")
_ANY_AUDIO = 0.01
_UNPITCHED_WORDS = frozenset({"unpitched", "none", "n", "-1"})
_MAX_TABLE_BYTES = 256 << 20
_WHOLE_NUMBER = re.compile(r"([0-9]+)\.0*")


class Folder(Adapter):
    """Adapter for a folder of one's own."""

    name: ClassVar[str] = "folder"
    title: ClassVar[str] = "A folder of one's own"
    licence: ClassVar[str] = "Not stated"
    credits: ClassVar[str] = "Not stated"

    def recordings(self, source: Path) -> list[Recording]:
        """All recordings of the table, or of the folder if there is no table; see `Adapter.recordings`.

        Raises:
            InputError: If the folder has no audio, more than one table, or a table that cannot be read.
        """
        tables = [source / name for name in TABLE_NAMES if (source / name).is_file()]
        if len(tables) > 1:
            raise InputError(f"{source} has {' and '.join(path.name for path in tables)}: keep one of them")
        files = audio_names(source)
        if not files:
            raise InputError(f"there is no audio in {source}: WAV, FLAC, MP3, OGG, AIFF and others are read")
        if not tables:
            return _from_paths([PurePosixPath(name) for name in files], source)
        return _from_table(tables[0], files, source)

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its table; without one any audio will do, if no library claims it."""
        tables = sorted(found.tables & set(TABLE_NAMES))
        if tables:
            return 1.0, f"it has a table {tables[0]}"
        return _ANY_AUDIO, f"{len(found.names)} audio files in no library's manner"


def _from_paths(paths: Iterable[PurePosixPath], source: Path) -> list[Recording]:
    """Recordings described by their folders and their names, a folder's names together."""
    folders: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
    for path in paths:
        folders[path.parent].append(path)
    recordings = []
    for folder, members in folders.items():
        instrument = "-".join(_as_label(part) for part in telling_folders(folder.parts, source))
        notes = read_folder(path.stem for path in members)
        for path in members:
            note, labels = notes[path.stem], {"instrument": instrument}
            recordings.append(
                Recording(
                    path.as_posix(), note.midi_pitch, labels, readings=note.readings, read_as=note.read_as
                )
            )
    return sorted(recordings, key=lambda recording: recording.id)


def _from_table(table: Path, files: list[str], source: Path) -> list[Recording]:
    """The recordings of a table; audio that the table leaves out is among them, to be skipped."""
    known = set(files)
    recordings: dict[str, Recording] = {}
    rows = list(_rows(table))
    style = style_of(row[name] for _, row in rows for name in _PITCH_COLUMNS if name in row)
    for number, row in rows:
        if "file" not in row:
            raise InputError(
                f"{table.name}, row {number}: no column `file`: it has {', '.join(row) or 'none'}"
            )
        file = row.pop("file").strip()
        if not file:
            raise InputError(f"{table.name}, row {number}: the column `file` is empty")
        id_ = _relative(Path(file.replace("\\", "/")), source)
        if id_ in recordings:
            raise InputError(f"{table.name}, row {number}: {id_} has a row already")
        if id_ not in known:
            skip = Skip(id_, SkipReason.UNREADABLE, f"named by {table.name}, but not in the folder")
            recordings[id_] = Recording(id_, skip=skip)
            continue
        recordings[id_] = _from_row(id_, row, style)
    if not recordings:
        raise InputError(f"{table.name} has no rows: write one for each file, or take the table away")
    for id_ in known - recordings.keys():
        recordings[id_] = Recording(id_, skip=Skip(id_, SkipReason.TAG, f"no row in {table.name}"))
    return [recordings[id_] for id_ in sorted(recordings)]


def _relative(file: Path, source: Path) -> str:
    """A file of a table as recordings are named; a whole path into the folder is one too."""
    if file.is_absolute():
        for folder in (source.absolute(), source.resolve()):
            if file.is_relative_to(folder):
                return file.relative_to(folder).as_posix()
    return file.as_posix()


def _from_row(id_: str, row: Mapping[str, str], style: Style) -> Recording:
    """A recording described by a row."""
    labels = {
        name: _as_label(value) for name, value in row.items() if name not in _PITCH_COLUMNS and value.strip()
    }
    said = {name: row[name].strip() for name in _PITCH_COLUMNS if row.get(name, "").strip()}
    try:
        pitches = {_pitch(text, style) for text in said.values()}
    except InputError as error:
        return not_understood(id_, str(error))
    if len(pitches) > 1:
        return not_understood(
            id_, "its " + ", but its ".join(f"{name} is {text}" for name, text in said.items())
        )
    return Recording(id_, pitches.pop() if pitches else None, labels)


def _pitch(text: str, style: Style) -> int:
    """The note of a cell; a column of numbers that has gaps is often written with decimals."""
    if text.lower() in _UNPITCHED_WORDS:
        return UNPITCHED
    spelled = note_of(text, style)
    if spelled is not None:
        return spelled.midi_pitch
    number = _WHOLE_NUMBER.fullmatch(text)
    return parse_pitch(number[1] if number else text)


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table, with their numbers in the file."""
    if table.stat().st_size > _MAX_TABLE_BYTES:
        raise InputError(f"{table.name} is larger than {_MAX_TABLE_BYTES >> 20} MB: split the folder")
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{table.name} is not UTF-8 text: save it as UTF-8") from error
    yield from _json_rows(table.name, text) if table.suffix == ".jsonl" else _separated_rows(table, text)


def _separated_rows(table: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.partition("\n")[0]
    delimiter = "\t" if table.suffix == ".tsv" else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [_as_label(name) for name in next(reader, [])]
        _require_names(table.name, names)
        for row in reader:
            if not row:
                continue
            if len(row) != len(names):
                raise InputError(
                    f"{table.name}, row {reader.line_num}: not as many fields as the first line has"
                )
            if any(value.strip() for name, value in zip(names, row, strict=True) if not name):
                raise InputError(f"{table.name}, row {reader.line_num}: a value in a column without a name")
            yield reader.line_num, {name: value for name, value in zip(names, row, strict=True) if name}
    except csv.Error as error:
        raise InputError(f"{table.name}, row {reader.line_num}: {error}") from error


def _require_names(table: str, names: list[str]) -> None:
    require_labels(table, "column", names)
    for name in names:
        if name and names.count(name) > 1:
            raise InputError(f"{table} has two columns `{name}`: rename one of them")


def _json_rows(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{name}, row {number}: not JSON") from error
        if not isinstance(row, dict) or any(isinstance(value, (dict, list)) for value in row.values()):
            raise InputError(f"{name}, row {number}: a row is an object of plain values")
        yield number, {_as_label(key): "" if value is None else str(value) for key, value in row.items()}


def _as_label(text: str) -> str:
    """A name as labels are written: lower case, words joined by hyphens; the columns' underscores stay."""
    return re.sub(r"\s+", "-", text.strip().lower())
