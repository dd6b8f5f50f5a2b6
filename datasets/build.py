"""Builds a NoteBank from a folder of recordings: streaming, on several cores, interruptible at any instant.

Workers turn a few recordings at a time into a shard in `<bank>.building/`; when all are there, the bank is
written from them and takes its final name in one step. Whatever stops the build, running it again continues
with the shards that are missing. The result depends neither on the number of workers nor on interruptions.
"""

import errno
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from aae.notes.bank import NoteBank
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig

from .assemble import resolve_labels, write_bank
from .plan import MIN_NOTES, BuildSettings, Plan, make_plan
from .reading.aliases import Vocabulary
from .reading.recording import SkipReason
from .report import BuildEvent, BuildFinished, BuildProgress, BuildReport
from .shards import Outcome, read_outcomes
from .verdicts import Verdicts
from .workers import made

_PLACE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
)


def build(
    source: Path,
    format: str,
    out: Path,
    workers: int | None = None,
    limit: int | None = None,
    *,
    unpitched: bool | None = None,
    correct_pitch: bool = False,
    fix_octaves: bool = False,
    skip_clipped: bool = False,
    only: Mapping[str, frozenset[str]] | None = None,
    fewest: int | None = None,
    config: SpectrogramConfig | None = None,
    tags: Mapping[str, str] | None = None,
    vocabulary: Vocabulary | None = None,
    taken: Collection[str] = (),
    scheduler: str | None = None,
) -> Iterator[BuildEvent]:
    """Builds a bank, or continues an interrupted build of it; does nothing if that very bank is there.

    Args:
        source: The library's folder, or a SoundFont.
        format: Name of the adapter; `auto` finds out which.
        out: The bank to make.
        workers: Processes to use; the number of cores if not given, 1 stays in this process.
        limit: Only so many recordings, spread evenly over the library.
        unpitched: Whether sounds without pitch go in; the adapter decides if not given.
        correct_pitch: A note that surely sounds another pitch than its label says gets the measured one (and
            the report says so) instead of being skipped.
        fix_octaves: Where a whole folder sounds another note than its labels say, the labels are moved.
        skip_clipped: Clipped recordings are left out; otherwise the report only counts them.
        only: Attribute to the labels that are wanted; everything else is passed over and not counted.
        fewest: Drop the labels of the adapter's `rare` attributes that have fewer notes than this; if not
            given `MIN_NOTES`, or 1 if there is a limit, since a sample of a library has few of everything.
        config: The front end; the default one if not given.
        tags: Attributes given to every recording.
        vocabulary: Rewrites the labels; they stay the library's own words if not given.
        taken: Names that no attribute may have, since something else goes by them.
        scheduler: Address of a Dask scheduler; its workers make the notes.

    Yields:
        `BuildProgress` events, then one `BuildFinished`.

    Raises:
        InputError: If an argument cannot be used, nothing was usable, or the disk is full.
    """
    if fewest is None:
        fewest = MIN_NOTES if limit is None else 1
    settings = BuildSettings(
        limit, unpitched, correct_pitch, fix_octaves, skip_clipped, only, fewest, tags, vocabulary
    )
    plan = make_plan(source, format, out, settings, config or SpectrogramConfig())
    for name in sorted({name for recording in plan.recordings.values() for name in recording.labels}):
        if name in taken:
            raise InputError(
                f"an attribute cannot be called {name!r}: --{name} is another option of `render`"
            )
    finished = _finished_before(plan)
    if finished:
        shutil.rmtree(plan.workshop, ignore_errors=True)
        yield BuildFinished(finished, was_there=True)
        return
    try:
        plan.workshop.mkdir(parents=True, exist_ok=True)
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
    """Removes half-written files and the shards of other settings from the workshop."""
    wanted = {task.shard.name for task in plan.tasks}
    for path in plan.workshop.iterdir():
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
    for task in made(missing, min(workers, len(missing)), scheduler if missing else None):
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
    """Writes the bank from the shards and clears the workshop away."""
    outcomes = [outcome for task in plan.tasks for outcome in read_outcomes(task.shard)]
    settings = plan.settings
    verdicts = resolve_labels(
        plan.recordings,
        outcomes,
        plan.adapter,
        settings.fewest,
        correct_pitch=settings.correct_pitch,
        fix_octaves=settings.fix_octaves,
        skip_clipped=settings.skip_clipped,
    )
    report = _report(plan, verdicts, outcomes)
    if not report.n_notes:
        raise InputError(_nothing_in_words(plan, report))
    provenance = {
        "source": plan.source.resolve().name,
        "format": plan.adapter.name,
        **plan.adapter.terms(plan.source),
        "settings": settings.to_json(),
        "fingerprint": plan.fingerprint,
        "report": report.to_json(),
    }
    shards = [task.shard for task in plan.tasks]
    whole = plan.workshop / "bank.h5"
    yield from write_bank(whole, plan.config, plan.adapter, plan.recordings, shards, verdicts, provenance)
    whole.replace(plan.out)
    shutil.rmtree(plan.workshop, ignore_errors=True)
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


def _report(plan: Plan, verdicts: Verdicts, outcomes: Sequence[Outcome]) -> BuildReport:
    n_recordings = len(plan.recordings)
    clipped = {
        outcome.id: outcome.clipped
        for outcome in sorted(outcomes, key=lambda outcome: -outcome.clipped)
        if outcome.clipped > 0 and outcome.id not in verdicts.skips
    }
    return BuildReport(
        bank=plan.out,
        n_recordings=n_recordings,
        n_notes=n_recordings - len(verdicts.skips),
        skips=list(verdicts.skips.values()),
        corrections=verdicts.corrections,
        offsets=verdicts.offsets,
        clipped=clipped,
        format=plan.adapter.name,
        chosen_because=plan.chosen_because,
    )
