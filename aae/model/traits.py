"""Note-level descriptors that decoders predict beside log-mels: length, level, modulation, attack, drift."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from aae.model.config import ModelConfig
from mcnn.spectral.level import REFERENCE_LEVEL_DB

LEVEL_UNIT_DB = 20.0
"""Unit of `Traits.level`."""
RATE_UNIT_HZ = 10.0
"""Unit of `Traits.modulation_rate`."""
MIN_RATE_HZ = 3.0
"""Of a new note's modulation, whatever is predicted."""
REFERENCE_ATTACK_MS = 30.0
"""Unit of the attack time of which `Traits.log_attack` is the logarithm."""
REFERENCE_DRIFT_CENTS = 5.0
"""Unit of the deviation of which `Traits.log_drift` is the logarithm."""
MAX_DRIFT_CENTS = 6.0
"""More would be out of tune, and is in part the mistakes of the tracker it was learned from."""


class Traits(NamedTuple):
    """The descriptors of a batch of notes, `(notes,)` each, by name; models without the last ones lack them.

    Their order is that of the columns that networks put out, see `of` and `stack`.
    """

    log_frames: Tensor
    """Natural logarithm of the number of frames."""
    level: Tensor
    """Level relative to the reference level, in units of `LEVEL_UNIT_DB`."""
    modulation_rate: Tensor
    """Rate of vibrato, trill or tremolo, in units of `RATE_UNIT_HZ`."""
    modulation_strength: Tensor
    """0 none to 1 strictly periodic."""
    log_attack: Tensor | None = None
    """Natural logarithm of the attack time in units of `REFERENCE_ATTACK_MS`."""
    log_drift: Tensor | None = None
    """Natural logarithm of the pitch's standard deviation from the predicted curve, in units of
    `REFERENCE_DRIFT_CENTS`."""

    @classmethod
    def of(cls, columns: Tensor) -> "Traits":
        """The descriptors by name, of columns `(notes, traits)`."""
        return cls(*columns.unbind(1))

    def stack(self) -> Tensor:
        """The columns `(notes, traits)` of those that there are."""
        return torch.stack([column for column in self if column is not None], 1)

    def levels_db(self) -> npt.NDArray[np.float64]:
        """Levels `(notes,)` as `mcnn.spectral.level` measures them."""
        return np.asarray(REFERENCE_LEVEL_DB + LEVEL_UNIT_DB * self.level.numpy().astype(float))

    def modulation_rates_hz(self) -> list[float]:
        """Rates of the notes' modulations, at least `MIN_RATE_HZ`."""
        return [max(RATE_UNIT_HZ * rate, MIN_RATE_HZ) for rate in self.modulation_rate.tolist()]

    def modulation_strengths(self) -> Tensor:
        """Strengths `(notes,)` within 0 and 1."""
        return self.modulation_strength.clamp(0.0, 1.0)

    def attacks_ms(self) -> tuple[float | None, ...]:
        """Attack times of the notes, see `aae.analysis.attack`; None where the model predicts none."""
        if self.log_attack is None:
            return (None,) * len(self.level)
        return tuple(float(attack) for attack in REFERENCE_ATTACK_MS * np.exp(self.log_attack.numpy()))

    def drifts_cents(self) -> list[float]:
        """Standard deviations of the notes' pitches from the predicted curve; 0 where the model has none."""
        if self.log_drift is None:
            return [0.0] * len(self.level)
        spreads = REFERENCE_DRIFT_CENTS * np.exp(self.log_drift.numpy())
        return [float(spread) for spread in spreads.clip(0.0, MAX_DRIFT_CENTS)]


INITIAL_TRAITS = {
    "log_frames": 4.5,
    "level": 0.0,
    "modulation_rate": 0.6,
    "modulation_strength": 0.1,
    "log_attack": 0.0,
    "log_drift": 0.0,
}
"""Predictions of an untrained model: a note of a second at the reference level."""


def trait_head(config: ModelConfig) -> nn.Sequential:
    """The small network from style to the columns of `Traits`; it starts at `INITIAL_TRAITS`."""
    lacking = {"log_attack": not config.attack_time, "log_drift": not config.pitch_drift}
    initial = [value for name, value in INITIAL_TRAITS.items() if not lacking.get(name)]
    last = nn.Linear(128, len(initial))
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.copy_(torch.tensor(initial))
    return nn.Sequential(nn.Linear(config.style_width, 128), nn.SiLU(), last)
