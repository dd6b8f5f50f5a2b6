"""The input of a decoder for a batch of requested notes, which can be taken apart and put together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.model.conditioning import Condition
from aae.model.performance import Performance


@dataclass(frozen=True)
class DecodingPlan:
    """The input of a decoder for a batch of notes, and what is to become of its output."""

    style: Tensor
    """`(notes, style)`."""
    condition: Condition
    performance: Performance
    levels_db: npt.NDArray[np.float64]
    """`(notes,)`, see `mcnn.spectral.level`."""
    attacks_ms: tuple[float | None, ...]
    """See `aae.analysis.attack`; None where the model predicts none."""
    seeds: tuple[int, ...]

    def one(self, index: int) -> "DecodingPlan":
        """The plan of one of the notes, batch 1."""
        row = slice(index, index + 1)
        return DecodingPlan(
            self.style[row],
            self.condition.one(index),
            self.performance.one(index),
            self.levels_db[row],
            self.attacks_ms[row],
            self.seeds[row],
        )

    @staticmethod
    def join(plans: "Sequence[DecodingPlan]") -> "DecodingPlan":
        """One plan for the notes of several; curves of shorter notes are held at their end."""
        if len(plans) == 1:
            return plans[0]
        return DecodingPlan(
            torch.cat([plan.style for plan in plans]),
            Condition.join([plan.condition for plan in plans]),
            Performance.join([plan.performance for plan in plans]),
            np.concatenate([plan.levels_db for plan in plans]),
            tuple(attack_ms for plan in plans for attack_ms in plan.attacks_ms),
            tuple(seed for plan in plans for seed in plan.seeds),
        )
