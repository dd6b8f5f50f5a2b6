"""What a decoder says of a whole note, beside its log-mel: how long, how loud, how it is modulated and begun.

Conventions: `(notes, traits)` in the order of `TRAITS`; models without the last ones have fewer columns.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from aae.model.config import ModelConfig

MAX_DRIFT_CENTS = 6.0
"""More would be out of tune, and is in part the mistakes of the tracker it was learned from."""
TRAITS = ("log_frames", "level", "modulation_rate", "modulation_strength", "log_attack", "log_drift")
"""Note-level numbers that the decoder predicts: ln(frames), level in units of 20 dB re the reference level,
modulation rate in units of 10 Hz, modulation strength, and, if the model has them, ln(attack time in units of
`REFERENCE_ATTACK_MS`) and ln(the pitch's standard deviation from the predicted curve in units of
`REFERENCE_DRIFT_CENTS`)."""
REFERENCE_ATTACK_MS = 30.0
"""What attack times are told relative to."""
REFERENCE_DRIFT_CENTS = 5.0
"""What drift is told relative to."""
INITIAL_TRAITS = (4.5, 0.0, 0.6, 0.1, 0.0, 0.0)
"""What an untrained model predicts: a note of a second at the reference level."""


def trait_head(config: ModelConfig) -> nn.Sequential:
    """The small network from style to `TRAITS`; it starts at `INITIAL_TRAITS`."""
    n_traits = len(TRAITS) - 2 + config.attack_time + config.pitch_drift
    last = nn.Linear(128, n_traits)
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.copy_(torch.tensor(INITIAL_TRAITS[:n_traits]))
    return nn.Sequential(nn.Linear(config.style_width, 128), nn.SiLU(), last)


def asked_attacks_ms(traits: npt.NDArray[np.float32]) -> tuple[float | None, ...]:
    """How long attacks are to take, of traits `(notes, traits)`; None where the model does not say."""
    if traits.shape[1] <= TRAITS.index("log_attack"):
        return (None,) * len(traits)
    return tuple(
        float(attack) for attack in REFERENCE_ATTACK_MS * np.exp(traits[:, TRAITS.index("log_attack")])
    )


def asked_drifts_cents(traits: npt.NDArray[np.float32]) -> list[float]:
    """How far pitches drift, of traits `(notes, traits)`: standard deviations; 0 where the model has none."""
    if traits.shape[1] <= TRAITS.index("log_drift"):
        return [0.0] * len(traits)
    spreads = REFERENCE_DRIFT_CENTS * np.exp(traits[:, TRAITS.index("log_drift")])
    return [float(spread) for spread in spreads.clip(0.0, MAX_DRIFT_CENTS)]
