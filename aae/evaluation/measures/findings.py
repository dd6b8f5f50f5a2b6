"""Everything that an evaluation found, before it becomes a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aae.evaluation.measures.examples import Example
from aae.evaluation.measures.latent_space import Latents
from aae.evaluation.measures.mixing import MixCurve
from aae.evaluation.measures.reconstructed_sound import ReconstructedSound
from aae.evaluation.measures.reconstruction import Reconstruction

MAX_EXTREME = 6
"""Best and worst notes that are shown."""


@dataclass(frozen=True)
class Findings:
    """Everything that was measured, and what pictures and sounds are made of.

    Attributes:
        figures: The report's, but for what it says of files and settings.
        reconstructions: Held-out notes through the model.
        sounds: Some of them as sound, by inverter.
        curves: Of mixes.
        latents: Of real notes.
        examples: To listen to.
    """

    figures: dict[str, Any]
    reconstructions: Sequence[Reconstruction]
    sounds: dict[str, list[ReconstructedSound]]
    curves: Sequence[MixCurve]
    latents: Latents
    examples: Sequence[Example]


def extremes(found: Sequence[Reconstruction]) -> tuple[list[Reconstruction], list[Reconstruction]]:
    """The best and the worst notes by log-spectral distance, the most extreme first."""
    order = sorted(found, key=lambda note: (note.log_spectral_distance_db, note.position))
    count = min(MAX_EXTREME, len(order) // 2)
    return order[:count], order[::-1][:count]
