"""Performances: the course over time of the notes of a batch, as every decoder takes it."""

from collections.abc import Callable, Sequence
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

    def one(self, index: int) -> "Performance":
        """The performance of one note, batch 1, cut to its frames."""
        row, n_frames = slice(index, index + 1), int(self.n_frames[index])

        def curve(values: Tensor | None) -> Tensor | None:
            return None if values is None else values[row, :n_frames]

        return Performance(
            self.n_frames[row],
            curve(self.deviation_cents),
            self.modulation_phase[row, :n_frames],
            self.modulation_strength[row],
            None if self.onset_frames is None else self.onset_frames[row],
            curve(self.drift_cents),
        )

    def repeated(self, n_notes: int) -> "Performance":
        """The performance of one note for every row of a batch."""
        return Performance(
            self.n_frames.expand(n_notes),
            None if self.deviation_cents is None else self.deviation_cents.expand(n_notes, -1),
            self.modulation_phase.expand(n_notes, -1),
            self.modulation_strength.expand(n_notes),
            None if self.onset_frames is None else self.onset_frames.expand(n_notes),
            None if self.drift_cents is None else self.drift_cents.expand(n_notes, -1),
        )

    @staticmethod
    def join(performances: "Sequence[Performance]") -> "Performance":
        """One batch of several performances; curves of shorter notes are held at their end."""
        return Performance(
            torch.cat([performance.n_frames for performance in performances]),
            _all_or_none([performance.deviation_cents for performance in performances], _held),
            _held([performance.modulation_phase for performance in performances]),
            torch.cat([performance.modulation_strength for performance in performances]),
            _all_or_none([performance.onset_frames for performance in performances], torch.cat),
            _all_or_none([performance.drift_cents for performance in performances], _held),
        )

    def mask(self, frames: int) -> Tensor:
        """`(batch, frames)`, 1 within the note and 0 after its end."""
        return (torch.arange(frames, device=self.n_frames.device) < self.n_frames[:, None]).float()


def _held(curves: Sequence[Tensor]) -> Tensor:
    """Curves `(notes, frames)` as one, `(all notes, most frames)`; shorter ones are held at their end."""
    most = max(curve.shape[1] for curve in curves)
    return torch.cat([torch.cat([c, c[:, -1:].expand(len(c), most - c.shape[1])], 1) for c in curves])


def _all_or_none(values: Sequence[Tensor | None], join: Callable[[list[Tensor]], Tensor]) -> Tensor | None:
    """What `join` makes of values that all performances have; None if none has them."""
    given = [value for value in values if value is not None]
    if 0 < len(given) < len(values):
        raise ValueError(f"{len(given)} of {len(values)} performances have what the others leave open")
    return join(given) if given else None
