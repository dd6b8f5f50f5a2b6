"""What to make of labels that the sound contradicts, which only the whole library tells.

One note that sounds an octave above its label is a wrong label, or a mistake of the tracker's. A whole folder
of them is a library that counts octaves in its own way: a systematic offset, which is reported, and applied
if that was asked for.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import MAX_PITCH, MIN_PITCH, pitch_name

from .pitch_check import is_common_mistake
from .reading.recording import Recording, Skip
from .report import Correction, PitchOffset
from .shards import Outcome

MIN_AGREEING = 4
"""So many notes must be off by the same interval before it is called systematic."""
AGREEING_SHARE = 0.75
"""Of the notes whose pitch was measured with confidence."""


@dataclass
class LabelChecks:
    """What was decided.

    Attributes:
        skips: Notes that do not go into the bank.
        pitches: Notes that go in with another pitch than their label's.
        corrections: The same, in words.
        offsets: Systematic offsets, whether they were applied or not.
        labels: What the labels say of notes whose names only the sounds of their folder tell how to read.
        remarks: How names were read where that is not plain, in words.
    """

    skips: dict[str, Skip] = field(default_factory=dict)
    pitches: dict[str, int] = field(default_factory=dict)
    corrections: list[Correction] = field(default_factory=list)
    offsets: list[PitchOffset] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def check_labels(
    recordings: Mapping[str, Recording],
    outcomes: Sequence[Outcome],
    *,
    correct_pitch: bool,
    fix_octaves: bool,
) -> LabelChecks:
    """Decides on every label.

    Args:
        recordings: By id.
        outcomes: What the workers made of them, in order.
        correct_pitch: Single wrong labels are replaced where the measurement is sure, instead of skipped.
        fix_octaves: Systematic offsets are applied.
    """
    checks = LabelChecks()
    for where, offset, members in _offsets(recordings, outcomes):
        checks.offsets.append(_described(where, offset, members, fix_octaves))
        if fix_octaves:
            _apply(checks, offset, members)
    for outcome in outcomes:
        if outcome.skip or outcome.objection is None or outcome.id in checks.pitches:
            continue
        correction = outcome.correction
        if correct_pitch and correction is not None and is_common_mistake(correction - outcome.midi_pitch):
            _correct(checks, outcome, correction, outcome.objection[1])
        else:
            checks.skips[outcome.id] = Skip(outcome.id, *outcome.objection)
    checks.corrections.sort(key=lambda correction: correction.id)
    return checks


def measured_offset(outcome: Outcome) -> int | None:
    """By how many semitones a note sounds above its label; None if that was not measured with confidence."""
    if outcome.skip or outcome.midi_pitch == UNPITCHED:
        return None
    if outcome.is_confirmed:
        return 0
    return None if outcome.sounds != outcome.sounds else round(outcome.sounds) - outcome.midi_pitch


def _offsets(
    recordings: Mapping[str, Recording], outcomes: Iterable[Outcome]
) -> Iterable[tuple[str, int, list[Outcome]]]:
    """Groups that are off as a whole: a folder's instrument, else the part of it with one label in common."""
    folders: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        recording = recordings[outcome.id]
        if not outcome.skip and recording.midi_pitch is not None and outcome.midi_pitch != UNPITCHED:
            folder = outcome.id.rpartition("/")[0] or "the folder"
            folders[folder, recording.labels.get("instrument", "")].append(outcome)
    n_instruments = Counter(folder for folder, _instrument in folders)
    for (folder, instrument), members in sorted(folders.items()):
        where = f"{folder} ({instrument})" if n_instruments[folder] > 1 and instrument else folder
        offset = _common_offset(members)
        if offset:
            yield where, offset, members
        elif offset is None:
            yield from _partial_offsets(where, members, recordings)


def _partial_offsets(
    where: str, members: list[Outcome], recordings: Mapping[str, Recording]
) -> Iterable[tuple[str, int, list[Outcome]]]:
    """The same within a folder, by the first attribute that explains it, such as one session's dynamics."""
    attributes = sorted(
        {name for member in members for name in recordings[member.id].labels} - {"instrument"},
        key=lambda name: (name != "dynamics", name != "technique", name),
    )
    for attribute in attributes:
        parts: dict[str, list[Outcome]] = defaultdict(list)
        for member in members:
            parts[recordings[member.id].labels.get(attribute, "")].append(member)
        found = [(label, _common_offset(part), part) for label, part in sorted(parts.items()) if label]
        systematic = [(label, offset, part) for label, offset, part in found if offset]
        if systematic:
            yield from (
                (f"{where} ({attribute} {label})", offset, part) for label, offset, part in systematic
            )
            return


def _common_offset(members: Iterable[Outcome]) -> int | None:
    """The offset that most of the measured notes share; 0 if all is well, None if they do not agree."""
    counts = Counter(measured_offset(member) for member in members)
    del counts[None]
    if not counts:
        return 0
    offset, n_agreeing = counts.most_common(1)[0]
    if counts.total() == counts[0]:
        return 0
    if n_agreeing < MIN_AGREEING or n_agreeing < AGREEING_SHARE * counts.total():
        return None
    return offset or None


def _described(where: str, offset: int, members: list[Outcome], fixed: bool) -> PitchOffset:
    measured = [measured_offset(member) for member in members]
    return PitchOffset(
        where=where,
        semitones=offset,
        n_notes=len(members),
        n_measured=sum(value is not None for value in measured),
        n_agreeing=measured.count(offset),
        fixed=fixed,
    )


def _apply(checks: LabelChecks, offset: int, members: list[Outcome]) -> None:
    """Moves the labels of a group, but for notes that were measured to be something else."""
    for outcome in members:
        if measured_offset(outcome) not in (offset, None):
            continue
        is_lost = outcome.objection is not None and measured_offset(outcome) is None
        moved = outcome.midi_pitch + offset
        if not is_lost and MIN_PITCH <= moved <= MAX_PITCH:
            said = f"labelled {pitch_name(outcome.midi_pitch)}, its folder is {offset:+d} semitones off"
            _correct(checks, outcome, moved, said)


def _correct(checks: LabelChecks, outcome: Outcome, midi_pitch: int, detail: str) -> None:
    checks.pitches[outcome.id] = midi_pitch
    checks.corrections.append(Correction(outcome.id, detail))
