"""Performances: the course over time of the notes of a batch, as every decoder takes it."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass  # not frozen: Lightning Fabric converts the tensors of what passes through a model
class Performance:
    """The course over time of a batch of notes, which condition and latent leave open.

    In training it is measured from the recordings; for new notes it follows from the decoder's traits.
    """

    n_frames: Tensor
    """`(batch,)`, length of each note."""
    deviation_cents: Tensor | None
    """`(batch, frames)`, f0 against the equal-tempered pitch; None leaves it to the decoder."""
    modulation_phase: Tensor
    """`(batch, frames)`, radians: where in a cycle of vibrato, trill or tremolo."""
    modulation_strength: Tensor
    """`(batch,)`, 0 none to 1 strictly periodic."""
    onset_frames: Tensor | None = None
    """`(batch,)`, where the attack begins (see `aae.analysis.onset`); None as in new notes."""
    drift_cents: Tensor | None = None
    """`(batch, frames)`, added to the curve that the decoder predicts; None adds nothing."""

    def to(self, device: torch.device) -> "Performance":
        """The same performance on another device."""
        return Performance(
            self.n_frames.to(device),
            None if self.deviation_cents is None else self.deviation_cents.to(device),
            self.modulation_phase.to(device),
            self.modulation_strength.to(device),
            None if self.onset_frames is None else self.onset_frames.to(device),
            None if self.drift_cents is None else self.drift_cents.to(device),
        )

    def mask(self, frames: int) -> Tensor:
        """`(batch, frames)`, 1 within the note and 0 after its end."""
        return (torch.arange(frames, device=self.n_frames.device) < self.n_frames[:, None]).float()
