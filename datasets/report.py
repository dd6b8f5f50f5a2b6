"""What a build tells: how far it is, and in the end what became of every recording."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .reading.recording import Skip, SkipReason


@dataclass(frozen=True)
class Correction:
    """A note whose label was replaced by what was measured, because that was asked for.

    Attributes:
        id: Source path of the recording.
        detail: The label it had and the note it sounds.
    """

    id: str
    detail: str


@dataclass(frozen=True)
class PitchOffset:
    """Recordings that belong together and all sound another note than they are labelled with.

    Attributes:
        where: Their folder, and what they have in common there.
        semitones: How far they sound above their labels.
        n_notes: Notes there.
        n_measured: Those of them whose pitch was measured with confidence.
        n_agreeing: Those of these that are off by this interval.
        fixed: Whether the labels were moved.
    """

    where: str
    semitones: int
    n_notes: int
    n_measured: int
    n_agreeing: int
    fixed: bool

    @property
    def in_words(self) -> str:
        """What was found and what to do: one sentence."""
        octaves, rest = divmod(abs(self.semitones), 12)
        interval = f"{abs(self.semitones)} semitone{'s' * (abs(self.semitones) > 1)}"
        if not rest:
            interval = "an octave" if octaves == 1 else f"{octaves} octaves"
        direction = "above" if self.semitones > 0 else "below"
        cure = "the labels were moved" if self.fixed else "--fix-octaves moves the labels"
        return (
            f"{self.where}: sounds {interval} {direction} its labels"
            f" ({self.n_agreeing} of {self.n_measured} measured notes); {cure}"
        )


@dataclass(frozen=True)
class BuildReport:
    """What became of the recordings.

    Attributes:
        bank: The finished file.
        n_recordings: Audio files considered.
        n_notes: Notes in the bank.
        skips: Every recording that is not in the bank, and why; sorted by id.
        corrections: Every note whose label was replaced; sorted by id.
        offsets: Folders whose labels are off as a whole.
        clipped: Notes of the bank whose recordings are clipped, and how many samples, the worst first.
        format: The adapter that read them.
        chosen_because: Why it was that one, if the user did not say.
        remarks: How names were read where that is not plain, in words.
    """

    bank: Path
    n_recordings: int
    n_notes: int
    skips: Sequence[Skip]
    corrections: Sequence[Correction] = ()
    offsets: Sequence[PitchOffset] = ()
    clipped: Mapping[str, int] = field(default_factory=dict)
    format: str = ""
    chosen_because: str = ""
    remarks: Sequence[str] = ()

    @property
    def counts(self) -> dict[SkipReason, int]:
        """Number of skipped recordings by reason, in the order of `SkipReason`, those that occurred."""
        counter = Counter(skip.reason for skip in self.skips)
        return {reason: counter[reason] for reason in SkipReason if counter[reason]}

    def rows(self) -> list[tuple[str, int, str]]:
        """The table of what was skipped: reason, count, an example."""
        examples = {skip.reason: skip for skip in reversed(self.skips)}
        return [
            (reason.value, count, f"{examples[reason].id}: {examples[reason].detail}".rstrip(": "))
            for reason, count in self.counts.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, every skipped recording by name."""
        remarks = {"remarks": list(self.remarks)} if self.remarks else {}
        return {
            **remarks,
            "format": self.format,
            "chosen_because": self.chosen_because,
            "recordings": self.n_recordings,
            "notes": self.n_notes,
            "skipped": {reason.value: count for reason, count in self.counts.items()},
            "skips": [
                {"file": skip.id, "reason": skip.reason.value, "detail": skip.detail} for skip in self.skips
            ],
            "corrections": [{"file": note.id, "detail": note.detail} for note in self.corrections],
            "offsets": [asdict(offset) for offset in self.offsets],
            "clipped": [{"file": id_, "samples": count} for id_, count in self.clipped.items()],
        }

    @classmethod
    def from_json(cls, bank: Path, values: Mapping[str, Any]) -> "BuildReport":
        """The report that `to_json` wrote into a bank's provenance."""
        return cls(
            bank=bank,
            n_recordings=values["recordings"],
            n_notes=values["notes"],
            skips=[
                Skip(skip["file"], SkipReason(skip["reason"]), skip["detail"]) for skip in values["skips"]
            ],
            corrections=[Correction(note["file"], note["detail"]) for note in values["corrections"]],
            offsets=[PitchOffset(**offset) for offset in values.get("offsets", [])],
            clipped={note["file"]: note["samples"] for note in values.get("clipped", [])},
            format=values.get("format", ""),
            chosen_because=values.get("chosen_because", ""),
            remarks=values.get("remarks", []),
        )


@dataclass(frozen=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        stage: `reading` recordings, then `writing` the bank.
        done: Recordings or notes done, of this run and of interrupted ones before it.
        total: Recordings or notes in all.
        resumed: Of `done`, those that an earlier, interrupted run had done: no measure of speed.
        skipped: Skipped so far, by reason.
    """

    stage: str
    done: int
    total: int
    resumed: int = 0
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)


@dataclass(frozen=True)
class BuildFinished:
    """The last event of a build.

    Attributes:
        report: What became of every recording.
        was_there: Whether the very same bank was there already, and nothing had to be done.
    """

    report: BuildReport
    was_there: bool = False


BuildEvent = BuildProgress | BuildFinished
