"""The contract of what plays notes, and its state at a moment, wherever the sound is made."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from aae.synthesis.finishing import RELEASE_S
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats


@dataclass(frozen=True)
class Device:
    """Where the sound goes."""

    name: str
    is_silent: bool = False
    why: str = ""
    """Why it is silent."""


@dataclass(frozen=True)
class SoundStatus:
    """State of an engine at a moment."""

    device: Device
    is_streaming: bool = True
    """Whether notes sound while they are made."""
    n_sounding: int = 0
    """Notes that sound."""
    n_dropouts: int = 0
    """Blocks that came too late."""
    n_stolen: int = 0
    """Notes that ended early because there were too many to be made in time."""
    peak: float = 0.0
    """Largest sample since the last status."""
    playhead_s: float | None = None
    """Position in the last note of what is heard now; None before its beginning and after its end."""
    latency_s: float | None = None
    """From the last note's key to its first sample being handed to the device; None until then."""


class SoundEngine(Protocol):
    """Plays notes of one model, in this process or in one of its own; any thread may call it."""

    sample_rate: int

    @property
    def volume(self) -> float:
        """Factor of all that is heard."""

    @volume.setter
    def volume(self, factor: float) -> None: ...

    def start(self) -> None:
        """Begins to play."""

    def close(self) -> None:
        """Ends its threads, its device and its process."""

    def status(self) -> SoundStatus:
        """Its state now; `peak` is that since the last call."""

    def note_on(self, key: Hashable, request: NoteRequest, gain: float = 1.0) -> object:
        """Presses a key; one that is down already begins anew."""

    def note_off(self, key: Hashable, release_s: float = RELEASE_S) -> None:
        """Lets a key go."""

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""

    def play(self, key: Hashable, waveform: Floats) -> object:
        """Plays a waveform `(samples,)` as if it were a note."""

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a note that sounds over to another sound, at the same place in time."""
