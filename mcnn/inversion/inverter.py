"""The contract of everything that turns a log-mel spectrogram into a waveform."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from mcnn.spectral.config import SpectrogramConfig


@dataclass(frozen=True)
class InverterConditioning:
    """Knowledge of notes beyond their log-mels, which an inverter may use. Everything may be left open."""

    f0_hz: Tensor | None = None
    """`(batch, frames)`, the fundamental frequency; 0 where there is no pitch."""
    inharmonicity: Tensor | None = None
    """`(batch,)`, Fletcher's coefficient B: partial k lies at `k f0 sqrt(1 + B k²)`; None is 0."""
    noise: Tensor | None = None
    """`(batch, mels, frames)`, share of the magnitude that is noise of which the log-mel shows the mean, 0 to
    1; None where the log-mel itself fluctuates as noise does, as a recording's."""

    seeds: tuple[int, ...] = ()
    """One for each note, of what is random in it: its noise; () takes 0, 1, 2 ..."""
    onsets: tuple[float, ...] = ()
    """For each note the frame in which its attack begins, where a decoder made the log-mel: it cannot know
    what partials do within a window, so that of the attack's frames no more than the envelope is to be
    trusted; () where log-mels are recordings'."""

    def one(self, index: int, frames: int | None = None) -> "InverterConditioning":
        """The conditioning of one note, batch 1, cut to its frames."""
        return InverterConditioning(
            None if self.f0_hz is None else self.f0_hz[index : index + 1, :frames],
            None if self.inharmonicity is None else self.inharmonicity[index : index + 1],
            None if self.noise is None else self.noise[index : index + 1, :, :frames],
            (self.seed(index),),
            self.onsets[index : index + 1],
        )

    def seed(self, index: int) -> int:
        """The seed of one note."""
        return self.seeds[index] if self.seeds else index


NO_CONDITIONING = InverterConditioning()


class Inverter(nn.Module, ABC):
    """Turns log-mel spectrograms into waveforms. Its whole content is a shape contract.

    Args:
        config: The front end that the log-mels come from.
    """

    name: ClassVar[str]
    """Its name on the command line."""
    uses_noise: ClassVar[bool] = False
    """Whether it makes noise fluctuate itself, by `conditioning.noise`."""
    can_stream: ClassVar[bool] = False
    """Whether it plays notes frame by frame: whether it is a `mcnn.streaming.contract.StreamingInverter`."""

    def __init__(self, config: SpectrogramConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        """Waveforms of log-mels.

        Args:
            log_mel: `(batch, mels, frames)`.
            conditioning: What else is known; an inverter uses what it can.

        Returns:
            `(batch, frames * hop_length)`. Where all frames that reach a sample are silent, it is exactly 0.
        """

    def variants(self) -> "dict[str, Inverter]":
        """Other ways of computing the same, to be compared with this one, by a word for each; mostly none."""
        return {}

    def require_log_mel(self, log_mel: Tensor) -> None:
        """Refuses what is no batch of log-mels of this front end.

        Raises:
            ValueError: If the shape is not `(batch, mels, frames)`.
        """
        if log_mel.ndim != 3 or log_mel.shape[1] != self.config.n_mels:
            raise ValueError(
                f"log-mel of shape {tuple(log_mel.shape)}; expected (batch, {self.config.n_mels}, frames)"
            )
