"""What a model under training sounds and looks like: validation notes, reconstructed and varied."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aae.data import TrainingNotes
from aae.model import AutoEncoder
from aae.pitch_names import pitch_name


@dataclass(frozen=True)
class Preview:
    """One validation note beside what the model makes of it."""

    name: str
    """Its pitch and labels."""
    target: Tensor
    """`(mels, frames)`, log-mel of the recording."""
    reconstruction: Tensor
    """`(mels, frames)`, decoded from its own latent."""
    variation: Tensor
    """`(mels, frames)`, decoded from a random point of the prior."""


@torch.inference_mode()
def make_previews(
    model: AutoEncoder, notes: TrainingNotes, device: torch.device, n_notes: int = 6
) -> list[Preview]:
    """Previews of an even spread of a split, the same notes and random points every time.

    Args:
        model: In evaluation mode.
        notes: The validation split.
        device: Where the model is.
        n_notes: How many.
    """
    if not len(notes):
        return []
    order = np.lexsort([notes.midi_pitch, *notes.labels.values()])
    rows = order[np.unique(np.linspace(0, len(notes) - 1, n_notes).astype(int))]
    batch = notes.batch(rows).to(device)
    latent, decoded, _ = model(batch.log_mel, batch.condition, batch.performance)
    point = torch.randn(latent.shape, generator=torch.Generator().manual_seed(0)).to(device)
    varied = model.decoder(point, batch.condition, batch.performance)
    previews = []
    for i, row in enumerate(rows):
        length = int(batch.performance.n_frames[i])
        images = (batch.log_mel, decoded.log_mel, varied.log_mel)
        previews.append(
            Preview(
                f"{i + 1} {_name(notes, int(row))}", *(image[i, :, :length].float().cpu() for image in images)
            )
        )
    return previews


def _name(notes: TrainingNotes, row: int) -> str:
    midi_pitch = int(notes.midi_pitch[row])
    words = [pitch_name(midi_pitch) if midi_pitch >= 0 else "unpitched"]
    words += [
        notes.attributes[name][labels[row]] for name, labels in notes.labels.items() if labels[row] >= 0
    ]
    return " ".join(words)
