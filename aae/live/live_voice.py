"""A note between its key and its end, as the engine keeps it. Qt-free."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from aae.live.envelope import Envelope
from aae.live.note_sources import Source
from aae.synthesis.request import NoteRequest


@dataclass(eq=False)
class LiveVoice:
    """One note from its key to its end."""

    key: Hashable
    request: NoteRequest | None
    """None for a waveform that was given."""
    gain: float
    asked_s: float
    """When, by `time.perf_counter`."""
    start_s: float = 0.0
    """Where in the note it begins."""
    follows: "LiveVoice | None" = None
    """The note that fades over to it."""
    source: Source | None = None
    envelope: Envelope | None = None
    first_sample: int = -1
    """Its first sample's number in the output."""
    heard_s: float = 0.0
    """When that was handed to the device."""
    is_released: bool = False
    is_stopped: bool = False
    failure: str | None = field(default=None)
