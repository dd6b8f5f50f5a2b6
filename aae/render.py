"""Batch rendering: a plan of notes becomes WAV files and `manifest.jsonl`, a row a file.

A plan is settled before anything is written: every file's name, mix, latent and seed. Rendering it can be
interrupted at any instant and continued with the same plan: files appear whole or not at all, and whole ones
are kept.
"""

import hashlib
import io
import json
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from aae.conditioning import Mix, Vocabulary
from aae.file_names import note_file_names
from aae.synthesizer import NoteRequest, Synthesizer, strongest_labels
from mcnn.atomic import atomic_path
from mcnn.errors import InputError

MANIFEST = "manifest.jsonl"
_MEASURED_OR_NAMED = ("file", "midi_pitch", "duration_s")
"""Columns that an attribute of the same name does not replace."""
NEARBY = 0.25
"""How far, in standard deviations of the prior, the further variations of a given latent lie from it."""


@dataclass(frozen=True)
class PlannedNote:
    """One file to be.

    Attributes:
        file: Its name.
        request: What the synthesizer is asked for; its mix is complete.
        trained: Whether the training data had this note of this combination.
    """

    file: str
    request: NoteRequest
    trained: bool


@dataclass(frozen=True)
class RenderPlan:
    """All that decides what the files will hold.

    Attributes:
        notes: The files in the order they are made.
        inverter: Name of the way back from spectrogram to sound.
        sample_rate: Samples per second.
        model: The model file's name.
        model_sha256: Its digest.
    """

    notes: tuple[PlannedNote, ...]
    inverter: str
    sample_rate: int
    model: str
    model_sha256: str

    def row(self, note: PlannedNote) -> dict[str, Any]:
        """The note's row of the manifest, all but `duration_s`, which only rendering tells."""
        request = note.request
        strongest = {
            name: label
            for name, label in strongest_labels(request.mix).items()
            if name not in _MEASURED_OR_NAMED
        }
        facts = {
            "mix": {name: dict(mix) for name, mix in request.mix.items()},
            "latent": list(request.latent),
            "seed": request.seed,
            "inverter": self.inverter,
            "sample_rate": self.sample_rate,
            "trained": note.trained,
            "model": self.model,
            "model_sha256": self.model_sha256,
        }
        return {"file": note.file, "midi_pitch": request.midi_pitch} | strongest | facts


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


def plan_notes(
    synthesizer: Synthesizer,
    model_path: Path,
    mixes: Sequence[Mix],
    midi_pitches: Sequence[int | None],
    *,
    n_variations: int = 1,
    latent: Sequence[float] | None = None,
    seed: int = 0,
    inverter: str = "griffin-lim",
) -> RenderPlan:
    """Settles every file of a set: each mix at each pitch in each variation.

    Variation `i` (from 0) has seed `seed + i` and the latent that this seed draws, the same for all notes, so
    that the notes of one variation sound like one instrument.

    Args:
        synthesizer: The opened model.
        model_path: The file it was opened from.
        mixes: Attributes not given are completed by the model.
        midi_pitches: MIDI numbers; None for an unpitched sound.
        n_variations: Files per mix and pitch.
        latent: Point of the latent space of the first variation; the further ones then lie near it.
        seed: Every draw follows from it.
        inverter: Name of the inverter the synthesizer was opened with.

    Raises:
        InputError: For words, weights, notes or latents that the model cannot take.
    """
    vocabulary = Vocabulary(synthesizer.info.vocabularies)
    for mix in mixes:
        vocabulary.encode(midi_pitches, [mix] * len(midi_pitches))
    size = synthesizer.info.latent_size
    if latent is not None and (len(latent) != size or not np.isfinite(latent).all()):
        raise InputError(
            f"a latent of this model is {size} finite numbers, given {','.join(map(str, latent))}"
        )
    latents = [_variation_latent(synthesizer, latent, seed, index) for index in range(n_variations)]
    completed = [synthesizer.complete(mix) for mix in mixes]
    requests = [
        NoteRequest(midi_pitch, mix, latents[index], seed + index)
        for mix in completed
        for midi_pitch in midi_pitches
        for index in range(n_variations)
    ]
    names = note_file_names(list(synthesizer.info.vocabularies), mixes, completed, midi_pitches, n_variations)
    notes = tuple(
        PlannedNote(name, request, synthesizer.is_trained(request.midi_pitch, request.mix))
        for name, request in zip(names, requests, strict=True)
    )
    with model_path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RenderPlan(notes, inverter, synthesizer.info.spectrogram.sample_rate, model_path.name, digest)


def render_notes(
    synthesizer: Synthesizer, plan: RenderPlan, directory: Path
) -> Generator[NoteReady, None, None]:
    """Makes the files of a plan that are not there yet, one after the other, and yields each that is there.

    Notes are rendered one at a time, so that a file's bytes never depend on where an earlier run stopped.

    Args:
        synthesizer: The model the plan was made with.
        plan: What to make.
        directory: Where to; made if missing.

    Raises:
        InputError: If the folder cannot be written, or holds files of another set.
        OSError: If the disk is full or fails; what is whole stays, and the same call continues.
    """
    finished = finished_rows(plan, directory)
    _open_directory(directory, finished)
    for done, note in enumerate(plan.notes, start=1):
        row = finished.get(note.file)
        kept = row is not None
        if row is None:
            (waveform,) = synthesizer.render([note.request])
            row = plan.row(note) | {"duration_s": round(len(waveform) / plan.sample_rate, 6)}
            _write_note(directory, row, waveform)
            finished[note.file] = row
        yield NoteReady(row, done, len(plan.notes), kept)
    _write_manifest(directory, [finished[note.file] for note in plan.notes])


def finished_rows(plan: RenderPlan, directory: Path) -> dict[str, dict[str, Any]]:
    """Manifest rows, by file, of the plan's files that are there already.

    Raises:
        InputError: If the folder holds files of another set.
    """
    manifest = directory / MANIFEST
    if not manifest.exists():
        foreign = next((note.file for note in plan.notes if (directory / note.file).exists()), None)
        if foreign:
            raise InputError(f"{directory} holds a {foreign} but no {MANIFEST}: give another folder")
        return {}
    planned = {note.file: plan.row(note) for note in plan.notes}
    rows: dict[str, dict[str, Any]] = {}
    for row in read_manifest(directory):
        file = str(row.get("file"))
        _require_same(directory, file, row, planned.get(file))
        if (directory / file).is_file():
            rows[file] = row
    return rows


def read_manifest(directory: Path) -> list[dict[str, Any]]:
    """The rows of a folder's manifest; a last line that was cut off while being written does not count.

    Raises:
        InputError: If the manifest is missing or not of this kind.
    """
    path = directory / MANIFEST
    try:
        *lines, _cut_off = path.read_text("utf-8").split("\n")
        rows = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a manifest of rendered notes: {error}") from None
    if not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} is not a manifest of rendered notes")
    return rows


def _variation_latent(
    synthesizer: Synthesizer, latent: Sequence[float] | None, seed: int, index: int
) -> tuple[float, ...]:
    drawn = synthesizer.random_latent(seed + index)
    if latent is None:
        return drawn
    step = NEARBY if index else 0.0
    return tuple(float(centre) + step * offset for centre, offset in zip(latent, drawn, strict=True))


def _require_same(
    directory: Path, file: str, row: Mapping[str, Any], planned: Mapping[str, Any] | None
) -> None:
    if planned is None:
        raise InputError(
            f"{directory} holds another set ({file} is not part of this one): give another folder"
        )
    for key, value in planned.items():
        if row.get(key) != value:
            difference = (
                "was made by another model"
                if key.startswith("model")
                else f"there has {key} {row.get(key)}, here {value}"
            )
            raise InputError(f"{directory} holds another set ({file} {difference}): give another folder")


def _open_directory(directory: Path, finished: Mapping[str, Mapping[str, Any]]) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(".*.partial"):
            leftover.unlink()
        _write_manifest(directory, list(finished.values()))
    except OSError as error:
        reason = "it is a file" if directory.is_file() else error.strerror
        raise InputError(
            f"cannot write to {directory} ({reason}): give a folder that can be written"
        ) from None


def _write_note(directory: Path, row: Mapping[str, Any], waveform: npt.NDArray[np.float32]) -> None:
    """Writes the WAV, then its row. Encoded in memory first: libsndfile does not say why a write failed."""
    encoded = io.BytesIO()
    soundfile.write(encoded, waveform, row["sample_rate"], subtype="PCM_24", format="WAV")
    path = directory / row["file"]
    try:
        with atomic_path(path) as partial:
            partial.write_bytes(encoded.getbuffer())
        with (directory / MANIFEST).open("a", encoding="utf-8") as manifest:
            manifest.write(json.dumps(row) + "\n")
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OSError(error.errno, f"{reason}; the notes before it are whole", str(path)) from error


def _write_manifest(directory: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with atomic_path(directory / MANIFEST) as partial:
        partial.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
