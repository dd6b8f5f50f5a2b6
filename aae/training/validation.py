"""The averaged model on whole splits: its scores on validation notes, the latents of training notes."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from aae.model.autoencoder import AutoEncoder
from aae.training.data import Batch, TrainingNotes
from aae.training.devices import choose_precision
from aae.training.losses import f0_l1, masked_l1
from aae.training.objective import decode_notes, texture_distance
from aae.training.recipe import Config
from aae.training.texture import TextureLoss

BATCH_SIZE = 64
MAX_NOTES = 640


def batches_by_length(
    notes: TrainingNotes, max_notes: int | None = None
) -> Iterator[tuple[Batch, npt.NDArray[np.int64]]]:
    """All notes of a split, or an even spread of them, in batches of like length.

    Args:
        notes: The split.
        max_notes: How many notes at most.

    Yields:
        A batch and its rows, the positions `(batch,)` in the split.
    """
    rows = np.arange(len(notes))
    if max_notes is not None and len(rows) > max_notes:
        rows = rows[np.linspace(0, len(rows) - 1, max_notes).astype(int)]
    lengths = np.array([notes.log_mels[row].shape[1] for row in rows])
    rows = rows[np.argsort(lengths, kind="stable")]
    for start in range(0, len(rows), BATCH_SIZE):
        chunk = rows[start : start + BATCH_SIZE]
        yield notes.batch(chunk), chunk


@torch.inference_mode()
def validate(
    model: AutoEncoder,
    notes: TrainingNotes,
    config: Config,
    device: torch.device,
    texture: TextureLoss,
) -> dict[str, float]:
    """Mean reconstruction error, f0 error and distance of textures over the split.

    Args:
        model: In evaluation mode.
        notes: The validation split.
        config: The recipe.
        device: Where the model is.
        texture: Compares textures where they are part of the objective.

    Returns:
        Metric name to value; an empty split scores NaN. `validation/objective` is what is to be small.
    """
    sums = {"validation/reconstruction": 0.0, "validation/deviation_cents": 0.0, "validation/texture": 0.0}
    count = 0
    precision = choose_precision(config.training.precision, device.type)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
        for batch, rows in batches_by_length(notes, MAX_NOTES):
            batch = batch.to(device)
            decoded = decode_notes(model, batch)
            mask = batch.performance.mask(batch.log_mel.shape[2])
            error = masked_l1(decoded.log_mel.float(), batch.log_mel, mask)
            sums["validation/reconstruction"] += float(error) * len(rows)
            if decoded.deviation_cents is not None:
                cents = 100 * f0_l1(decoded.deviation_cents, batch.deviation_cents, batch.voiced)
                sums["validation/deviation_cents"] += float(cents) * len(rows)
            if config.losses.texture:
                sums["validation/texture"] += float(texture_distance(texture, decoded, batch, 0)) * len(rows)
            count += len(rows)
    metrics = {name: total / count if count else float("nan") for name, total in sums.items()}
    metrics["validation/objective"] = (
        config.losses.reconstruction * metrics["validation/reconstruction"]
        + config.losses.texture * metrics["validation/texture"]
    )
    metrics["validation/mean_error_db"] = metrics["validation/reconstruction"] * 20.0
    return metrics


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
    columns: dict[str, npt.NDArray[np.generic]] = {"latent": np.zeros((len(notes), 0), np.float32)}
    for batch, rows in batches_by_length(notes):
        batch = batch.to(device)
        encoded = model.encoder.encode(batch.log_mel, batch.performance.mask(batch.log_mel.shape[2]))
        for name, points in (("latent", encoded.latent), ("take", encoded.take)):
            if points is None:
                continue
            if name not in columns or not columns[name].shape[1]:
                columns[name] = np.zeros((len(notes), points.shape[1]), np.float32)
            columns[name][rows] = points.float().cpu().numpy()
    labels = {name: column.astype(np.int16) for name, column in notes.labels.items()}
    return {**columns, "midi_pitch": notes.midi_pitch.astype(np.int16), **labels}
