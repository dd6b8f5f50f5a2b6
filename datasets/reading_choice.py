"""How the names of a folder are to be read, where only their sounds together can tell.

A number in one name may be its MIDI number or a counter; if three quarters of the folder's measured notes
sound their numbers, it is the MIDI number, and labels those too that were not heard clearly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .reading.recording import Recording
from .shards import Outcome

MIN_SHARE = 0.75
"""Of a folder's measured notes that must sound what a reading of their names says."""


@dataclass
class ReadingChoice:
    """What was decided.

    Attributes:
        outcomes: In their order; those whose names are read in a certain way with that note as their label.
        pitches: Labels of these.
        remarks: What was decided, in words.
    """

    outcomes: list[Outcome]
    pitches: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def choose_readings(recordings: Mapping[str, Recording], outcomes: Sequence[Outcome]) -> ReadingChoice:
    """Decides how names are read.

    Args:
        recordings: By id.
        outcomes: What the workers made of them, in order.
    """
    choice = ReadingChoice(list(outcomes))
    folders: dict[str, list[int]] = defaultdict(list)
    for index, outcome in enumerate(outcomes):
        if outcome.readings:
            folders[outcome.id.rpartition("/")[0]].append(index)
    for folder, members in sorted(folders.items()):
        believed = _believed(outcomes[index] for index in members)
        used: dict[str, None] = {}
        for index in members:
            outcome = outcomes[index]
            how = next((how for how in believed if how in outcome.readings), None)
            if how is None:
                continue
            check = outcome.readings[how]
            if recordings[outcome.id].midi_pitch != check.midi_pitch:
                used[how] = None
                choice.pitches[outcome.id] = check.midi_pitch
                choice.outcomes[index] = replace(
                    outcome,
                    midi_pitch=check.midi_pitch,
                    objection=check.objection,
                    is_confirmed=check.is_confirmed,
                    sounds=check.sounds,
                    correction=None,
                )
        where = folder or "the folder"
        choice.remarks += [f"{where}: names are read as {how}: {believed[how]}" for how in used]
    return choice


def names_in_words(recordings: Mapping[str, Recording]) -> list[str]:
    """How the names of each folder were read, where that is not plain: a line for each."""
    said = {(id_.rpartition("/")[0] or "the folder", note.read_as) for id_, note in recordings.items()}
    return [f"{folder}: names are read {how}" for folder, how in sorted(said) if how]


def _believed(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Ways to read that the sounds confirm, the surest first, with the counts in words."""
    confirmed: dict[str, int] = defaultdict(int)
    measured: dict[str, int] = defaultdict(int)
    for outcome in outcomes:
        for how, check in outcome.readings.items():
            confirmed[how] += check.is_confirmed and check.objection is None
            measured[how] += check.is_measured
    shares = {how: n / measured[how] for how, n in confirmed.items() if n and n >= MIN_SHARE * measured[how]}
    return {
        how: f"{confirmed[how]} of {measured[how]} measured notes sound so"
        for how in sorted(shares, key=lambda how: (-shares[how], -confirmed[how]))
    }
