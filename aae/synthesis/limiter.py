"""A soft limiter: notes that add up beyond full scale are bent instead of clipped."""

import numpy as np

from mcnn.compiled import Floats

CHORD_KNEE = 0.7
"""For notes played together, which are often beyond full scale."""
PHRASE_KNEE = 0.9
"""For notes that only overlap where one ends: the recording's own levels stay as they are."""


def soft_limit(samples: Floats, knee: float = CHORD_KNEE) -> Floats:
    """Bends what is beyond the knee along a hyperbolic tangent, so that nothing passes 1; in place.

    Args:
        samples: Of any shape.
        knee: Magnitude up to which samples stay as they are.
    """
    beyond = np.abs(samples) > knee
    if beyond.any():
        over = (np.abs(samples[beyond]) - knee) / (1.0 - knee)
        samples[beyond] = np.sign(samples[beyond]) * (knee + (1.0 - knee) * np.tanh(over))
    return samples
