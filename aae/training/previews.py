"""What is under training, to see and to hear: validation notes beside what is made of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.model.autoencoder import AutoEncoder
from aae.notes.bank import NoteBank
from aae.notes.pitch_names import pitch_name
from aae.training.data import TrainingNotes
from aae.training.inverter.excerpts import decode_notes
from mcnn.inversion.inverter import Inverter, InverterConditioning


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


@dataclass(frozen=True)
class InverterPreview:
    """One validation note beside what an inverter makes of its log-mel, recorded or decoded."""

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
    found, decoded, _ = model(batch.log_mel, batch.condition, batch.performance)
    random = torch.Generator().manual_seed(0)
    point, take = (
        None if x is None else torch.randn(x.shape, generator=random).to(device)
        for x in (found.latent, found.take)
    )
    varied = model.decoder(point, batch.condition, batch.performance, take)
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
        model: Makes the log-mels; None takes the recorded ones.
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
        conditioning = InverterConditioning(
            decoded.f0_hz, decoded.inharmonicity, decoded.noise, conditioning.seeds
        )
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
