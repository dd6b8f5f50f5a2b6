"""How far two notes' envelopes are apart.

Conventions: `(samples,)` waveforms.
"""

import numpy as np

from aae.analysis.attack import FloatArray, attack_envelope_db


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
