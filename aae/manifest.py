"""`manifest.jsonl`: what the files of a rendered folder are, a row a file."""

import contextlib
import json
from collections.abc import Mapping, Sequence
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


def append_row(directory: Path, row: Mapping[str, Any]) -> None:
    """Adds a row to a folder's manifest."""
    with (directory / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(json.dumps(row) + "\n")


def write_manifest(directory: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a folder's manifest anew, whole or not at all."""
    with atomic_path(directory / MANIFEST) as partial:
        partial.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
