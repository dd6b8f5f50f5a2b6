"""How a new note is played over time: by its predicted traits, and by chance that follows from its seed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal

from aae.analysis.modulation import oscillate
from aae.model.performance import Performance
from aae.model.traits import asked_drifts_cents
from mcnn.spectral.config import SpectrogramConfig

MIN_FRAMES = 8
DRIFT_MEMORY = 0.9
"""What is left of a pitch's drift a frame later: it takes about a tenth of a second to turn."""

Floats = npt.NDArray[np.float32]


def sample_performance(
    traits: Floats,
    seeds: Sequence[int],
    tunings_cents: Sequence[float],
    config: SpectrogramConfig,
    whole_length: bool,
) -> Performance:
    """Performances of new notes.

    Args:
        traits: `(notes, traits)`, see `aae.model.traits`.
        seeds: Of each note. What one means does not depend on which notes are made with it.
        tunings_cents: How far each note is from its equal-tempered pitch.
        config: The front end.
        whole_length: Whether every note spans all frames of the front end.
    """
    lengths = np.exp(traits[:, 0].clip(0, np.log(config.max_frames))).round().astype(np.int64)
    lengths = lengths.clip(MIN_FRAMES, config.max_frames)
    if whole_length:
        lengths[:] = config.max_frames
    frames, rate_hz = int(lengths.max()), config.frame_rate_hz
    phases, drifts = [], []
    for trait, drift, n, seed, cents in zip(
        traits, asked_drifts_cents(traits), lengths.tolist(), seeds, tunings_cents, strict=True
    ):
        phase = oscillate(float(max(trait[2], 0.3)) * 10, n, rate_hz, np.random.default_rng(seed))
        curve = cents + drift * pitch_random_walk(n, np.random.default_rng([seed, 4]))
        phases.append(np.pad(phase, (0, frames - n), mode="edge"))
        drifts.append(np.pad(curve, (0, frames - n), mode="edge").astype(np.float32))
    return Performance(
        n_frames=torch.from_numpy(lengths),
        deviation_cents=None,
        modulation_phase=torch.from_numpy(np.stack(phases)),
        modulation_strength=torch.from_numpy(traits[:, 3].clip(0, 1)),
        drift_cents=torch.from_numpy(np.stack(drifts)),
    )


def pitch_random_walk(n_frames: int, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """A curve `(n_frames,)` of mean 0 and standard deviation 1 that turns slowly: a first-order process."""
    white = random.standard_normal(n_frames + 1)
    rest = np.sqrt(1.0 - DRIFT_MEMORY**2)
    curve, _ = signal.lfilter([rest], [1.0, -DRIFT_MEMORY], white[1:], zi=[DRIFT_MEMORY * white[0]])
    return np.asarray(curve)
