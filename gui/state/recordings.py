"""A person's own recordings, read, prepared and encoded as `clariolin transform` does. Qt-free."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aae.analysis.recording_file import UnreadableError, read_mono
from aae.analysis.trimming import shorten
from aae.transform.note_analysis import NoteAnalyser
from mcnn.compiled import Floats
from mcnn.errors import InputError

READ = 0.2
"""Share of the whole work when the file is read; the rest analyses its note."""


@dataclass(frozen=True)
class Recording:
    """One recording as the model sees it."""

    path: Path
    waveform: Floats
    """`(samples,)`, the note at its recorded level, as it is heard beside its variations."""
    latent: tuple[float, ...]
    measured_pitch: float | None
    """Fractional MIDI number; None if no pitch was detected."""
    midi_pitch: int | None
    """The pitch that its variations get; a person may correct it."""
    take: tuple[float, ...] = ()
    """What tells it from other takes of the same point; () where the model has no takes."""

    @property
    def name(self) -> str:
        """What the list of recordings calls it."""
        return self.path.stem


def read_recording(
    path: Path, analyser: NoteAnalyser, on_progress: Callable[[float], object] = lambda _share: None
) -> Recording:
    """Opens a recording of one note.

    Args:
        path: Anything that libsndfile reads.
        analyser: Measures notes for the model that encodes it.
        on_progress: Called with the share of the work that is done, 0 to 1.

    Raises:
        InputError: If it cannot be read, or is silent.
    """
    try:
        sound = read_mono(path, analyser.config.sample_rate)
    except UnreadableError as error:
        raise InputError(f"{path.name} cannot be read: {error.reason}") from error
    on_progress(READ)
    note = analyser.measure_alone(sound.waveform)
    if note is None:
        raise InputError(f"{path.name} is silent: give a recording of a note")
    on_progress(1.0)
    measured_pitch = None
    if note.midi_pitch is not None and note.tuning_cents is not None:
        measured_pitch = note.midi_pitch + note.tuning_cents / 100.0
    waveform = shorten(note.waveform, analyser.config.sample_rate, analyser.config.max_samples)
    return Recording(path, waveform, note.latent, measured_pitch, note.midi_pitch, note.take)
