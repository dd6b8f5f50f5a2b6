"""Keeps chords from clipping. Qt-free."""

import numpy as np

from mcnn.compiled import Floats

KNEE = 0.7
"""Samples beyond are rounded off."""


def soft_limit(samples: Floats) -> Floats:
    """Rounds off what is beyond the knee, so that nothing reaches 1; in place."""
    beyond = np.abs(samples) > KNEE
    if beyond.any():
        over = (np.abs(samples[beyond]) - KNEE) / (1.0 - KNEE)
        samples[beyond] = np.sign(samples[beyond]) * (KNEE + (1.0 - KNEE) * np.tanh(over))
    return samples
