"""A check of the judges: real notes with perturbations that must not matter to any score.

A judge of generated sound that knows length, level, padding, noise floor or file format judges files. So real
held-out notes are judged again under every perturbation, and no score may move by more than a point.

Conventions: `(samples,)` waveforms; shares from 0 to 1.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from aae.analysis.note_features import FloatArray, to_reference_level
from aae.analysis.pitch_trackers import NeuralTracker, PitchReading, summarize_readings
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.measures.requests import midi_pitch_of
from aae.notes.bank import NoteBank
from mcnn.spectral.level import REFERENCE_LEVEL_DB

SILENCE_S = (0.04, 0.3)
"""Put before and after a note."""
QUIETER_DB = -24.0
FLOOR_DB = -60.0
"""Of the white noise that is added, relative to the note's loudest 50 ms."""
TRIMMED_DB = -45.0
"""Where a note's end is cut off, relative to its peak."""
RUMBLE_HZ = 50.0
"""Recordings of one session share what is below, which tells the session instead of the sound."""

Perturbation = Callable[[FloatArray, int], FloatArray]
"""From a waveform `(samples,)` and its sample rate to the perturbed one."""


def padded(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """Silence before and after."""
    before, after = (round(seconds * sample_rate) for seconds in SILENCE_S)
    return np.pad(waveform, (before, after))


def trimmed(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """Its faint end cut off, with a short fade."""
    peak = float(np.abs(waveform).max(initial=0.0))
    loud = np.flatnonzero(np.abs(waveform) > peak * 10.0 ** (TRIMMED_DB / 20.0))
    if not len(loud):
        return waveform
    kept = waveform[: loud[-1] + 1].copy()
    fall = min(len(kept), round(0.005 * sample_rate))
    kept[len(kept) - fall :] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
    return kept


def quieter(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """Another level."""
    return np.asarray(waveform * 10.0 ** (QUIETER_DB / 20.0), np.float32)


def in_16_bit(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """As a 16-bit file holds it, with its peak at half of full scale."""
    peak = max(float(np.abs(waveform).max(initial=0.0)), 1e-9)
    steps = np.round(waveform * np.float32(0.5 / peak * 32767))
    return np.asarray(steps / np.float32(32767), np.float32)


def with_floor(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """White noise 60 dB under the note."""
    level = to_reference_level(waveform, sample_rate)
    noise = np.random.default_rng(len(waveform)).standard_normal(len(waveform))
    return np.asarray(level + 10.0 ** ((REFERENCE_LEVEL_DB + FLOOR_DB) / 20.0) * noise, np.float32)


def without_rumble(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """What lies under the hearing, and a room's hum with it, taken away by a steep high-pass."""
    sections = butter(4, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos")
    return np.asarray(sosfiltfilt(sections, waveform, padlen=0), np.float32)


PERTURBATIONS: Mapping[str, Perturbation] = {
    "silence around it": padded,
    "its end trimmed": trimmed,
    f"{QUIETER_DB:.0f} dB".replace("-", "\N{MINUS SIGN}"): quieter,
    "in 16 bit": in_16_bit,
    f"noise at {FLOOR_DB:.0f} dB".replace("-", "\N{MINUS SIGN}"): with_floor,
    f"nothing under {RUMBLE_HZ:.0f} Hz": without_rumble,
}


def perturbation_figures(
    bank: NoteBank, positions: npt.NDArray[np.int64], recognizer: Recognizer
) -> Measurement[dict[str, Any]]:
    """Scores of the same real notes as they are and under every perturbation.

    Args:
        bank: The notes.
        positions: Of held-out notes in the bank.
        recognizer: Trained on others.

    Returns:
        `notes`; `as recorded` and each perturbation: attribute to the share recognised, and `pitch`.
    """
    kinds: dict[str, Perturbation] = {"as recorded": lambda waveform, _rate: waveform, **PERTURBATIONS}
    features: dict[str, list[FloatArray]] = {name: [] for name in kinds}
    readings: dict[str, list[PitchReading]] = {name: [] for name in kinds}
    tracker, sample_rate = NeuralTracker(), bank.config.sample_rate
    for done, position in enumerate(positions.tolist()):
        waveform, pitch = bank.waveform(position), midi_pitch_of(bank, position)
        for name, perturb in kinds.items():
            perturbed = perturb(waveform, sample_rate)
            features[name].append(recognizer.features.of_waveform(perturbed))
            if pitch is not None:
                readings[name].append(tracker.read(perturbed, sample_rate, pitch))
        yield StageProgress("checking the judges on perturbed notes", done + 1, len(positions))
    main = bank.labels[recognizer.info.main_attribute][positions]
    found: dict[str, Any] = {"notes": len(positions)}
    for name in kinds:
        heard = recognizer.recognize_features(features[name])
        scores = {}
        for attribute in recognizer.info.attributes:
            asked = bank.labels[attribute][positions]
            right = (heard.labels(attribute, main) == asked)[asked >= 0]
            scores[attribute] = float(right.mean()) if len(right) else float("nan")
        pitch_score = summarize_readings(readings[name])["within_share"] if readings[name] else float("nan")
        found[name] = {**scores, "pitch": pitch_score}
    return found
