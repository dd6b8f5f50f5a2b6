"""The work of one worker: a few recordings in, one shard file of notes and outcomes out.

A shard appears whole or not at all, and its name tells what went into it. That is what makes a build
resumable: a shard that is there need not be made again, whoever made it and whenever.
"""

import functools
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aae.notes import UNPITCHED
from mcnn.atomic import atomic_path
from mcnn.config import SpectrogramConfig
from mcnn.spectrogram import Spectrogram

from .audio import SHORTEST_NOTE_S, UnreadableError, prepare, read_mono
from .base import Recording, Skip, SkipReason
from .pitch_check import Track, check_label, find_pitch, track

SHARD_VERSION = 6
"""Raised when the same recording would give another note, so that old shards are not taken for new ones."""


@dataclass(frozen=True)
class Task:
    """Recordings that one worker makes into one shard.

    Attributes:
        source: The library's folder.
        shard: The file to make.
        config: The front end.
        recordings: What to read; none with `skip` set.
        correct_pitch: Whether a wrong label is replaced by the measured note instead of being skipped.
        keep_unpitched: Whether a recording without a label that has no pitch either is kept as unpitched.
    """

    source: Path
    shard: Path
    config: SpectrogramConfig
    recordings: tuple[Recording, ...]
    correct_pitch: bool
    keep_unpitched: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one recording: a note of the shard, or a skip.

    Attributes:
        id: Its source path.
        digest: SHA-256 of the file's bytes, empty if it could not be read.
        skip: Why it is no note, as (reason, detail); None if it is one.
        midi_pitch: As in the bank.
        level_db: As in the bank.
        tuning_cents: As in the bank.
        n_frames: Frames of the note.
        n_samples: Samples of the note.
        corrected: The label it had and what was measured, if the label was replaced; otherwise empty.
    """

    id: str
    digest: str
    skip: tuple[SkipReason, str] | None = None
    midi_pitch: int = UNPITCHED
    level_db: float = 0.0
    tuning_cents: float = float("nan")
    n_frames: int = 0
    n_samples: int = 0
    corrected: str = ""


@dataclass(frozen=True)
class ShardNote:
    """The arrays of one note: as in `aae.notes.NoteData`."""

    outcome: Outcome
    waveform: npt.NDArray[np.float32]
    log_mel: npt.NDArray[np.float16]
    f0_cents: npt.NDArray[np.float16]


def make_shard(task: Task) -> Path:
    """Makes the shard of a task, unless it is there.

    Returns:
        The shard.
    """
    if task.shard.exists():
        return task.shard
    made = [_make_note(task, recording) for recording in task.recordings]
    notes = [note for note in made if isinstance(note, ShardNote)]
    outcomes = [note.outcome if isinstance(note, ShardNote) else note for note in made]
    n_mels = task.config.n_mels
    with atomic_path(task.shard) as partial, partial.open("wb") as file:
        np.savez(
            file,
            outcomes=np.frombuffer(json.dumps([asdict(outcome) for outcome in outcomes]).encode(), np.uint8),
            waveform=_joined([note.waveform for note in notes], np.float32, ()),
            log_mel=_joined([note.log_mel.T for note in notes], np.float16, (n_mels,)),
            f0_cents=_joined([note.f0_cents for note in notes], np.float16, ()),
        )
    return task.shard


def read_outcomes(shard: Path) -> list[Outcome]:
    """What became of a shard's recordings, without reading its arrays.

    Raises:
        OSError: If the shard is damaged.
    """
    try:
        with zipfile.ZipFile(shard) as archive:
            raw: npt.NDArray[np.uint8] = np.load(io.BytesIO(archive.read("outcomes.npy")), allow_pickle=False)
        return [_outcome(entry) for entry in json.loads(raw.tobytes())]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise OSError(f"damaged shard {shard.name}") from error


def read_notes(shard: Path) -> Iterator[ShardNote]:
    """The notes of a shard, in order."""
    outcomes = [outcome for outcome in read_outcomes(shard) if outcome.skip is None]
    with np.load(shard, allow_pickle=False) as arrays:
        waveform, log_mel, f0_cents = arrays["waveform"], arrays["log_mel"], arrays["f0_cents"]
    sample = frame = 0
    for outcome in outcomes:
        samples = slice(sample, sample := sample + outcome.n_samples)
        frames = slice(frame, frame := frame + outcome.n_frames)
        yield ShardNote(outcome, waveform[samples], log_mel[frames].T, f0_cents[frames])


def use_one_thread() -> None:
    """Keeps a worker to its own core; also what makes notes the same whatever the number of workers."""
    torch.set_num_threads(1)


def _make_note(task: Task, recording: Recording) -> ShardNote | Outcome:
    """Reads, trims, measures and checks one recording."""
    path = task.source / recording.id
    sample_rate = task.config.sample_rate
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        waveform = read_mono(path, sample_rate)
    except (UnreadableError, OSError) as error:
        return Outcome(recording.id, "", (SkipReason.UNREADABLE, str(error)))
    audio = prepare(waveform, sample_rate, task.config.max_samples)
    if audio is None:
        return Outcome(recording.id, digest, (SkipReason.SILENT, f"peak {np.abs(waveform).max():.5f}"))
    duration_s = len(audio.waveform) / sample_rate
    if duration_s < SHORTEST_NOTE_S:
        return Outcome(recording.id, digest, (SkipReason.TOO_SHORT, f"{1000 * duration_s:.0f} ms"))
    pitch = _settle_pitch(audio.waveform, task, recording)
    if isinstance(pitch, Skip):
        return Outcome(recording.id, digest, (pitch.reason, pitch.detail))
    sounding, corrected = pitch
    log_mel = _log_mel(audio.waveform, task.config)
    outcome = Outcome(
        id=recording.id,
        digest=digest,
        midi_pitch=sounding.midi_pitch,
        level_db=audio.level_db,
        tuning_cents=sounding.tuning_cents,
        n_frames=log_mel.shape[1],
        n_samples=len(audio.waveform),
        corrected=corrected,
    )
    return ShardNote(outcome, audio.waveform, log_mel, sounding.f0_cents.astype(np.float16))


def _settle_pitch(
    waveform: npt.NDArray[np.float32], task: Task, recording: Recording
) -> tuple[Track, str] | Skip:
    """The pitch a note goes into the bank with and how its label was corrected, or why it does not."""
    sample_rate, hop_length = task.config.sample_rate, task.config.hop_length
    if recording.midi_pitch is None:
        midi_pitch = find_pitch(waveform, sample_rate)
        if midi_pitch is None and not task.keep_unpitched:
            return Skip(recording.id, SkipReason.NO_PITCH, "no note given, and none heard with confidence")
        return track(waveform, sample_rate, hop_length, UNPITCHED if midi_pitch is None else midi_pitch), ""
    if recording.midi_pitch == UNPITCHED:
        return track(waveform, sample_rate, hop_length, UNPITCHED), ""
    check = check_label(waveform, sample_rate, hop_length, recording.midi_pitch)
    if check.objection is None:
        return check.track, ""
    if task.correct_pitch and check.correction is not None:
        second = check_label(waveform, sample_rate, hop_length, check.correction)
        if second.objection is None and second.track.is_steady:
            return second.track, check.detail
    return Skip(recording.id, check.objection, check.detail)


@functools.lru_cache(maxsize=1)
def _front_end(config: SpectrogramConfig) -> Spectrogram:
    return Spectrogram(config)


def _log_mel(waveform: npt.NDArray[np.float32], config: SpectrogramConfig) -> npt.NDArray[np.float16]:
    with torch.inference_mode():
        log_mel = _front_end(config)(torch.from_numpy(waveform)[None])[0]
    return np.asarray(log_mel.numpy(), np.float16)


def _joined(
    arrays: list[npt.NDArray[Any]], dtype: type[np.generic], row_shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros((0, *row_shape), dtype), *arrays])


def _outcome(entry: dict[str, Any]) -> Outcome:
    skip = entry.pop("skip")
    return Outcome(**entry, skip=(SkipReason(skip[0]), skip[1]) if skip else None)
