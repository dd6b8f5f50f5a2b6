"""From shards to the bank: settles what only the whole can tell, then writes the notes in order."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aae.notes.bank import NoteData, Split
from aae.notes.bank_writer import NoteBankWriter
from mcnn.atomic import atomic_path
from mcnn.spectral.config import SpectrogramConfig

from .label_checks import LabelChecks, check_labels
from .libraries.base import Adapter
from .pitch_check import track
from .plan import BuildSettings
from .reading.recording import Recording, Skip, SkipReason
from .reading_choice import choose_readings, names_in_words
from .report import BuildProgress
from .shards import Outcome, ShardNote, read_notes

_SPLITS = (Split.TRAIN,) * 8 + (Split.VALIDATION, Split.TEST)


def split_of(labels: Mapping[str, str], midi_pitch: int, take_like: frozenset[str]) -> Split:
    """What a note is for: the same for all takes of one (instrument, technique, pitch), 8 : 1 : 1 over all.

    A stable hash: it depends on nothing but the arguments, so a bank that grows keeps its test notes.

    Args:
        labels: Attribute to label.
        midi_pitch: MIDI number or `UNPITCHED`.
        take_like: Attributes that only tell takes apart; they are left out.
    """
    key = [sorted((name, label) for name, label in labels.items() if name not in take_like), midi_pitch]
    digest = hashlib.sha256(json.dumps(key, ensure_ascii=True).encode()).digest()
    return _SPLITS[int.from_bytes(digest[:8], "big") % len(_SPLITS)]


def resolve_labels(
    recordings: Mapping[str, Recording],
    outcomes: Sequence[Outcome],
    adapter: Adapter,
    settings: BuildSettings,
) -> LabelChecks:
    """Decides which recordings go into the bank, and with which pitch.

    Args:
        recordings: By id, in order.
        outcomes: What the workers made of those that had no skip yet.
        adapter: Says which attributes drop rare labels.
        settings: What the user chose.

    Returns:
        The checks, skips in the order of the recordings.
    """
    choice = choose_readings(recordings, outcomes)
    outcomes = choice.outcomes
    checks = check_labels(
        recordings, outcomes, correct_pitch=settings.correct_pitch, fix_octaves=settings.fix_octaves
    )
    checks.labels, checks.remarks = choice.pitches, [*names_in_words(recordings), *choice.remarks]
    fewest = settings.min_label_notes
    skips = {id_: recording.skip for id_, recording in recordings.items() if recording.skip}
    skips |= checks.skips
    for outcome in outcomes:
        if outcome.skip:
            skips[outcome.id] = Skip(outcome.id, *outcome.skip)
        elif settings.skip_clipped and outcome.clipped > 0 and outcome.id not in skips:
            skips[outcome.id] = Skip(outcome.id, SkipReason.CLIPPED, f"{outcome.clipped} samples")
    kept = [outcome for outcome in outcomes if outcome.id not in skips]
    skips.update(_duplicates(recordings, kept, checks.pitches))
    for attribute in adapter.rare:
        notes = [recordings[outcome.id] for outcome in kept if outcome.id not in skips]
        counts = Counter(note.labels[attribute] for note in notes if attribute in note.labels)
        for note in notes:
            label = note.labels.get(attribute)
            if label is not None and counts[label] < fewest:
                detail = f"{attribute} {label}: {counts[label]} notes, fewer than {fewest}"
                skips[note.id] = Skip(note.id, SkipReason.RARE, detail)
    checks.skips = {id_: skips[id_] for id_ in recordings if id_ in skips}
    checks.corrections = [note for note in checks.corrections if note.id not in skips]
    return checks


def write_bank(
    path: Path,
    config: SpectrogramConfig,
    adapter: Adapter,
    recordings: Mapping[str, Recording],
    shards: Sequence[Path],
    checks: LabelChecks,
    provenance: Mapping[str, Any],
) -> Iterator[BuildProgress]:
    """Writes the bank from the shards, one shard in memory at a time.

    Args:
        path: The file to make; it appears whole or not at all.
        config: The front end of the shards.
        adapter: Says which attributes only tell takes apart.
        recordings: By id.
        shards: In the order of the recordings.
        checks: Notes to leave out, and pitches that are not the labels'.
        provenance: Goes into the bank.

    Yields:
        Progress, a shard a time.
    """
    attributes: dict[str, set[str]] = defaultdict(set)
    total = 0
    for id_, recording in recordings.items():
        if id_ not in checks.skips:
            total += 1
            for name, label in recording.labels.items():
                attributes[name].add(label)
    done = 0
    vocabularies = {name: sorted(labels) for name, labels in attributes.items()}
    with atomic_path(path) as partial, NoteBankWriter(partial, config, vocabularies) as bank:
        for shard in shards:
            for note in read_notes(shard):
                if note.outcome.id not in checks.skips:
                    named = checks.labels.get(note.outcome.id, note.outcome.midi_pitch)
                    midi_pitch = checks.pitches.get(note.outcome.id, named)
                    recording = recordings[note.outcome.id]
                    bank.add(_note_data(note, midi_pitch, recording, adapter.take_like, config))
                    done += 1
            yield BuildProgress("writing", done, total)
        bank.finish(provenance)


def _duplicates(
    recordings: Mapping[str, Recording], outcomes: Sequence[Outcome], corrected: Mapping[str, int]
) -> dict[str, Skip]:
    """Of files with the same bytes the first stays, if all say the same; if not, none can be believed.

    Those whose labels had to be corrected are believed last.
    """
    n_copies = Counter(outcome.digest for outcome in outcomes)
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if n_copies[outcome.digest] > 1:
            groups[outcome.digest].append(outcome)
    skips: dict[str, Skip] = {}
    for group in groups.values():
        believed = [outcome for outcome in group if outcome.id not in corrected] or group
        for outcome in group:
            if outcome not in believed:
                detail = f"same as {believed[0].id}, whose label is right"
                skips[outcome.id] = Skip(outcome.id, SkipReason.DUPLICATE, detail)
        first, *others = believed
        said = {
            (corrected.get(outcome.id, outcome.midi_pitch), *sorted(recordings[outcome.id].labels.items()))
            for outcome in (first, *others)
        }
        for outcome in others:
            contradicts = " under other labels" if len(said) > 1 else ""
            skips[outcome.id] = Skip(outcome.id, SkipReason.DUPLICATE, f"same as {first.id}{contradicts}")
        if len(said) > 1:
            skips[first.id] = Skip(
                first.id, SkipReason.DUPLICATE, f"same as {others[0].id} under other labels"
            )
    return skips


def _note_data(
    note: ShardNote,
    midi_pitch: int,
    recording: Recording,
    take_like: frozenset[str],
    config: SpectrogramConfig,
) -> NoteData:
    """A note with its final pitch; followed anew if its curve is relative to another one."""
    outcome, waveform = note.outcome, note.waveform
    tuning_cents, f0_cents = outcome.tuning_cents, note.f0_cents
    if midi_pitch != outcome.tracked_pitch:
        again = track(waveform, config.sample_rate, config.hop_length, midi_pitch)
        tuning_cents, f0_cents = again.tuning_cents, again.f0_cents.astype(np.float16)
    official = recording.split
    return NoteData(
        id=outcome.id,
        midi_pitch=midi_pitch,
        labels=recording.labels,
        split=split_of(recording.labels, midi_pitch, take_like) if official is None else official,
        level_db=outcome.level_db,
        clipped=outcome.clipped,
        tuning_cents=tuning_cents,
        waveform=waveform,
        log_mel=note.log_mel,
        f0_cents=f0_cents,
    )
