"""`manifest.jsonl`: what the files of a rendered folder are, a row a file."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mcnn.atomic import atomic_path
from mcnn.errors import InputError

MANIFEST = "manifest.jsonl"


def read_manifest(directory: Path) -> list[dict[str, Any]]:
    """The rows of a folder's manifest; a last line that was cut off while being written does not count.

    Raises:
        InputError: If the manifest is missing or not of this kind.
    """
    return read_rows(directory / MANIFEST)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a manifest of any name.

    Raises:
        InputError: If it is missing or not of this kind.
    """
    try:
        *lines, last = path.read_text("utf-8").split("\n")
        rows = [json.loads(line) for line in lines]
        with contextlib.suppress(ValueError):
            rows += [json.loads(last)] if last else []
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as a manifest of rendered notes: {error}") from None
    if not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} is not a manifest of rendered notes")
    return rows


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def append_row(directory: Path, row: Mapping[str, Any]) -> None:
    """Adds a row to a folder's manifest."""
    with (directory / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(json.dumps(row) + "\n")


def write_manifest(directory: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a folder's manifest anew, whole or not at all."""
    with atomic_path(directory / MANIFEST) as partial:
        partial.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def open_folder(directory: Path, finished: Mapping[str, Mapping[str, Any]]) -> None:
    """Makes a folder ready for a set: what an interruption left half-written goes, finished rows stay.

    Args:
        directory: The folder; made if it is missing.
        finished: Rows of the files that are whole.

    Raises:
        InputError: If it cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.rglob(".*.partial"):
            leftover.unlink()
        write_manifest(directory, list(finished.values()))
    except OSError as error:
        reason = "it is a file" if directory.is_file() else error.strerror
        raise InputError(
            f"cannot write to {directory} ({reason}): give a folder that can be written"
        ) from None


def finished_rows(
    directory: Path, planned: Iterable[str], expected: Callable[[str], Mapping[str, Any] | None]
) -> dict[str, dict[str, Any]]:
    """Manifest rows, by file, of a plan's files that are in a folder already.

    Args:
        directory: The folder; it may be missing.
        planned: Names of all files that the plan will write, the manifest aside.
        expected: What the row of a file must say; None for a file that is not planned.

    Raises:
        InputError: If the folder holds files of another set.
    """
    if not (directory / MANIFEST).exists():
        foreign = next((file for file in planned if (directory / file).exists()), None)
        if foreign:
            raise InputError(f"{directory} holds a {foreign} but no {MANIFEST}: give another folder")
        return {}
    rows: dict[str, dict[str, Any]] = {}
    for row in read_manifest(directory):
        file = str(row.get("file"))
        _require_same(directory, file, row, expected(file))
        if (directory / file).is_file():
            rows[file] = row
    return rows


def _require_same(
    directory: Path, file: str, row: Mapping[str, Any], planned: Mapping[str, Any] | None
) -> None:
    """Refuses a folder whose manifest has a row that a plan has not.

    Args:
        directory: The folder.
        file: What the row is of.
        row: The row.
        planned: What it should say; None if the file is not planned.

    Raises:
        InputError: Saying in what they differ.
    """
    if planned is None:
        raise InputError(
            f"{directory} holds another set ({file} is not part of this one): give another folder"
        )
    for key, value in planned.items():
        if row.get(key) != value:
            if key.startswith("model"):
                difference = "was made by another model"
            elif key == "source_sha256":
                difference = "was made of another recording"
            else:
                difference = f"there has {key} {row.get(key)}, here {value}"
            raise InputError(f"{directory} holds another set ({file} {difference}): give another folder")
