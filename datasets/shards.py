"""The work of one worker: a few recordings in, one shard file of notes and outcomes out.

A shard appears whole or not at all, and its name tells what went into it. That is what makes a build
resumable: a shard that is there need not be made again, whoever made it and whenever.

PyTorch is imported where notes are made: the process that only plans and collects stays small.
"""

import functools
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aae.analysis.recording_file import UnreadableError
from aae.analysis.trimming import prepare
from aae.notes.bank import CLIPPING_UNKNOWN, UNPITCHED
from aae.notes.bank_writer import quantise
from mcnn.atomic import atomic_path
from mcnn.spectral.config import SpectrogramConfig

from .libraries.registry import adapter_for
from .pitch_check import Track, check_label, find_pitch, track
from .reading.recording import Recording, Skip, SkipReason
from .reading_checks import ReadingCheck, check_readings

if TYPE_CHECKING:
    from mcnn.spectral.spectrogram import Spectrogram

MIN_NOTE_S = 0.05
SHARD_VERSION = 9
"""Raised when the same recording would give another note, so that old shards are not taken for new ones."""


@dataclass(frozen=True)
class Task:
    """Recordings that one worker makes into one shard.

    Attributes:
        format: Name of the library's adapter.
        source: The library's folder.
        shard: The file to make.
        config: The front end.
        recordings: What to read; none with `skip` set.
        keep_unpitched: Whether a recording without a label that has no pitch either is kept as unpitched.
    """

    format: str
    source: Path
    shard: Path
    config: SpectrogramConfig
    recordings: tuple[Recording, ...]
    keep_unpitched: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording: a note of the shard, or a skip.

    A note whose label cannot stand is in the shard too: only the whole library tells what to make of it.

    Attributes:
        id: Its source path.
        digest: SHA-256 of the file's bytes, empty if it could not be read.
        skip: Why it is no note, as (reason, detail); None if it is one.
        midi_pitch: What its label says, or what was found if there was none; `UNPITCHED` if it has no pitch.
        level_db: As in the bank.
        clipped: As in the bank.
        objection: Why the label cannot stand, as (reason, detail).
        is_confirmed: Whether what sounds was measured with confidence and is the label's note.
        sounds: What sounds instead of the label, as a fractional MIDI number; NaN if that is not clear.
        correction: The note to which a second check agreed, if the label cannot stand.
        tracked_pitch: What the note's `f0_cents` and `tuning_cents` are relative to.
        tuning_cents: As in the bank.
        n_frames: Frames of the note.
        n_samples: Samples of the note.
        scale: Size of one step of the note's waveform.
        readings: What came of comparing the sound with the ways to read its name.
    """

    id: str
    digest: str
    skip: tuple[SkipReason, str] | None = None
    midi_pitch: int = UNPITCHED
    level_db: float = 0.0
    clipped: int = CLIPPING_UNKNOWN
    objection: tuple[SkipReason, str] | None = None
    is_confirmed: bool = False
    sounds: float = float("nan")
    correction: int | None = None
    tracked_pitch: int = UNPITCHED
    tuning_cents: float = float("nan")
    n_frames: int = 0
    n_samples: int = 0
    scale: float = 1.0
    readings: dict[str, ReadingCheck] = field(default_factory=dict)


@dataclass(frozen=True)
class ShardNote:
    """The arrays of one note: as in `aae.notes.bank.NoteData`, the waveform in steps of `outcome.scale`."""

    outcome: Outcome
    steps: npt.NDArray[np.int16]
    log_mel: npt.NDArray[np.float16]
    f0_cents: npt.NDArray[np.float16]

    @property
    def waveform(self) -> npt.NDArray[np.float32]:
        """`(samples,)` at the reference level."""
        return np.asarray(self.steps * np.float32(self.outcome.scale), np.float32)


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
            waveform=_joined([note.steps for note in notes], np.int16, ()),
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
    import torch

    torch.set_num_threads(1)


def _make_note(task: Task, recording: Recording) -> ShardNote | Outcome:
    """Reads, trims, measures and checks one recording."""
    sample_rate = task.config.sample_rate
    try:
        sound, digest = adapter_for(task.format).read(task.source, recording.id, sample_rate)
    except UnreadableError as error:
        return Outcome(recording.id, "", (SkipReason.UNREADABLE, error.reason))
    except OSError as error:
        return Outcome(recording.id, "", (SkipReason.UNREADABLE, error.strerror or str(error)))
    audio = prepare(sound.waveform, sample_rate, task.config.max_samples)
    if audio is None:
        peak = float(np.abs(sound.waveform).max(initial=0.0))
        return Outcome(recording.id, digest, (SkipReason.SILENT, f"peak {peak:.5f}"))
    duration_s = len(audio.waveform) / sample_rate
    if duration_s < MIN_NOTE_S:
        return Outcome(recording.id, digest, (SkipReason.TOO_SHORT, f"{1000 * duration_s:.0f} ms"))
    readings = check_readings(audio.waveform, sample_rate, task.config.hop_length, recording.readings)
    pitch = _measure_pitch(audio.waveform, task, recording)
    if isinstance(pitch, Skip) and any(check.objection is None for check in readings.values()):
        pitch = _unheard(audio.waveform, task, pitch)
    if isinstance(pitch, Skip):
        return Outcome(recording.id, digest, (pitch.reason, pitch.detail))
    log_mel = _log_mel(audio.waveform, task.config)
    steps, scale = quantise(audio.waveform)
    outcome = Outcome(
        id=recording.id,
        digest=digest,
        midi_pitch=pitch.midi_pitch,
        level_db=audio.level_db,
        clipped=sound.clipped,
        objection=pitch.objection,
        is_confirmed=pitch.is_confirmed,
        sounds=pitch.sounds,
        correction=pitch.correction,
        tracked_pitch=pitch.track.midi_pitch,
        tuning_cents=pitch.track.tuning_cents,
        n_frames=log_mel.shape[1],
        n_samples=len(steps),
        scale=scale,
        readings=readings,
    )
    return ShardNote(outcome, steps, log_mel, pitch.track.f0_cents.astype(np.float16))


@dataclass(frozen=True)
class _Pitch:
    """What was measured of a note's pitch; the fields are `Outcome`'s."""

    midi_pitch: int
    track: Track
    objection: tuple[SkipReason, str] | None = None
    is_confirmed: bool = False
    sounds: float = float("nan")
    correction: int | None = None


def _measure_pitch(waveform: npt.NDArray[np.float32], task: Task, recording: Recording) -> _Pitch | Skip:
    """Compares the sound with its label, if there is one, or finds its pitch."""
    sample_rate, hop_length = task.config.sample_rate, task.config.hop_length
    midi_pitch = recording.midi_pitch
    if midi_pitch is None:
        midi_pitch = find_pitch(waveform, sample_rate)
        if midi_pitch is None and not task.keep_unpitched:
            return Skip(recording.id, SkipReason.NO_PITCH, "no note given, and none heard with confidence")
        midi_pitch = UNPITCHED if midi_pitch is None else midi_pitch
        return _Pitch(midi_pitch, track(waveform, sample_rate, hop_length, midi_pitch))
    if midi_pitch == UNPITCHED:
        return _Pitch(UNPITCHED, track(waveform, sample_rate, hop_length, UNPITCHED))
    check = check_label(waveform, sample_rate, hop_length, midi_pitch)
    if check.objection is None:
        return _Pitch(midi_pitch, check.track, is_confirmed=check.is_confirmed)
    objection = (check.objection, check.detail)
    sounds = float("nan") if check.sounds is None else check.sounds
    if check.correction is not None:
        second = check_label(waveform, sample_rate, hop_length, check.correction)
        if second.objection is None and second.track.is_steady:
            return _Pitch(midi_pitch, second.track, objection, sounds=sounds, correction=check.correction)
    return _Pitch(midi_pitch, check.track, objection, sounds=sounds)


def _unheard(waveform: npt.NDArray[np.float32], task: Task, skip: Skip) -> _Pitch:
    """A note without a pitch, which stays only if its folder's names turn out to be its label."""
    unpitched = track(waveform, task.config.sample_rate, task.config.hop_length, UNPITCHED)
    return _Pitch(UNPITCHED, unpitched, objection=(skip.reason, skip.detail))


@functools.lru_cache(maxsize=1)
def _front_end(config: SpectrogramConfig) -> "Spectrogram":
    from mcnn.spectral.spectrogram import Spectrogram

    return Spectrogram(config)


def _log_mel(waveform: npt.NDArray[np.float32], config: SpectrogramConfig) -> npt.NDArray[np.float16]:
    import torch

    with torch.inference_mode():
        log_mel = _front_end(config)(torch.from_numpy(waveform)[None])[0]
    return np.asarray(log_mel.numpy(), np.float16)


def _joined(
    arrays: list[npt.NDArray[Any]], dtype: type[np.generic], row_shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros((0, *row_shape), dtype), *arrays])


def _outcome(entry: dict[str, Any]) -> Outcome:
    reasons = {name: _reason(entry[name]) for name in ("skip", "objection")}
    readings = {
        how: ReadingCheck(**(check | {"objection": _reason(check["objection"])}))
        for how, check in entry.get("readings", {}).items()
    }
    return Outcome(**(entry | reasons | {"readings": readings}))


def _reason(said: list[str] | None) -> tuple[SkipReason, str] | None:
    return (SkipReason(said[0]), said[1]) if said else None
