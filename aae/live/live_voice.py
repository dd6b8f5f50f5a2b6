"""One note from its key to its end, as the engine keeps it."""

from collections.abc import Hashable
from dataclasses import dataclass

from aae.live.envelope import Envelope
from aae.live.note_sources import Source
from aae.synthesis.request import NoteRequest


@dataclass(eq=False)
class LiveVoice:
    """One note from its key to its end.

    Made by the thread that presses the key; the producer thread alone changes it from then on, but for
    `heard_s`, which the device's thread writes once. Others only read.
    """

    key: Hashable
    request: NoteRequest | None
    """None for a waveform that was given."""
    gain: float
    """Factor of its samples."""
    pressed_s: float
    """When its key went down, by `time.perf_counter`."""
    start_s: float = 0.0
    """Where in the note it begins, in seconds from the note's own beginning."""
    follows: "LiveVoice | None" = None
    """The voice that fades over to this one; None again once it does."""
    source: Source | None = None
    """Where its samples come from; None until it sounds."""
    envelope: Envelope | None = None
    first_sample: int = -1
    """Number of its first sample in the output; -1 until it sounds."""
    heard_s: float = 0.0
    """When that sample was handed to the device, by `time.perf_counter`; 0 until then."""
    is_released: bool = False
    is_stopped: bool = False
    """Whether it ends at once, not with its release."""
