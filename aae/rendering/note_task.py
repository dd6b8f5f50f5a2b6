"""One file to make as a value, and the contract of who makes many of them.

Every note is made alone and with one thread, so that a file's bytes depend neither on how many make the set
nor on where an earlier run stopped.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from aae.model.coverage import strongest
from aae.notes import technique_words
from aae.rendering.note_file import NoteFile, make_note_file
from aae.rendering.output import OutputSettings
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer


@dataclass(frozen=True)
class NoteTask:
    """One file to make, in words that another process understands.

    Attributes:
        request: What the synthesizer is asked for.
        sample_rate: Of the model's sound, in Hz.
        output: How it is written.
        description: A few words for the file.
    """

    request: NoteRequest
    sample_rate: int
    output: OutputSettings
    description: str


def make_note(synthesizer: Synthesizer, task: NoteTask) -> NoteFile:
    """Renders one note and finishes its file."""
    (waveform,) = synthesizer.render([task.request])
    return make_note_file(
        waveform,
        task.sample_rate,
        task.request.midi_pitch,
        task.output,
        held=is_sustained(task.request.mix.get("technique", {})),
        description=task.description,
        seed=task.request.seed,
    )


def is_sustained(technique: Mapping[str, float]) -> bool:
    """Whether a technique is one that goes on as long as the player wants, as far as its name tells."""
    return technique_words.is_sustained(strongest(technique)) if technique else True


class NoteRenderer(ABC):
    """Makes the files of notes."""

    @abstractmethod
    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """Yields the files of all tasks, in their order."""


class SerialRenderer(NoteRenderer):
    """Makes notes in this process, one at a time.

    Args:
        synthesizer: The opened model.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    def make(self, tasks: Sequence[NoteTask]) -> Generator[NoteFile, None, None]:
        """Yields the files of all tasks, in their order."""
        for task in tasks:
            yield make_note(self._synthesizer, task)
