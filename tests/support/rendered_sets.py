"""Plans of small sets, as tests of rendering need them."""

from collections.abc import Sequence
from pathlib import Path

from aae.model.conditioning import Mix
from aae.model.model_info import ModelInfo
from aae.rendering.plan import RenderJob, RenderPlan, plan_jobs


def plan_notes(
    info: ModelInfo,
    model_path: Path,
    mixes: Sequence[Mix],
    midi_pitches: Sequence[int | None],
    *,
    n_variations: int = 1,
    latent: Sequence[float] | None = None,
    seed: int = 0,
    inverter: str = "griffin-lim",
) -> RenderPlan:
    """Settles every file of a set of one job; see `plan_jobs` and `RenderJob`.

    Raises:
        InputError: For words, weights, notes or latents that the model cannot take.
    """
    job = RenderJob(mixes, midi_pitches, n_variations, latent, seed)
    return plan_jobs(info, model_path, [job], inverter=inverter)
