"""Where the training notes lie in the latent space."""

import numpy as np
import numpy.typing as npt
import torch

from aae.model.autoencoder import AutoEncoder
from aae.training.data import TrainingNotes
from aae.training.validation import batches_by_length


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
        indices `(notes,)` int16: the points of the 3-D view and what colours them; `take` `(notes, take)`
        float32 where the model has takes.
    """
    found: dict[str, npt.NDArray[np.generic]] = {"latent": np.zeros((len(notes), 0), np.float32)}
    for batch, rows in batches_by_length(notes):
        batch = batch.to(device)
        encoded = model.encoder.encode(batch.log_mel, batch.performance.mask(batch.log_mel.shape[2]))
        for name, points in (("latent", encoded.latent), ("take", encoded.take)):
            if points is None:
                continue
            if name not in found or not found[name].shape[1]:
                found[name] = np.zeros((len(notes), points.shape[1]), np.float32)
            found[name][rows] = points.float().cpu().numpy()
    labels = {name: column.astype(np.int16) for name, column in notes.labels.items()}
    return {**found, "midi_pitch": notes.midi_pitch.astype(np.int16), **labels}
