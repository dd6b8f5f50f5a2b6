"""Transforming files: one after another, each whole or not at all, continued by the same call.

A file that cannot be used is said and left out; the others go on. What was made before is kept if its sound,
the model and all settings are the same.
"""

import functools
import itertools
import json
import math
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aae.analysis.recording_file import RecordingFacts, read_blocks
from aae.model.coverage import strongest_labels
from aae.rendering.manifest import (
    append_row,
    file_digest,
    finished_rows,
    open_folder,
    write_manifest,
)
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.audio_file import SoundWriter, examine
from aae.transform.note_analysis import NoteAnalyser
from aae.transform.phrase import NoteFacts, remake_phrase
from aae.transform.plan import PlannedSound, TransformSettings
from aae.transform.resynthesis import Resynthesizer
from aae.transform.segments import MAX_NOTE_S, Segment, listen
from aae.transform.source_style import infer_source
from mcnn.atomic import atomic_path
from mcnn.errors import InputError

_COLUMNS = ("file", "source", "midi_pitch", "duration_s", "notes", "latent", "seed", "trained")
"""Columns that an attribute of the same name does not replace."""
_STRETCHES_TO_KNOW_IT = 6
"""A sound without a note in its first two minutes is taken for noise."""


@dataclass(frozen=True)
class SoundReady:
    """A file is there.

    Attributes:
        row: Its row of the manifest.
        done: Files of the plan that are dealt with.
        total: Files of the plan.
        kept: Whether it was there before.
    """

    row: Mapping[str, Any]
    done: int
    total: int
    kept: bool


@dataclass(frozen=True)
class SoundRefused:
    """A file that could not be used.

    Attributes:
        source: Its name.
        reason: Why, in one line.
        done: Files of the plan that are dealt with.
        total: Files of the plan.
    """

    source: str
    reason: str
    done: int
    total: int


@dataclass(frozen=True)
class SoundProgress:
    """Part of a file is made.

    Attributes:
        source: Its name.
        made_s: How much of it.
        duration_s: Of how much.
        done: Files of the plan that are dealt with.
        total: Files of the plan.
    """

    source: str
    made_s: float
    duration_s: float
    done: int
    total: int


def transform_files(
    open_synthesizer: Callable[[], Synthesizer],
    model_path: Path,
    planned: Sequence[PlannedSound],
    settings: TransformSettings,
    directory: Path,
) -> Generator[SoundReady | SoundRefused | SoundProgress, None, None]:
    """Makes the files of a plan that are not there yet and yields what becomes of each.

    Args:
        open_synthesizer: Opens the model; called once, and only if there is a file to make.
        model_path: The model file.
        planned: What to make.
        settings: What it was planned with.
        directory: Where to; made if missing.

    Raises:
        InputError: If the folder cannot be written or holds files of another set.
        OSError: If the disk is full or fails; what is whole stays, and the same call continues.
    """
    common = settings.facts() | {"model": model_path.name, "model_sha256": file_digest(model_path)}
    finished = _finished_rows(planned, common, directory)
    is_whole = all(sound.file in finished for sound in planned)
    worker = None if is_whole else _TransformWorker(open_synthesizer(), settings)
    open_folder(directory, finished)
    refused: set[str] = set()
    for done, sound in enumerate(planned, start=1):
        name = sound.source.name
        if worker is None or sound.file in finished:
            yield SoundReady(finished[sound.file], done, len(planned), True)
            continue
        if name in refused:
            continue
        try:
            for made in _write_sound(worker, sound, common, directory):
                if isinstance(made, dict):
                    finished[sound.file] = made
                    yield SoundReady(made, done, len(planned), False)
                else:
                    yield SoundProgress(name, made, worker.facts(sound).duration_s, done - 1, len(planned))
        except InputError as error:
            refused.add(name)
            yield SoundRefused(name, str(error), done, len(planned))
    write_manifest(directory, [finished[s.file] for s in planned if s.file in finished])


class _TransformWorker:
    """Transforms one sound after another; facts of the last one are kept."""

    def __init__(self, synthesizer: Synthesizer, settings: TransformSettings) -> None:
        self.synthesizer = synthesizer
        self.settings = settings
        self._meter = NoteAnalyser(synthesizer)
        self._known: tuple[Path, RecordingFacts, str] | None = None
        self._labels: dict[Path, dict[str, str]] = {}

    def facts(self, sound: PlannedSound) -> RecordingFacts:
        """Length, channels, rate and peak of a sound's file."""
        return self._of(sound)[1]

    def digest(self, sound: PlannedSound) -> str:
        """SHA-256 of a sound's file."""
        return self._of(sound)[2]

    def _of(self, sound: PlannedSound) -> tuple[Path, RecordingFacts, str]:
        path = sound.source.path
        if self._known is None or self._known[0] != path:
            self._known = (path, examine(path), file_digest(path))
            self._labels.clear()
        return self._known

    def stretches(self, sound: PlannedSound) -> Iterator[Segment]:
        """A sound as it is heard.

        Raises:
            InputError: If it is said to be one note and is too long for that.
        """
        facts, settings = self.facts(sound), self.settings
        if settings.taken_as == "note" and facts.duration_s > MAX_NOTE_S:
            raise InputError(
                f"{sound.source.path}: {facts.duration_s:.0f} s is no single note "
                f"(up to {MAX_NOTE_S:g} s): give --as phrase"
            )
        blocks = read_blocks(sound.source.path, facts, self._meter.config.sample_rate, with_side=True)
        loudest_db = 20.0 * math.log10(facts.peak)
        return listen(blocks, self._meter, loudest_db, settings.taken_as)

    def remaker(self, sound: PlannedSound, heard: Sequence[Segment]) -> Resynthesizer:
        """Makes a sound's notes; its own labels are inferred once."""
        path = sound.source.path
        if path not in self._labels:
            notes = [note for stretch in heard for note in stretch.notes]
            self._labels[path] = infer_source(self.synthesizer, notes, sound.changes.source)
        return Resynthesizer(self.synthesizer, sound.changes, self._labels[path])

    def labels(self, sound: PlannedSound) -> dict[str, str]:
        """The labels that were inferred for a sound."""
        return self._labels[sound.source.path]


def _write_sound(
    worker: _TransformWorker, sound: PlannedSound, common: Mapping[str, Any], directory: Path
) -> Iterator[float | dict[str, Any]]:
    """Writes a file and its row; yields the seconds made so far and at last the row."""
    facts, settings = worker.facts(sound), worker.settings
    stretches = worker.stretches(sound)
    heard = list(_until_known(stretches))
    if settings.notes and sum(len(stretch.notes) for stretch in heard) > 1:
        raise InputError(
            f"{sound.source.path}: has several notes, and --notes is for single ones: give --transpose, "
            "or --as note if it is one"
        )
    if not any(stretch.notes for stretch in heard):
        raise InputError(f"{sound.source.path}: nothing in it is loud enough to be a note")
    remaker = worker.remaker(sound, heard)
    model_rate = remaker.config.sample_rate
    out_rate = settings.sample_rate or (model_rate if settings.sample_rate is None else facts.sample_rate)
    n_samples = max(1, round(facts.n_samples * out_rate / facts.sample_rate))
    channels = 2 if settings.stereo and facts.channels == 2 else 1
    notes: list[NoteFacts] = []
    path = directory / sound.file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_path(path) as partial,
            SoundWriter(partial, model_rate, out_rate, channels, n_samples) as writer,
        ):
            made = 0
            for part in remake_phrase(itertools.chain(heard, stretches), remaker, stereo=channels == 2):
                writer.write(part.block)
                notes += part.notes
                made += len(part.block)
                yield made / model_rate
            writer.write(np.zeros((0, channels), np.float32), last=True)
        row = _row(worker, sound, remaker, common, notes, out_rate, n_samples)
        append_row(directory, row)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OSError(error.errno, f"{reason}; the files before it are whole", str(path)) from error
    yield row


def _until_known(stretches: Iterator[Segment]) -> Iterator[Segment]:
    """The beginning of a sound, up to its first note with a pitch."""
    for stretch in itertools.islice(stretches, _STRETCHES_TO_KNOW_IT):
        yield stretch
        if any(note.midi_pitch is not None for note in stretch.notes):
            return


def _row(
    worker: _TransformWorker,
    sound: PlannedSound,
    remaker: Resynthesizer,
    common: Mapping[str, Any],
    notes: Sequence[NoteFacts],
    sample_rate: int,
    n_samples: int,
) -> dict[str, Any]:
    """A file's row of the manifest."""
    only = notes[0] if len(notes) == 1 else None
    labels = {k: v for k, v in strongest_labels(remaker.mix).items() if k not in _COLUMNS}
    return (
        {"file": sound.file, "source": sound.source.name, "midi_pitch": only.midi_pitch if only else None}
        | labels
        | {
            "mix": {name: dict(weights) for name, weights in remaker.mix.items()},
            "source_labels": worker.labels(sound),
            "latent": list(only.latent) if only else None,
            "sample_rate": sample_rate,
            "duration_s": round(n_samples / sample_rate, 6),
            "trained": all(note.trained for note in notes),
            "unpitched_notes": sum(note.played_pitch is None for note in notes),
            "notes": [asdict(note) | {"latent": [round(x, 4) for x in note.latent]} for note in notes],
            "source_sha256": worker.digest(sound),
        }
        | sound.facts()
        | dict(common)
    )


def _finished_rows(
    planned: Sequence[PlannedSound], common: Mapping[str, Any], directory: Path
) -> dict[str, dict[str, Any]]:
    """Rows, by file, of the plan's files that are there already.

    Raises:
        InputError: If the folder holds files of another set.
    """
    sounds = {sound.file: sound for sound in planned}
    digest = functools.cache(file_digest)

    def expected(file: str) -> dict[str, Any] | None:
        if (sound := sounds.get(file)) is None:
            return None
        origin = {"source": sound.source.name, "source_sha256": digest(sound.source.path)}
        row: dict[str, Any] = json.loads(json.dumps(origin | sound.facts() | dict(common)))
        return row

    return finished_rows(directory, sounds, expected)
