"""The condition c: note class and any number of categorical attributes, as one vector.

A note class is two one-hots, 12 semitones and 9 octaves (one continuous pitch input is known to fail; paper,
section 4). An attribute is a mix: any non-negative weights over its labels. Not given means all zeros.
"""

import difflib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mcnn.errors import InputError

N_SEMITONES = 12
N_OCTAVES = 9
NOTE_WIDTH = N_SEMITONES + N_OCTAVES
"""Numbers of a note class."""
MIN_MIDI_PITCH = 12
MAX_MIDI_PITCH = MIN_MIDI_PITCH + N_SEMITONES * N_OCTAVES - 1

Mix = Mapping[str, Mapping[str, float]]
"""Attribute name to label to weight."""


class Condition:
    """A batch of conditions in the parts that models use.

    Args:
        midi_pitch: `(batch,)`, −1 for unpitched sounds.
        weights: Attribute name to `(batch, labels)`.
    """

    def __init__(self, midi_pitch: Tensor, weights: Mapping[str, Tensor]) -> None:
        self.midi_pitch = midi_pitch
        self.weights = dict(weights)

    def note(self) -> Tensor:
        """Semitone and octave one-hots `(batch, NOTE_WIDTH)`; zeros for unpitched sounds."""
        step = (self.midi_pitch.long() - MIN_MIDI_PITCH).clamp(0, N_SEMITONES * N_OCTAVES - 1)
        semitone = torch.nn.functional.one_hot(step % N_SEMITONES, N_SEMITONES)
        octave = torch.nn.functional.one_hot(step // N_SEMITONES, N_OCTAVES)
        pitched = (self.midi_pitch >= 0)[:, None]
        return torch.cat([semitone, octave], 1).float() * pitched

    def f0_hz(self) -> Tensor:
        """Equal-tempered frequency `(batch,)`, A4 = 440 Hz; 0 for unpitched sounds."""
        return torch.where(self.midi_pitch >= 0, 440.0 * 2 ** ((self.midi_pitch.float() - 69) / 12), 0.0)

    def one(self, index: int) -> "Condition":
        """The condition of one note, batch 1."""
        row = slice(index, index + 1)
        return Condition(self.midi_pitch[row], {name: weight[row] for name, weight in self.weights.items()})

    @staticmethod
    def join(conditions: "Sequence[Condition]") -> "Condition":
        """One batch of several conditions of the same attributes."""
        names = conditions[0].weights
        return Condition(
            torch.cat([condition.midi_pitch for condition in conditions]),
            {name: torch.cat([condition.weights[name] for condition in conditions]) for name in names},
        )

    def to(self, device: torch.device) -> "Condition":
        """The same condition on another device."""
        return Condition(
            self.midi_pitch.to(device), {name: weight.to(device) for name, weight in self.weights.items()}
        )


class Vocabulary:
    """The labels of every attribute, in the order of the weights.

    Args:
        attributes: Attribute name to its labels.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]]) -> None:
        self.attributes = {name: tuple(labels) for name, labels in attributes.items()}

    def sizes(self) -> dict[str, int]:
        """Number of labels of each attribute."""
        return {name: len(labels) for name, labels in self.attributes.items()}

    def check(self, mix: Mix) -> None:
        """Refuses attributes, labels and weights that the model cannot take.

        Raises:
            InputError: Naming the nearest known words.
        """
        for name, weights in mix.items():
            if name not in self.attributes:
                raise InputError(f"no attribute '{name}'; the model knows {', '.join(self.attributes)}")
            for label, weight in weights.items():
                if label not in self.attributes[name]:
                    raise InputError(f"no {name} '{label}'; {nearest(label, self.attributes[name])}")
                if not 0 <= weight < float("inf"):
                    raise InputError(f"{name} '{label}' has weight {weight:g}; weights are 0 or more")
            if weights and not any(weights.values()):
                raise InputError(f"all weights of {name} are 0; at least one must be more")

    def encode(self, midi_pitch: Sequence[int | None], mixes: Sequence[Mix]) -> Condition:
        """The condition of a batch of notes.

        Args:
            midi_pitch: One per note; None for an unpitched sound.
            mixes: One per note.

        Raises:
            InputError: For unknown words, bad weights, or notes outside C0 to B8.
        """
        weights = {name: torch.zeros(len(mixes), len(labels)) for name, labels in self.attributes.items()}
        for row, mix in enumerate(mixes):
            self.check(mix)
            for name, labels in mix.items():
                for label, weight in labels.items():
                    weights[name][row, self.attributes[name].index(label)] = weight
        for pitch in midi_pitch:
            if pitch is not None and not MIN_MIDI_PITCH <= pitch <= MAX_MIDI_PITCH:
                raise InputError(
                    f"MIDI note {pitch} is outside C0 to B8 ({MIN_MIDI_PITCH} to {MAX_MIDI_PITCH})"
                )
        return Condition(torch.tensor([-1 if p is None else p for p in midi_pitch]), weights)


def nearest(word: str, known: Sequence[str], most: int = 3) -> str:
    """A phrase that names the known words nearest to a misspelt one."""
    close = difflib.get_close_matches(word, known, most, 0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known)}"
