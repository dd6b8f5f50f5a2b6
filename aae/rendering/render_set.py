"""Batch rendering: a plan of notes becomes WAV files and `manifest.jsonl`, a row a file.

Rendering can be interrupted at any instant and continued with the same plan: files appear whole or not at
all, and whole ones are kept. What a sampler loads is written last, from the manifest alone.
"""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aae.rendering.file_names import description_of
from aae.rendering.manifest import append_row, finished_rows, open_folder, write_manifest
from aae.rendering.note_file import NoteFile
from aae.rendering.note_task import NoteRenderer, NoteTask
from aae.rendering.plan import RenderPlan
from aae.rendering.samplers.export import instrument_files, write_instruments
from mcnn.atomic import atomic_path


@dataclass(frozen=True)
class NoteReady:
    """A file is there.

    Attributes:
        row: Its row of the manifest.
        done: Files that are there by now.
        total: Files of the plan.
        kept: Whether it was there before.
    """

    row: Mapping[str, Any]
    done: int
    total: int
    kept: bool


def render_notes(
    plan: RenderPlan, directory: Path, open_renderer: Callable[[int], NoteRenderer]
) -> Generator[NoteReady, None, None]:
    """Makes the files of a plan that are not there yet, in its order, and yields each that is there.

    Args:
        plan: What to make.
        directory: Where to; made if missing.
        open_renderer: Gives who makes so many notes, with the model that the plan was made for; called only
            if there is a note to make.

    Raises:
        InputError: If the folder cannot be written, or holds files of another set.
        OSError: If the disk is full or fails; what is whole stays, and the same call continues.
    """
    finished = _rows_there(plan, directory)
    planned = plan.rows
    tasks = [
        NoteTask(note.request, plan.model_rate, plan.output, description_of(planned[note.file]))
        for note in plan.notes
        if note.file not in finished
    ]
    renderer = open_renderer(len(tasks)) if tasks else None
    open_folder(directory, finished)
    with closing(renderer.make(tasks) if renderer else _no_files()) as made:
        for done, file in enumerate(planned, start=1):
            kept = file in finished
            if not kept:
                finished[file] = _write_note(directory, planned[file], next(made))
            yield NoteReady(finished[file], done, len(planned), kept)
    rows = [finished[file] for file in planned]
    write_manifest(directory, rows)
    write_instruments(directory, rows)


def _no_files() -> Generator[NoteFile, None, None]:
    yield from ()


def _rows_there(plan: RenderPlan, directory: Path) -> dict[str, dict[str, Any]]:
    """Manifest rows, by file, of the plan's files that are there already.

    Raises:
        InputError: If the folder holds files of another set.
    """
    rows = plan.rows
    return finished_rows(directory, [*rows, *instrument_files(list(rows.values()))], rows.get)


def _write_note(directory: Path, planned: Mapping[str, Any], made: NoteFile) -> dict[str, Any]:
    """Writes the WAV, then its row."""
    row = dict(planned) | made.facts
    path = directory / row["file"]
    try:
        with atomic_path(path) as partial:
            partial.write_bytes(made.data)
        append_row(directory, row)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OSError(error.errno, f"{reason}; the notes before it are whole", str(path)) from error
    return row
