"""The request for one note, as a value that every part which makes sound takes."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class NoteRequest:
    """One note to make.

    Args:
        midi_pitch: MIDI number, or None for an unpitched sound.
        mix: Attribute to label to weight, 0 or more.
        latent: A point of the latent space.
        seed: Of everything that differs between two takes of the same point: the take, noise, start of a
            vibrato, drift of the pitch.
        take: What tells a take from others, as the encoder reads it from a recording; drawn by the seed if
            not given.
        tuning_cents: How far the note is from the equal-tempered one, A4 = 440 Hz.
    """

    midi_pitch: int | None
    mix: Mapping[str, Mapping[str, float]]
    latent: tuple[float, ...]
    seed: int = 0
    take: tuple[float, ...] | None = None
    tuning_cents: float = 0.0
