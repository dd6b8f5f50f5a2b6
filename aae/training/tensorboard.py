"""A training run in TensorBoard: curves, spectrogram pictures and sounds, from the trainer's events."""

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from aae.notes.bank import NoteBank
from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.previews import Preview
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.spectral.config import SpectrogramConfig

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

PREVIEW_ITERATIONS = 8
"""Griffin-Lim iterations of a preview: quick, and good enough to judge by."""
PEAK = 0.9
"""Of every sound that is written."""


class EventLog(ABC):
    """Writes a trainer's events into a folder that TensorBoard reads.

    Args:
        folder: The run folder; the log goes to `tensorboard` in it.
        config: The front end of the run's NoteBank.
        every: How many validations apart pictures and sounds are written; curves always are.
    """

    def __init__(self, folder: Path, config: SpectrogramConfig, every: int = 5) -> None:
        self.config = config
        self._folder = folder / "tensorboard"
        self._every = every
        self._writer: SummaryWriter | None = None

    def consume(self, event: Event) -> None:
        """Writes one event."""
        if isinstance(event, Started):
            self._writer = self._open(event)
        if self._writer is None:
            return
        if isinstance(event, Progress | Validated):
            for name, value in event.metrics.items():
                self._writer.add_scalar(name, value, event.step)
        if isinstance(event, Validated) and event.epoch % self._every == 0:
            self.write_previews(self._writer, event)
        if isinstance(event, Finished):
            self._writer.close()

    @abstractmethod
    def write_previews(self, writer: "SummaryWriter", event: Validated) -> None:
        """Writes the pictures and sounds of one validation."""

    def _open(self, event: Started) -> "SummaryWriter":
        # Here rather than above: the command line names the logs where TensorBoard may not be installed.
        from torch.utils.tensorboard import SummaryWriter

        purge_step = event.step + 1 if event.step else None
        return SummaryWriter(str(self._folder), purge_step=purge_step)


class TrainingLog(EventLog):
    """The log of an auto-encoder's training; see `EventLog`."""

    def __init__(self, folder: Path, config: SpectrogramConfig, every: int = 5) -> None:
        super().__init__(folder, config, every)
        self._inverter = GriffinLim(config, iterations=PREVIEW_ITERATIONS)

    def write_previews(self, writer: "SummaryWriter", event: Validated) -> None:
        """Pictures of the notes; sounds of reconstruction and variation."""
        for preview in event.previews:
            if isinstance(preview, Preview):
                writer.add_image(preview.name, picture(preview, self.config), event.step)
                for kind in ("reconstruction", "variation"):
                    waveform = self._inverter(getattr(preview, kind)[None])[0]
                    write_sound(writer, f"{preview.name}/{kind}", waveform, event.step, self.config)


def open_log(kind: type[EventLog], bank_path: Path, folder: Path) -> EventLog | None:
    """The TensorBoard log of a training; None where TensorBoard is not installed.

    Args:
        kind: Of the training.
        bank_path: The NoteBank that is trained on.
        folder: The run folder.
    """
    if importlib.util.find_spec("tensorboard") is None:
        return None
    with NoteBank.open(bank_path) as bank:
        return kind(folder, bank.config)


def write_sound(
    writer: "SummaryWriter", name: str, waveform: torch.Tensor, step: int, config: SpectrogramConfig
) -> None:
    """Writes a waveform `(samples,)` as loud as it may be."""
    loud = waveform / waveform.abs().max().clamp_min(1e-6) * PEAK
    writer.add_audio(name, loud, step, config.sample_rate)


def picture(preview: Preview, config: SpectrogramConfig) -> torch.Tensor:
    """Recording, reconstruction and variation side by side; see `side_by_side`."""
    return side_by_side([preview.target, preview.reconstruction, preview.variation], config)


def side_by_side(log_mels: Sequence[torch.Tensor], config: SpectrogramConfig) -> torch.Tensor:
    """A picture of log-mels beside one another, low notes below.

    Args:
        log_mels: `(mels, frames)` each.
        config: Their front end.

    Returns:
        `(1, mels, frames + gaps)`, brightness 0 to 1.
    """
    floor = float(np.log10(config.log_floor))
    gap = torch.full((config.n_mels, 4), 0.0)
    images = [part for log_mel in log_mels for part in (gap, log_mel)][1:]
    return (1 - torch.cat(images, 1).clamp(floor, 0) / floor).flip(0)[None]
