"""Previews of networks under training: validation notes beside the networks' output."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.image
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.model.autoencoder import AutoEncoder
from aae.notes.bank import NoteBank
from aae.notes.pitch_names import pitch_name
from aae.training.data import TrainingNotes
from aae.training.objective import decode_notes
from mcnn.atomic import atomic_path
from mcnn.inversion.inverter import Inverter, InverterConditioning

PREVIEW_IMAGE = "preview.png"
"""Name of the picture in a run folder."""
MAX_DRAWN = 5
"""Notes of a picture."""
GAP_PIXELS = 6
DARK_LOG_MEL, BRIGHT_LOG_MEL = -4.0, -0.5
"""Ends of the picture's colours."""
BANDS_PER_PIXEL = 4


@dataclass(frozen=True)
class Preview:
    """One validation note, its reconstruction, and a new note at its pitch."""

    name: str
    """Its pitch and labels."""
    target: Tensor
    """`(mels, frames)`, log-mel of the recording."""
    reconstruction: Tensor
    """`(mels, frames)`, decoded from its own latent."""
    variation: Tensor
    """`(mels, frames)`, decoded from a random point of the prior."""


@dataclass(frozen=True)
class InverterPreview:
    """One validation note beside the inverter's output for its log-mel, recorded or decoded."""

    name: str
    """Its pitch and labels."""
    target: Tensor
    """`(samples,)`, the recording."""
    made: Tensor
    """`(samples,)`."""


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
    rows = _spread(notes, n_notes)
    batch = notes.batch(rows).to(device)
    encoding, decoded, _ = model(batch.log_mel, batch.condition, batch.performance)
    generator = torch.Generator().manual_seed(0)
    latent, take = (
        None if encoded is None else torch.randn(encoded.shape, generator=generator).to(device)
        for encoded in (encoding.latent, encoding.take)
    )
    varied = model.decoder(latent, batch.condition, batch.performance, take)
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


def draw_previews(previews: Sequence[Preview], path: Path) -> None:
    """Draws a PNG of recordings (left), reconstructions and new notes (right), a row a note.

    Args:
        previews: The first few are drawn; without any, nothing is written.
        path: Where to.
    """
    if not previews:
        return
    notes = [(note.target, note.reconstruction, note.variation) for note in previews[:MAX_DRAWN]]
    frames = max(log_mel.shape[1] for note in notes for log_mel in note)
    rows = [np.concatenate([_cell(log_mel, frames) for log_mel in note], 1) for note in notes]
    with atomic_path(path) as partial:
        matplotlib.image.imsave(
            partial,
            np.concatenate(rows),
            vmin=DARK_LOG_MEL,
            vmax=BRIGHT_LOG_MEL,
            cmap="magma",
            format="png",
        )


def _cell(log_mel: Tensor, frames: int) -> npt.NDArray[np.float32]:
    """A log-mel `(mels, frames)` as pixels, low notes below, with a gap below and to the right."""
    pixels: npt.NDArray[np.float32] = log_mel.numpy()[::-BANDS_PER_PIXEL]
    margin = ((0, GAP_PIXELS), (0, frames - pixels.shape[1] + GAP_PIXELS))
    return np.pad(pixels, margin, constant_values=DARK_LOG_MEL)


@torch.no_grad()
def make_inverter_previews(
    inverter: Inverter,
    model: AutoEncoder | None,
    notes: TrainingNotes,
    bank: NoteBank,
    device: torch.device,
    n_notes: int = 6,
) -> list[InverterPreview]:
    """Whole notes of an even spread of a split as an inverter makes them, the same notes every time.

    Args:
        inverter: In evaluation mode.
        model: Reconstructs the log-mels; None takes the recorded ones.
        notes: The validation split.
        bank: Where its recordings are.
        device: Where inverter and model are.
        n_notes: How many.
    """
    if not len(notes):
        return []
    rows = _spread(notes, n_notes)
    batch = notes.batch(rows).to(device)
    log_mel, conditioning = batch.log_mel, InverterConditioning(seeds=tuple(range(len(rows))))
    if model is not None:
        decoded = decode_notes(model, batch)
        log_mel = decoded.log_mel.float()
        conditioning = decoded.conditioning(conditioning.seeds)
    previews = []
    for i, row in enumerate(rows):
        length = int(batch.performance.n_frames[i])
        made = inverter(log_mel[i : i + 1, :, :length], conditioning.one(i, length))[0].float().cpu()
        target = torch.zeros_like(made)
        recorded = torch.from_numpy(bank.waveform(int(notes.bank_indices[row])))[: len(made)]
        target[: len(recorded)] = recorded
        previews.append(InverterPreview(f"{i + 1} {_name(notes, int(row))}", target, made))
    return previews


def _spread(notes: TrainingNotes, n_notes: int) -> npt.NDArray[np.int64]:
    """Positions of an even spread over labels and pitches."""
    order = np.lexsort([notes.midi_pitch, *notes.labels.values()])
    rows: npt.NDArray[np.int64] = order[np.unique(np.linspace(0, len(notes) - 1, n_notes).astype(int))]
    return rows


def _name(notes: TrainingNotes, row: int) -> str:
    midi_pitch = int(notes.midi_pitch[row])
    words = [pitch_name(midi_pitch) if midi_pitch >= 0 else "unpitched"]
    words += [
        notes.attributes[name][labels[row]] for name, labels in notes.labels.items() if labels[row] >= 0
    ]
    return " ".join(words)
