"""The contract of inverters that can be played: whoever keeps it can be heard live, whatever is inside."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from mcnn.compiled import Floats
from mcnn.inversion.inverter import Inverter, InverterConditioning
from mcnn.network.config import Precision
from mcnn.spectral.config import SpectrogramConfig


class VoiceBank(ABC):
    """A fixed number of notes that are inverted together, each by its own frames.

    A note is known by its number. However its frames and samples are split, its samples are those of
    `Inverter.forward` for the whole note. `mcnn.streaming.voices` makes of it what players use.

    Args:
        config: The front end that the log-mels come from.
        lookahead: Frames that must have arrived after those of which samples are made.
    """

    def __init__(self, config: SpectrogramConfig, lookahead: int) -> None:
        self.config = config
        self.lookahead = lookahead

    @abstractmethod
    def begin(self, voice: int) -> None:
        """Begins a note in place of another one."""

    @abstractmethod
    def push(self, voice: int, log_mel: Tensor, conditioning: InverterConditioning) -> None:
        """Takes in a note's next frames: `(1, mels, frames)`, on the CPU, and what is known of them."""

    @abstractmethod
    def finish(self, voice: int) -> None:
        """Says that a note has all its frames."""

    @abstractmethod
    def is_over(self, voice: int) -> bool:
        """Whether all samples of a note were read."""

    @abstractmethod
    def n_ready(self, voice: int) -> int:
        """Samples that can be read of a note before more frames must be pushed."""

    @abstractmethod
    def n_frames_for(self, n_samples: int) -> int:
        """Frames to push before so many samples of a note, from its beginning, can be read."""

    @abstractmethod
    def read(self, voices: Sequence[int], rows: Sequence[Floats]) -> list[int]:
        """Writes the next samples of some notes.

        Args:
            voices: Which, each once.
            rows: Where to, `(samples,)` for each of them.

        Returns:
            How many samples each row got: fewer than it holds where a note is over or frames are lacking.
        """


class StreamingInverter(Inverter):
    """An inverter whose notes can sound while their frames are still being made."""

    can_stream: ClassVar[bool] = True

    @abstractmethod
    def voice_bank(self, n_voices: int, precision: Precision | None = None) -> VoiceBank:
        """Memory for notes that are played together; the inverter's weights must not change meanwhile.

        Args:
            n_voices: Notes at once.
            precision: What large layers are computed in; the inverter's own if not given.
        """
