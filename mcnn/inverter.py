"""The contract of everything that turns a log-mel spectrogram into a waveform."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from mcnn.config import SpectrogramConfig


class Inverter(nn.Module, ABC):
    """Turns log-mel spectrograms into waveforms. Its whole content is a shape contract.

    Args:
        config: The front end that the log-mels come from.
    """

    name: ClassVar[str]
    """What the command line calls it."""

    def __init__(self, config: SpectrogramConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, log_mel: Tensor) -> Tensor:
        """Waveforms of log-mels.

        Args:
            log_mel: `(batch, mels, frames)`.

        Returns:
            `(batch, frames * hop_length)`. Where all frames that reach a sample are silent, it is exactly 0.
        """
