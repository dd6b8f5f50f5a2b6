"""How sharply notes begin, and how far two notes' envelopes are apart.

Conventions: `(samples,)` waveforms.
"""

import numpy as np

from aae.analysis.attack import FloatArray, attack_envelope_db

SHARP_TECHNIQUES = ("pizz", "staccato", "col-legno-battuto", "slap-tongue")
"""Words in the names of techniques that begin sharply."""


def is_sharp(technique: str) -> bool:
    """Whether a technique's notes begin with a sharp attack, by its name."""
    return any(word in technique for word in SHARP_TECHNIQUES) and "glissando" not in technique


def envelope_distance_db(input: FloatArray, target: FloatArray, sample_rate: int) -> float:
    """Mean absolute difference of two notes' envelopes in dB, over the shorter of both.

    Args:
        input: `(samples,)` to be judged.
        target: `(samples,)` of the original.
        sample_rate: In Hz.
    """
    made, wanted = attack_envelope_db(input, sample_rate), attack_envelope_db(target, sample_rate)
    length = min(len(made), len(wanted))
    return float(np.abs(made[:length] - wanted[:length]).mean())
