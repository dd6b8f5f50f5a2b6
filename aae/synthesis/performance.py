"""Performances of new notes: their traits as predicted, and what is left to chance by their seeds."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal

from aae.model.performance import Performance
from aae.model.traits import Traits
from mcnn.spectral.config import SpectrogramConfig

MIN_FRAMES = 8
"""Of a new note."""
DRIFT_COEFFICIENT = 0.9
"""AR(1) coefficient per frame of a pitch's drift: it turns in about a tenth of a second."""

Floats = npt.NDArray[np.float32]


def sample_performance(
    traits: Traits,
    seeds: Sequence[int],
    tunings_cents: Sequence[float],
    config: SpectrogramConfig,
    whole_length: bool,
) -> Performance:
    """Performances of new notes.

    Args:
        traits: As predicted.
        seeds: Of each note. What one means does not depend on which notes are made with it.
        tunings_cents: Distance of each note from its equal-tempered pitch.
        config: The front end.
        whole_length: Whether every note spans all frames of the front end.
    """
    log_frames = traits.log_frames.numpy().clip(0, np.log(config.max_frames))
    lengths = np.exp(log_frames).round().astype(np.int64).clip(MIN_FRAMES, config.max_frames)
    if whole_length:
        lengths[:] = config.max_frames
    frames, frame_rate_hz = int(lengths.max()), config.frame_rate_hz
    phases, drifts = [], []
    for rate_hz, drift, n, seed, cents in zip(
        traits.modulation_rates_hz(),
        traits.drifts_cents(),
        lengths.tolist(),
        seeds,
        tunings_cents,
        strict=True,
    ):
        phase = oscillate(rate_hz, n, frame_rate_hz, np.random.default_rng(seed))
        curve = cents + drift * pitch_random_walk(n, np.random.default_rng([seed, 4]))
        phases.append(np.pad(phase, (0, frames - n), mode="edge"))
        drifts.append(np.pad(curve, (0, frames - n), mode="edge").astype(np.float32))
    return Performance(
        n_frames=torch.from_numpy(lengths),
        deviation_cents=None,
        modulation_phase=torch.from_numpy(np.stack(phases)),
        modulation_strength=traits.modulation_strengths(),
        drift_cents=torch.from_numpy(np.stack(drifts)),
    )


def oscillate(rate_hz: float, frames: int, frame_rate_hz: float, rng: np.random.Generator) -> Floats:
    """The phase of a new note's modulation: a random start and a player's slight unsteadiness.

    Args:
        rate_hz: Mean rate.
        frames: Length.
        frame_rate_hz: Frames per second.
        rng: Source of the start and of the unsteadiness.

    Returns:
        `(frames,)`, radians.
    """
    drift = np.cumsum(rng.normal(0, 0.02, frames)) / np.sqrt(frame_rate_hz) * 2
    phase = 2 * np.pi * (rng.uniform() + np.cumsum(rate_hz * (1 + drift)) / frame_rate_hz)
    return phase.astype(np.float32)


def pitch_random_walk(n_frames: int, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """A first-order autoregressive curve `(n_frames,)` of mean 0 and standard deviation 1."""
    white = random.standard_normal(n_frames + 1)
    innovation = np.sqrt(1.0 - DRIFT_COEFFICIENT**2)
    state = [DRIFT_COEFFICIENT * white[0]]
    curve, _ = signal.lfilter([innovation], [1.0, -DRIFT_COEFFICIENT], white[1:], zi=state)
    return np.asarray(curve)
