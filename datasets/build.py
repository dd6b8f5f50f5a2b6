"""Builds a NoteBank from a folder of recordings: streaming, on several cores, interruptible at any instant.

Workers turn a few recordings at a time into a shard in `<bank>.building/`; when all are there, the bank is
written from them and takes its final name in one step. Whatever stops the build, running it again continues
with the shards that are missing. The result depends neither on the number of workers nor on interruptions.
"""

import atexit
import errno
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aae.notes import UNPITCHED, NoteBank
from mcnn.config import SpectrogramConfig
from mcnn.errors import InputError

from .assemble import settle, write_bank
from .base import Adapter, Recording, Skip, SkipReason
from .registry import adapter_for
from .report import BuildEvent, BuildFinished, BuildProgress, BuildReport, Correction
from .shards import SHARD_VERSION, Outcome, Task, make_shard, read_outcomes, use_one_thread

FEWEST_NOTES = 8
"""A technique with fewer notes cannot be learned and is dropped, unless `build` is told otherwise."""
_RECORDINGS_PER_SHARD = 24
_PLACE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
)


@dataclass(frozen=True)
class _Plan:
    """All that a build is going to do, settled before it begins."""

    source: Path
    out: Path
    adapter: Adapter
    config: SpectrogramConfig
    recordings: dict[str, Recording]
    tasks: list[Task]
    settings: dict[str, Any]
    fingerprint: str

    @property
    def workshop(self) -> Path:
        return _workshop(self.out)


def build(
    source: Path,
    format: str,
    out: Path,
    workers: int | None = None,
    limit: int | None = None,
    *,
    unpitched: bool | None = None,
    correct_pitch: bool = False,
    fewest: int | None = None,
    config: SpectrogramConfig | None = None,
) -> Iterator[BuildEvent]:
    """Builds a bank, or continues an interrupted build of it; does nothing if that very bank is there.

    Args:
        source: The library's folder.
        format: Name of the adapter.
        out: The bank to make.
        workers: Processes to use; the number of cores if not given, 1 stays in this process.
        limit: Only so many recordings, spread evenly over the library.
        unpitched: Whether sounds without pitch go in; the adapter decides if not given.
        correct_pitch: A note that surely sounds another pitch than its label says gets the measured one (and
            the report says so) instead of being skipped.
        fewest: Drop the labels of the adapter's `rare` attributes that have fewer notes than this; if not
            given `FEWEST_NOTES`, or 1 if there is a limit, since a sample of a library has few of everything.
        config: The front end; the default one if not given.

    Yields:
        `BuildProgress` events, then one `BuildFinished`.

    Raises:
        InputError: If an argument cannot be used, nothing was usable, or the disk is full.
    """
    if fewest is None:
        fewest = FEWEST_NOTES if limit is None else 1
    plan = _plan(source, format, out, limit, unpitched, correct_pitch, fewest, config or SpectrogramConfig())
    finished = _finished_before(plan)
    if finished:
        shutil.rmtree(plan.workshop, ignore_errors=True)
        yield BuildFinished(finished, was_there=True)
        return
    try:
        plan.workshop.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(plan)
        yield from _read_recordings(plan, workers or os.cpu_count() or 1)
        yield from _assemble(plan, fewest)
    except OSError as error:
        if error.errno in _PLACE_ERRORS:
            raise InputError(
                f"cannot write beside {out}: {error.strerror}; make room or choose another place"
            ) from error
        raise


def _workshop(out: Path) -> Path:
    """The folder beside a bank in which it is built."""
    return out.with_name(f"{out.name}.building")


def _plan(
    source: Path,
    format: str,
    out: Path,
    limit: int | None,
    unpitched: bool | None,
    correct_pitch: bool,
    fewest: int,
    config: SpectrogramConfig,
) -> _Plan:
    adapter = adapter_for(format)
    if not source.is_dir():
        raise InputError(f"{source} is not a folder: give the folder of the recordings")
    if out.is_dir():
        raise InputError(f"{out} is a folder: give the name of a file, for example {out / 'notes.h5'}")
    recordings = _limited(adapter.recordings(source), limit)
    if not (adapter.keeps_unpitched if unpitched is None else unpitched):
        recordings = [_without_pitch(recording) for recording in recordings]
    settings = {
        "limit": limit,
        "unpitched": unpitched,
        "correct_pitch": correct_pitch,
        "fewest": fewest,
    }
    tasks = _tasks(source, out, config, recordings, settings)
    everything = [
        adapter.name,
        settings,
        [[r.id, sorted(r.labels.items()), r.skip is None] for r in recordings],
    ]
    fingerprint = _digest([everything, [task.shard.name for task in tasks]])
    by_id = {recording.id: recording for recording in recordings}
    return _Plan(source, out, adapter, config, by_id, tasks, settings, fingerprint)


def _limited(recordings: list[Recording], limit: int | None) -> list[Recording]:
    if limit is None or limit >= len(recordings):
        return recordings
    if limit < 1:
        raise InputError(f"the limit is {limit}: it must be at least 1")
    return [recordings[index * len(recordings) // limit] for index in range(limit)]


def _without_pitch(recording: Recording) -> Recording:
    """The recording, marked as not asked for if it has no pitch."""
    if recording.skip or recording.midi_pitch != UNPITCHED:
        return recording
    return Recording(
        recording.id, recording.midi_pitch, recording.labels, Skip(recording.id, SkipReason.UNPITCHED)
    )


def _tasks(
    source: Path, out: Path, config: SpectrogramConfig, recordings: list[Recording], settings: dict[str, Any]
) -> list[Task]:
    wanted = [recording for recording in recordings if not recording.skip]
    tasks = []
    for number, start in enumerate(range(0, len(wanted), _RECORDINGS_PER_SHARD)):
        chunk = tuple(wanted[start : start + _RECORDINGS_PER_SHARD])
        files = [[r.id, r.midi_pitch, *_stamp(source / r.id)] for r in chunk]
        choices = [settings["correct_pitch"], bool(settings["unpitched"])]
        digest = _digest([SHARD_VERSION, config.model_dump(), choices, files])
        shard = _workshop(out) / f"{number:06d}-{digest[:16]}.npz"
        tasks.append(Task(source, shard, config, chunk, *choices))
    return tasks


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file: what tells that it is still the same."""
    try:
        status = path.stat()
    except OSError:
        return (-1, -1)
    return status.st_size, status.st_mtime_ns


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _finished_before(plan: _Plan) -> BuildReport | None:
    """The report of the very same build, if its bank is there."""
    try:
        with NoteBank.open(plan.out) as bank:
            if bank.provenance.get("fingerprint") == plan.fingerprint:
                return BuildReport.from_json(plan.out, bank.provenance["report"])
    except InputError:
        pass
    return None


def _remove_leftovers(plan: _Plan) -> None:
    """Removes half-written files and the shards of other settings from the workshop."""
    wanted = {task.shard.name for task in plan.tasks}
    for path in plan.workshop.iterdir():
        if path.name not in wanted and path.is_file():
            path.unlink()


def _read_recordings(plan: _Plan, workers: int) -> Iterator[BuildProgress]:
    """Makes the shards that are missing."""
    skipped = Counter(recording.skip.reason for recording in plan.recordings.values() if recording.skip)
    done = skipped.total()
    total = len(plan.recordings)
    missing = []
    for task in plan.tasks:
        if _is_whole(task.shard):
            done += len(task.recordings)
            skipped.update(_skip_reasons(task.shard))
        else:
            missing.append(task)
    resumed = done
    yield BuildProgress("reading", done, total, resumed, dict(skipped))
    for task in _made(missing, min(workers, len(missing))):
        done += len(task.recordings)
        skipped.update(_skip_reasons(task.shard))
        yield BuildProgress("reading", done, total, resumed, dict(skipped))


def _is_whole(shard: Path) -> bool:
    try:
        read_outcomes(shard)
    except FileNotFoundError:
        return False
    except OSError:
        shard.unlink()
        return False
    return True


def _skip_reasons(shard: Path) -> list[SkipReason]:
    return [outcome.skip[0] for outcome in read_outcomes(shard) if outcome.skip]


def _made(tasks: Sequence[Task], workers: int) -> Iterator[Task]:
    """Makes shards, here or in worker processes; yields each task when its shard is there."""
    if workers <= 1:
        yield from _made_here(tasks)
        return
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    try:
        futures = {executor.submit(make_shard, task): task for task in tasks}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _made_here(tasks: Sequence[Task]) -> Iterator[Task]:
    n_threads = torch.get_num_threads()
    for task in tasks:
        use_one_thread()
        try:
            make_shard(task)
        finally:
            torch.set_num_threads(n_threads)
        yield task


def _begin_worker() -> None:
    """Leaves interrupts to the parent, and ends the worker when the parent has ended, however it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A worker has nothing to tidy, what it made is on disk; and native libraries may hang when they tidy.
    atexit.register(os._exit, 0)
    use_one_thread()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _assemble(plan: _Plan, fewest: int) -> Iterator[BuildEvent]:
    """Writes the bank from the shards and clears the workshop away."""
    outcomes = [outcome for task in plan.tasks for outcome in read_outcomes(task.shard)]
    skips = settle(plan.recordings, outcomes, plan.adapter, fewest)
    report = _report(plan, outcomes, skips)
    if not report.n_notes:
        reasons = ", ".join(f"{count} {reason.value}" for reason, count in report.counts.items())
        raise InputError(
            f"none of the {report.n_recordings} recordings in {plan.source} became a note: {reasons}"
        )
    provenance = {
        "source": plan.source.resolve().name,
        "format": plan.adapter.name,
        "title": plan.adapter.title,
        "licence": plan.adapter.licence,
        "credits": plan.adapter.credits,
        "settings": plan.settings,
        "fingerprint": plan.fingerprint,
        "report": report.to_json(),
    }
    shards = [task.shard for task in plan.tasks]
    whole = plan.workshop / "bank.h5"
    yield from write_bank(whole, plan.config, plan.adapter, plan.recordings, shards, skips, provenance)
    whole.replace(plan.out)
    shutil.rmtree(plan.workshop, ignore_errors=True)
    yield BuildFinished(report)


def _report(plan: _Plan, outcomes: Sequence[Outcome], skips: dict[str, Skip]) -> BuildReport:
    corrections = [
        Correction(outcome.id, outcome.corrected)
        for outcome in outcomes
        if outcome.corrected and outcome.id not in skips
    ]
    n_recordings = len(plan.recordings)
    return BuildReport(plan.out, n_recordings, n_recordings - len(skips), list(skips.values()), corrections)
