"""Batch rendering: a plan of notes becomes WAV files and `manifest.jsonl`, a row a file.

Rendering can be interrupted at any instant and continued with the same plan: files appear whole or not at
all, and whole ones are kept. What a sampler loads is written last, from the manifest alone.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aae.rendering.file_names import description_of
from aae.rendering.manifest import (
    MANIFEST,
    append_row,
    open_folder,
    read_manifest,
    require_same,
    write_manifest,
)
from aae.rendering.note_file import NoteFile
from aae.rendering.note_renderers import NoteRenderer, NoteTask, SerialRenderer
from aae.rendering.plan import (
    NEARBY,
    PlannedNote,
    RenderJob,
    RenderPlan,
    plan_jobs,
    plan_notes,
)
from aae.rendering.samplers.export import instrument_files, write_instruments
from aae.synthesis.synthesizer import Synthesizer
from mcnn.atomic import atomic_path
from mcnn.errors import InputError


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
    synthesizer: Synthesizer, plan: RenderPlan, directory: Path, maker: NoteRenderer | None = None
) -> Generator[NoteReady, None, None]:
    """Makes the files of a plan that are not there yet, in its order, and yields each that is there.

    Args:
        synthesizer: The model the plan was made with.
        plan: What to make.
        directory: Where to; made if missing.
        maker: Who makes the notes; the synthesizer itself, one after the other, if not given.

    Raises:
        InputError: If the folder cannot be written, or holds files of another set.
        OSError: If the disk is full or fails; what is whole stays, and the same call continues.
    """
    finished = finished_rows(plan, directory)
    open_folder(directory, finished)
    tasks = [
        NoteTask(note.request, plan.model_rate, plan.output, description_of(plan.row(note)))
        for note in plan.notes
        if note.file not in finished
    ]
    with closing((maker or SerialRenderer(synthesizer)).make(tasks)) as made:
        for done, note in enumerate(plan.notes, start=1):
            kept = note.file in finished
            if not kept:
                finished[note.file] = _write_note(directory, plan.row(note), next(made))
            yield NoteReady(finished[note.file], done, len(plan.notes), kept)
    rows = [finished[note.file] for note in plan.notes]
    write_manifest(directory, rows)
    write_instruments(directory, rows)


def finished_rows(plan: RenderPlan, directory: Path) -> dict[str, dict[str, Any]]:
    """Manifest rows, by file, of the plan's files that are there already.

    Raises:
        InputError: If the folder holds files of another set.
    """
    planned = {note.file: plan.row(note) for note in plan.notes}
    if not (directory / MANIFEST).exists():
        named = [*planned, *instrument_files(list(planned.values()))]
        foreign = next((file for file in named if (directory / file).exists()), None)
        if foreign:
            raise InputError(f"{directory} holds a {foreign} but no {MANIFEST}: give another folder")
        return {}
    rows: dict[str, dict[str, Any]] = {}
    for row in read_manifest(directory):
        file = str(row.get("file"))
        require_same(directory, file, row, planned.get(file))
        if (directory / file).is_file():
            rows[file] = row
    return rows


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


__all__ = [
    "MANIFEST",
    "NEARBY",
    "NoteReady",
    "PlannedNote",
    "RenderJob",
    "RenderPlan",
    "finished_rows",
    "plan_jobs",
    "plan_notes",
    "read_manifest",
    "render_notes",
]
