"""The plan of a rendered set, complete before anything is written: every file's name, mix, latent, seed."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from aae.model.conditioning import Mix, Vocabulary
from aae.model.coverage import strongest_labels
from aae.model.model_info import ModelInfo
from aae.rendering.file_names import PresetNames, note_file_names, telling_attributes
from aae.rendering.manifest import file_digest
from aae.rendering.output import OutputSettings
from aae.synthesis.request import NoteRequest
from mcnn.errors import InputError

NEARBY = 0.25
"""Distance of further variations from a given latent, in standard deviations of the prior."""
_MEASURED_OR_NAMED = (
    "file", "midi_pitch", "duration_s", "tuning_cents", "loudness_lufs", "gain_db", "held_back_db", "loop",
)  # fmt: skip
"""Columns that an attribute of the same name does not replace."""


@dataclass(frozen=True)
class RenderJob:
    """Notes that are asked for together.

    Attributes:
        mixes: Attributes not given are completed by the model.
        midi_pitches: MIDI numbers; None for an unpitched sound.
        n_variations: Files per mix and pitch.
        latent: Point of the latent space of the first variation; the further ones then lie near it.
        seed: Every draw follows from it.
        name: What its files and its instrument are called; the sound's own name if not given.
    """

    mixes: Sequence[Mix]
    midi_pitches: Sequence[int | None]
    n_variations: int = 1
    latent: Sequence[float] | None = None
    seed: int = 0
    name: str | None = None


@dataclass(frozen=True)
class PlannedNote:
    """One file to be.

    Attributes:
        file: Its name.
        request: What the synthesizer is asked for; its mix is complete.
        trained: Whether the training data had this note of this combination.
        preset: Name of the instrument that it belongs to.
        variation: Which of the sounds of the same note it is, from 1.
    """

    file: str
    request: NoteRequest
    trained: bool
    preset: str = ""
    variation: int = 1


@dataclass(frozen=True)
class RenderPlan:
    """All that decides what the files will hold.

    Attributes:
        notes: The files in the order they are made.
        inverter: Name of the way back from spectrogram to sound.
        model_rate: Samples per second of the model's own sound.
        model: The model file's name.
        model_sha256: Its digest.
        output: How the files are written.
    """

    notes: tuple[PlannedNote, ...]
    inverter: str
    model_rate: int
    model: str
    model_sha256: str
    output: OutputSettings = field(default_factory=OutputSettings)

    @property
    def sample_rate(self) -> int:
        """Samples per second of the files."""
        return self.output.sample_rate or self.model_rate

    @functools.cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Rows of the manifest, by file and in order: all but what only rendering tells (`NoteFile`)."""
        return {note.file: self._row(note) for note in self.notes}

    def _row(self, note: PlannedNote) -> dict[str, Any]:
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
            "preset": note.preset,
            "variation": note.variation,
            "model": self.model,
            "model_sha256": self.model_sha256,
        }
        return {"file": note.file, "midi_pitch": request.midi_pitch} | strongest | facts | self.output.facts()


def plan_jobs(
    info: ModelInfo,
    model_path: Path,
    jobs: Sequence[RenderJob],
    *,
    inverter: str = "griffin-lim",
    output: OutputSettings | None = None,
) -> RenderPlan:
    """Settles every file of a set.

    Variation `i` (from 0) of a job has seed `seed + i` and the latent that this seed draws, the same for all
    its notes, so that the notes of one variation sound like one instrument. The variations of a sampler's
    instrument are its round robins: they lie near the first.

    Args:
        info: What the model file says of itself; its weights are not needed.
        model_path: The model file.
        jobs: What is asked for; each at every pitch in every mix and variation.
        inverter: Name of the inverter.
        output: How the files are written; plain WAV files if not given.

    Raises:
        InputError: For words, weights, notes or latents that the model cannot take.
    """
    output = output or OutputSettings()
    if output.format != "wav":
        jobs = [_as_round_robins(info, job) for job in jobs]
    used: set[str] = set()
    unnamed = telling_attributes([mix for job in jobs if not job.name for mix in job.mixes])
    presets = PresetNames(list(info.vocabularies))
    notes = [note for job in jobs for note in _job_notes(info, job, used, presets, unnamed)]
    model_rate = info.spectrogram.sample_rate
    digest = file_digest(model_path)
    return RenderPlan(tuple(notes), inverter, model_rate, model_path.name, digest, output)


def _as_round_robins(info: ModelInfo, job: RenderJob) -> RenderJob:
    """The same job around the point of its first variation."""
    if job.latent is not None:
        return job
    return replace(job, latent=info.random_latent(job.seed))


def _job_notes(
    info: ModelInfo, job: RenderJob, used: set[str], presets: PresetNames, unnamed: set[str]
) -> list[PlannedNote]:
    """The notes of a job.

    Args:
        info: What the model file says of itself.
        job: What is asked for.
        used: Names of files that are taken.
        presets: Names of instruments that are taken.
        unnamed: Attributes that tell apart the instruments of jobs without a name. Jobs of one name are one
            instrument.
    """
    telling = telling_attributes(job.mixes) if job.name else unnamed
    vocabulary = Vocabulary(info.vocabularies)
    for mix in job.mixes:
        vocabulary.encode(job.midi_pitches, [mix] * len(job.midi_pitches))
    _require_latent(job.latent, info.latent_size)
    latents = [_variation_latent(info, job, index) for index in range(job.n_variations)]
    attributes = list(info.vocabularies)
    completed = [info.complete(mix) for mix in job.mixes]
    names = iter(
        note_file_names(
            attributes, job.mixes, completed, job.midi_pitches, job.n_variations, name=job.name, used=used
        )
    )
    return [
        _planned_note(
            info,
            next(names),
            NoteRequest(midi_pitch, full, latents[index], job.seed + index),
            presets.name(asked, full, telling, job.name),
            index + 1,
        )
        for asked, full in zip(job.mixes, completed, strict=True)
        for midi_pitch in job.midi_pitches
        for index in range(job.n_variations)
    ]


def _planned_note(
    info: ModelInfo, file: str, request: NoteRequest, preset: str, variation: int
) -> PlannedNote:
    trained = info.coverage.is_trained(request.midi_pitch, request.mix)
    return PlannedNote(file, request, trained, preset, variation)


def _require_latent(latent: Sequence[float] | None, size: int) -> None:
    if latent is not None and (len(latent) != size or not np.isfinite(latent).all()):
        raise InputError(
            f"a latent of this model is {size} finite numbers, given {','.join(map(str, latent))}"
        )


def _variation_latent(info: ModelInfo, job: RenderJob, index: int) -> tuple[float, ...]:
    drawn = info.random_latent(job.seed + index)
    if job.latent is None:
        return drawn
    step = NEARBY if index else 0.0
    return tuple(float(centre) + step * offset for centre, offset in zip(job.latent, drawn, strict=True))
