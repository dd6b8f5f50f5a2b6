"""What a model was trained on: combinations of labels, and the notes of each."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from aae.model.conditioning import Mix
from aae.notes.bank import NoteBank, Split
from mcnn.plain import Settings


def strongest(weights: Mapping[str, float]) -> str:
    """The label with the largest weight; the first of equals."""
    return max(weights, key=lambda label: weights[label])


def strongest_labels(mix: Mix) -> dict[str, str | None]:
    """Each attribute's label with the largest weight; None where none has one."""
    return {name: strongest(weights) if weights else None for name, weights in mix.items()}


class Combination(Settings):
    """One combination of labels that was trained, and the notes it was trained on."""

    labels: tuple[str | None, ...]
    """One an attribute, in the coverage's order; None where it was not given."""
    low: int
    """Lowest MIDI pitch; -1 for unpitched sounds."""
    high: int
    count: int


class Coverage(Settings):
    """Which combinations of labels, and which notes of each, were in the training data."""

    attributes: tuple[str, ...]
    combinations: tuple[Combination, ...]

    @classmethod
    def of_bank(cls, bank: NoteBank) -> "Coverage":
        """Reads the coverage off a bank's training split."""
        names = tuple(bank.attributes)
        pitches: dict[tuple[str | None, ...], list[int]] = {}
        for i in np.flatnonzero(bank.split == Split.TRAIN):
            indices = (int(bank.labels[name][i]) for name in names)
            labels = tuple(
                bank.attributes[name][k] if k >= 0 else None for name, k in zip(names, indices, strict=True)
            )
            pitches.setdefault(labels, []).append(int(bank.midi_pitch[i]))
        rows = [
            Combination(labels=labels, low=min(notes), high=max(notes), count=len(notes))
            for labels, notes in sorted(pitches.items(), key=lambda item: str(item[0]))
        ]
        return cls(attributes=names, combinations=tuple(rows))

    def matching(self, mix: Mix) -> list[Combination]:
        """Combinations that hold the strongest label of every attribute of a mix."""
        wanted = {
            self.attributes.index(name): strongest(weights)
            for name, weights in mix.items()
            if any(weights.values())
        }
        return [
            row for row in self.combinations if all(row.labels[i] == label for i, label in wanted.items())
        ]

    def most_frequent(self, attribute: str, mix: Mix) -> str | None:
        """The label of an attribute that occurs most often together with a mix, if any does."""
        column = self.attributes.index(attribute)
        counts: Counter[str] = Counter()
        for row in self.matching(mix):
            label = row.labels[column]
            if label is not None:
                counts[label] += row.count
        return counts.most_common(1)[0][0] if counts else None

    def usual(self, attribute: str, mix: Mix) -> str | None:
        """The most frequent label beside a mix, giving up its last attributes first where nothing matches."""
        given = list(mix)
        for kept in range(len(given), -1, -1):
            label = self.most_frequent(attribute, {name: mix[name] for name in given[:kept]})
            if label is not None:
                return label
        return None

    def pitch_range(self, mix: Mix) -> tuple[int, int] | None:
        """Lowest and highest MIDI pitch trained with a mix's strongest labels; None if none was."""
        rows = [row for row in self.matching(mix) if row.low >= 0]
        return (min(row.low for row in rows), max(row.high for row in rows)) if rows else None

    def is_trained(self, midi_pitch: int | None, mix: Mix) -> bool:
        """Whether the training data had the mix's strongest labels together, around this note."""
        if midi_pitch is None:
            return any(row.low < 0 for row in self.matching(mix))
        bounds = self.pitch_range(mix)
        return bounds is not None and bounds[0] <= midi_pitch <= bounds[1]
