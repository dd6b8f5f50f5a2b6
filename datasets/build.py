"""Builds a NoteBank from a folder of recordings: streaming, on several cores, interruptible at any instant.

Workers turn a few recordings at a time into a shard in `<bank>.building/`; when all are there, the bank is
written from them and takes its final name in one step. Whatever stops the build, running it again continues
with the shards that are missing. The result depends neither on the number of workers nor on interruptions.
"""

import errno
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from aae.notes.bank import NoteBank
from mcnn.errors import InputError

from .assemble import resolve_labels, write_bank
from .label_checks import LabelChecks
from .plan import BuildSettings, Plan, make_plan
from .reading.recording import SkipReason
from .report import BuildEvent, BuildFinished, BuildProgress, BuildReport
from .shards import Outcome, read_outcomes
from .workers import run_tasks

_PLACE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
)


def build(
    source: Path,
    format: str,
    out: Path,
    settings: BuildSettings | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    reserved: Collection[str] = (),
) -> Iterator[BuildEvent]:
    """Builds a bank, or continues an interrupted build of it; does nothing if that very bank is there.

    Args:
        source: The library's folder, or a SoundFont.
        format: Name of the adapter; `auto` finds out which.
        out: The bank to make.
        settings: Which notes go in, and how; the defaults if not given.
        workers: Processes to use; the number of cores if not given, 1 stays in this process.
        scheduler: Address of a Dask scheduler; its workers make the notes.
        reserved: Names that no attribute may have, since something else goes by them.

    Yields:
        `BuildProgress` events, then one `BuildFinished`.

    Raises:
        InputError: If an argument cannot be used, nothing was usable, or the disk is full.
    """
    plan = make_plan(source, format, out, settings or BuildSettings())
    for name in sorted({name for recording in plan.recordings.values() for name in recording.labels}):
        if name in reserved:
            raise InputError(
                f"an attribute cannot be called {name!r}: --{name} is another option of `render`"
            )
    finished = _finished_before(plan)
    if finished:
        shutil.rmtree(plan.build_dir, ignore_errors=True)
        yield BuildFinished(finished, was_there=True)
        return
    try:
        plan.build_dir.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(plan)
        yield from _read_recordings(plan, workers or os.cpu_count() or 1, scheduler)
        yield from _assemble(plan)
    except OSError as error:
        if error.errno in _PLACE_ERRORS:
            raise InputError(
                f"cannot write beside {out}: {error.strerror}; make room or choose another place"
            ) from error
        raise


def _finished_before(plan: Plan) -> BuildReport | None:
    """The report of the very same build, if its bank is there."""
    try:
        with NoteBank.open(plan.out) as bank:
            if bank.provenance.get("fingerprint") == plan.fingerprint:
                return BuildReport.from_json(plan.out, bank.provenance["report"])
    except InputError:
        pass
    return None


def _remove_leftovers(plan: Plan) -> None:
    """Removes half-written files and the shards of other settings from the build_dir."""
    wanted = {task.shard.name for task in plan.tasks}
    for path in plan.build_dir.iterdir():
        if path.name not in wanted and path.is_file():
            path.unlink()


def _read_recordings(plan: Plan, workers: int, scheduler: str | None) -> Iterator[BuildProgress]:
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
    for task in run_tasks(missing, min(workers, len(missing)), scheduler if missing else None):
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


def _assemble(plan: Plan) -> Iterator[BuildEvent]:
    """Writes the bank from the shards and clears the build_dir away."""
    outcomes = [outcome for task in plan.tasks for outcome in read_outcomes(task.shard)]
    checks = resolve_labels(plan.recordings, outcomes, plan.adapter, plan.settings)
    report = _report(plan, checks, outcomes)
    if not report.n_notes:
        raise InputError(_nothing_in_words(plan, report))
    provenance = {
        "source": plan.source.resolve().name,
        "format": plan.adapter.name,
        **plan.adapter.terms(plan.source),
        "settings": plan.settings.to_json(),
        "fingerprint": plan.fingerprint,
        "report": report.to_json(),
    }
    shards = [task.shard for task in plan.tasks]
    whole = plan.build_dir / "bank.h5"
    yield from write_bank(
        whole, plan.settings.config, plan.adapter, plan.recordings, shards, checks, provenance
    )
    whole.replace(plan.out)
    shutil.rmtree(plan.build_dir, ignore_errors=True)
    yield BuildFinished(report)


def _nothing_in_words(plan: Plan, report: BuildReport) -> str:
    """Why a library has no note at all, with an example of each reason and what to do."""
    reasons = "; ".join(f"{count} {reason} ({example})" for reason, count, example in report.rows())
    cures = [offset.in_words for offset in report.offsets[:1]]
    if SkipReason.RARE in report.counts:
        cures.append("--keep-rare keeps labels that few notes have")
    if SkipReason.UNPITCHED in report.counts:
        cures.append("--unpitched keeps sounds without pitch")
    said = "".join(f"; {cure}" for cure in cures)
    return (
        f"none of the {report.n_recordings} recordings in {plan.source}, read as {plan.adapter.name},"
        f" became a note: {reasons}{said}"
    )


def _report(plan: Plan, checks: LabelChecks, outcomes: Sequence[Outcome]) -> BuildReport:
    n_recordings = len(plan.recordings)
    clipped = {
        outcome.id: outcome.clipped
        for outcome in sorted(outcomes, key=lambda outcome: -outcome.clipped)
        if outcome.clipped > 0 and outcome.id not in checks.skips
    }
    return BuildReport(
        bank=plan.out,
        n_recordings=n_recordings,
        n_notes=n_recordings - len(checks.skips),
        skips=list(checks.skips.values()),
        corrections=checks.corrections,
        offsets=checks.offsets,
        clipped=clipped,
        format=plan.adapter.name,
        chosen_because=plan.chosen_because,
        remarks=checks.remarks,
    )
