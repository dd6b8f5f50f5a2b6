"""A melody of known notes, and the shipped model as an effect with a fast inverter."""

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.synthesizer import Synthesizer
from tests.support.synth import silence, tone

ASSETS = Path(__file__).resolve().parents[2] / "assets"
MODEL = ASSETS / "orchestra.safetensors"
MELODY = ((60, 0.4, 0.0), (62, 0.3, 0.0), (64, 0.5, 0.1), (64, 0.25, 0.15), (55, 0.5, 0.0), (67, 0.6, 0.2))
"""MIDI pitch, length and pause after it in seconds."""


@functools.cache
def effect_synthesizer() -> Synthesizer:
    """The shipped model, made to sound by integrated phases, on one thread: the same bytes everywhere."""
    torch.set_num_threads(1)
    return Synthesizer.open(MODEL, "rtpghi")


def melody(
    notes: tuple[tuple[int, float, float], ...] = MELODY, before_s: float = 0.3, cents: float = 0.0
) -> tuple[npt.NDArray[np.float32], list[float]]:
    """The sound of notes, and where each begins in seconds."""
    parts, onsets, place_s = [silence(before_s)], [], before_s
    for midi_pitch, duration_s, pause_s in notes:
        onsets.append(place_s)
        note = tone(pitch_frequency_hz(midi_pitch), duration_s, cents=cents, attack_s=0.01, release_s=0.02)
        parts += [note, silence(pause_s)]
        place_s += duration_s + pause_s
    return np.concatenate([*parts, silence(0.3)]), onsets
