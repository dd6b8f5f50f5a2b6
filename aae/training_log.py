"""A training run in TensorBoard: curves, spectrogram pictures and sounds, from the trainer's events."""

from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from aae.previews import Preview
from aae.training_events import Event, Finished, Progress, Started, Validated
from mcnn.config import SpectrogramConfig
from mcnn.griffin_lim import GriffinLim

PREVIEW_ITERATIONS = 8
"""Griffin-Lim iterations of a preview: quick, and good enough to judge by."""


class TrainingLog:
    """Writes events into a folder that TensorBoard reads.

    Args:
        folder: The run folder; the log goes to `tensorboard` in it.
        config: The front end of the run's NoteBank.
        every_epochs: How often pictures and sounds are written; curves always are.
    """

    def __init__(self, folder: Path, config: SpectrogramConfig, every_epochs: int = 5) -> None:
        self._folder = folder / "tensorboard"
        self._config = config
        self._every_epochs = every_epochs
        self._inverter = GriffinLim(config, iterations=PREVIEW_ITERATIONS)
        self._writer: SummaryWriter | None = None

    def consume(self, event: Event) -> None:
        """Writes one event."""
        if isinstance(event, Started):
            purge_step = event.step + 1 if event.step else None
            self._writer = SummaryWriter(str(self._folder), purge_step=purge_step)
        if self._writer is None:
            return
        if isinstance(event, Progress | Validated):
            for name, value in event.metrics.items():
                self._writer.add_scalar(name, value, event.step)
        if isinstance(event, Validated) and event.epoch % self._every_epochs == 0:
            self._write_previews(self._writer, event)
        if isinstance(event, Finished):
            self._writer.close()

    def _write_previews(self, writer: SummaryWriter, event: Validated) -> None:
        for preview in event.previews:
            writer.add_image(preview.name, picture(preview, self._config), event.step)
            for kind in ("reconstruction", "variation"):
                waveform = self._inverter(getattr(preview, kind)[None])[0]
                waveform = waveform / waveform.abs().max().clamp_min(1e-6) * 0.9
                writer.add_audio(f"{preview.name}/{kind}", waveform, event.step, self._config.sample_rate)


def picture(preview: Preview, config: SpectrogramConfig) -> torch.Tensor:
    """Recording, reconstruction and variation side by side, low notes below.

    Args:
        preview: The note.
        config: Its front end.

    Returns:
        `(1, mels, 3 * frames + gaps)`, brightness 0 to 1.
    """
    floor = float(np.log10(config.log_floor))
    gap = torch.full((config.n_mels, 4), 0.0)
    images = [preview.target, gap, preview.reconstruction, gap, preview.variation]
    return (1 - torch.cat(images, 1).clamp(floor, 0) / floor).flip(0)[None]
