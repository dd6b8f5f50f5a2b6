"""The plan of a transformation, complete before anything is written: its files, their sources and changes."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from aae.analysis.recording_file import AUDIO_SUFFIXES
from aae.model.conditioning import MAX_MIDI_PITCH, MIN_MIDI_PITCH, Mix, Vocabulary
from aae.model.model_info import ModelInfo
from aae.notes.pitch_names import pitch_name
from aae.rendering.file_names import distinct_name, mix_part, note_part
from aae.rendering.output import MAX_RATE, MIN_RATE
from aae.rendering.plan import NEARBY
from aae.transform.changes import Changes, check_offset
from aae.transform.segments import TakenAs
from mcnn.errors import InputError


@dataclass(frozen=True)
class TransformSettings:
    """Settings that all sounds share.

    Attributes:
        mixes: Asked styles; each makes a file of its own.
        source: The sounds' own labels, as far as they are named.
        transpose: Semitones.
        notes: Notes to make of single ones; () keeps their own.
        latent_offset: Added to the encoder's latent.
        amount: 0 the original to 1 all of the change.
        n_variations: Files per style and note.
        seed: Every draw follows from it.
        inverter: Name of the way from spectrogram to sound.
        taken_as: Whether a file is one note, several, or to be found out.
        sample_rate: Of the files; None for the model's, 0 for each recording's own.
        stereo: Whether stereo stays stereo.
    """

    mixes: Sequence[Mix] = ({},)
    source: Mix = field(default_factory=dict)
    transpose: float = 0.0
    notes: tuple[int, ...] = ()
    latent_offset: tuple[float, ...] = ()
    amount: float = 1.0
    n_variations: int = 1
    seed: int = 0
    inverter: str = "griffin-lim"
    taken_as: TakenAs = "auto"
    sample_rate: int | None = None
    stereo: bool = True

    def facts(self) -> dict[str, Any]:
        """Columns of a manifest's row that are the same for all files."""
        return {
            "inverter": self.inverter,
            "taken_as": self.taken_as,
            "stereo": self.stereo,
            "asked_sample_rate": {None: "model", 0: "original"}.get(self.sample_rate, self.sample_rate),
        }


@dataclass(frozen=True)
class SoundSource:
    """A sound file to transform.

    Attributes:
        path: Where it is.
        name: What results call it: as given, or below the folder that was given.
        stem: Of the results' names; folders become folders.
    """

    path: Path
    name: str
    stem: str


@dataclass(frozen=True)
class PlannedSound:
    """One file to be.

    Attributes:
        file: Its name in the output folder, with forward slashes.
        source: What it is made of.
        changes: What becomes of it.
    """

    file: str
    source: SoundSource
    changes: Changes

    def facts(self) -> dict[str, Any]:
        """Columns of its row of the manifest that name the changes."""
        changes = asdict(self.changes)
        asked = {"asked_mix": _plain(changes.pop("mix")), "named_source": _plain(changes.pop("source"))}
        note = changes.pop("midi_pitch")
        return asked | {"note": note} | changes | {"latent_offset": list(self.changes.latent_offset)}


def find_sources(paths: Sequence[Path], out: Path) -> list[SoundSource]:
    """The sound files that are given, and those in the folders that are given, in order, each once.

    Args:
        paths: Files and folders.
        out: The folder for results; what lies in it is no source.

    Raises:
        InputError: If one does not exist, or a folder holds no sound files.
    """
    sources: dict[Path, SoundSource] = {}
    for path in paths:
        if path.is_dir():
            found = [p for p in sorted(path.rglob("*")) if _is_sound(p, path) and out not in p.parents]
            if not found:
                raise InputError(f"{path} holds no sound files ({', '.join(sorted(AUDIO_SUFFIXES))})")
            for file in found:
                below = file.relative_to(path)
                name = (path / below).as_posix()
                sources.setdefault(file.resolve(), SoundSource(file, name, below.with_suffix("").as_posix()))
        elif path.exists():
            sources.setdefault(path.resolve(), SoundSource(path, path.as_posix(), path.stem))
        else:
            raise InputError(f"there is no file or folder {path}")
    return list(sources.values())


def plan_sounds(
    info: ModelInfo, sources: Sequence[SoundSource], settings: TransformSettings
) -> list[PlannedSound]:
    """Settles every file: each sound in each style, on each note, in each variation.

    The first variation of a note is the encoder's own point; the others lie near it. Of the model only `info`
    is needed, not its weights.

    Raises:
        InputError: For words, weights, notes or numbers that the model cannot take.
    """
    check_settings(info, settings)
    used: set[str] = set()
    planned = []
    notes: Sequence[int | None] = settings.notes or (None,)
    for source, mix, note in itertools.product(sources, settings.mixes, notes):
        for index in range(settings.n_variations):
            changes = Changes(
                mix=mix,
                source=settings.source,
                transpose=settings.transpose,
                midi_pitch=note,
                latent_offset=settings.latent_offset,
                amount=settings.amount,
                seed=settings.seed + index,
            )
            if index:
                changes = replace(changes, latent_offset=_nearby(info, changes))
            stem = "_".join([source.stem, *_parts(settings, mix, note), f"v{index + 1}"])
            planned.append(PlannedSound(f"{distinct_name(stem, used)}.wav", source, changes))
    return planned


def check_settings(info: ModelInfo, settings: TransformSettings) -> None:
    """Refuses what the model cannot do, before anything is read.

    Raises:
        InputError: Naming what was given and what would be accepted.
    """
    for mix in (*settings.mixes, settings.source):
        Vocabulary(info.vocabularies).check(mix)
    check_offset(info, settings.latent_offset)
    for note in settings.notes:
        if not MIN_MIDI_PITCH <= note <= MAX_MIDI_PITCH:
            raise InputError(f"note {pitch_name(note)} is outside C0 to B8, which a model can make")
    rate = settings.sample_rate
    if rate and not MIN_RATE <= rate <= MAX_RATE:
        raise InputError(
            f"sample rate {rate}: give one from {MIN_RATE} to {MAX_RATE} Hz, 'model' or 'original'"
        )
    changes = any(settings.mixes) or settings.transpose or settings.notes or settings.latent_offset
    if not changes and settings.n_variations == 1 and settings.amount == 1.0:
        raise InputError(
            "nothing is asked to change: give a style (--instrument oboe), --transpose, --notes, "
            "--latent-offset, --variations or --amount"
        )


def _is_sound(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in AUDIO_SUFFIXES and path.is_file() and not hidden


def _nearby(info: ModelInfo, changes: Changes) -> tuple[float, ...]:
    drawn = np.array(info.random_latent(changes.seed))
    offset = np.array(changes.latent_offset or np.zeros(len(drawn)))
    return tuple(float(x) for x in offset + NEARBY * drawn)


def _parts(settings: TransformSettings, mix: Mix, note: int | None) -> list[str]:
    """Parts of a file's name that tell the changes."""
    parts = [mix_part(weights) for weights in mix.values() if weights]
    if note is not None:
        parts.append(note_part(note))
    elif settings.transpose:
        parts.append(f"{settings.transpose:+g}")
    if settings.amount != 1.0:
        parts.append(f"amount{settings.amount:g}")
    return parts


def _plain(mix: Mix) -> dict[str, dict[str, float]]:
    return {name: dict(weights) for name, weights in mix.items()}
