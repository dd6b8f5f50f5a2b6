"""Where the training notes lie in the latent space."""

import numpy as np
import numpy.typing as npt
import torch

from aae.data import TrainingNotes
from aae.model import AutoEncoder
from aae.validation import batches_by_length


@torch.inference_mode()
def training_latents(
    model: AutoEncoder, notes: TrainingNotes, device: torch.device
) -> dict[str, npt.NDArray[np.generic]]:
    """Encodes a whole split.

    Args:
        model: In evaluation mode.
        notes: The training split.
        device: Where the model is.

    Returns:
        `latent` `(notes, latent)` float32, `midi_pitch` `(notes,)` int16 and, by attribute name, label
        indices `(notes,)` int16: the points of the 3-D view and what colours them.
    """
    latents = np.zeros((len(notes), 0), np.float32)
    for batch, rows in batches_by_length(notes):
        batch = batch.to(device)
        latent = (
            model.encoder(batch.log_mel, batch.performance.mask(batch.log_mel.shape[2])).float().cpu().numpy()
        )
        if not latents.shape[1]:
            latents = np.zeros((len(notes), latent.shape[1]), np.float32)
        latents[rows] = latent
    labels = {name: column.astype(np.int16) for name, column in notes.labels.items()}
    return {"latent": latents, "midi_pitch": notes.midi_pitch.astype(np.int16), **labels}
