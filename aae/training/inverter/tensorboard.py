"""The training of an inverter in TensorBoard: curves, pictures and sounds of notes and their recordings."""

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from aae.training.events import Validated
from aae.training.previews import InverterPreview
from aae.training.tensorboard import EventLog, side_by_side, write_sound
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class InverterLog(EventLog):
    """The log of an inverter's training; see `EventLog`."""

    def __init__(self, folder: Path, config: SpectrogramConfig, every: int = 2) -> None:
        super().__init__(folder, config, every)
        self._spectrogram = Spectrogram(config)
        self._recorded: set[str] = set()

    def write_previews(self, writer: "SummaryWriter", event: Validated) -> None:
        """A picture of each note, recorded and inverted, and both sounds; the recording's only once."""
        for preview in event.previews:
            if not isinstance(preview, InverterPreview):
                continue
            writer.add_image(preview.name, self.picture(preview), event.step)
            write_sound(writer, f"{preview.name}/made", preview.made, event.step, self.config)
            if preview.name not in self._recorded:
                write_sound(writer, f"{preview.name}/recorded", preview.target, event.step, self.config)
                self._recorded.add(preview.name)

    def picture(self, preview: InverterPreview) -> Tensor:
        """Log-mels of the recording and of the inverter's output; see `side_by_side`."""
        waveforms = (preview.target, preview.made)
        return side_by_side([self._spectrogram(waveform[None])[0] for waveform in waveforms], self.config)
