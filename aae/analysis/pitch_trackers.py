"""Two public pitch trackers behind one small interface: does a note have the pitch that was asked for?

Neither is told the answer, but both are told where to look: the neural one is given the sound shifted by
whole octaves into its range, pYIN searches one and a half octaves to both sides. Octave errors stay visible.

Conventions: `(samples,)` waveforms; deviations in cents of the asked pitch, NaN where no pitch was heard.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import librosa
import numpy as np
import numpy.typing as npt
import soxr

from aae.analysis.f0 import measure_pitch
from aae.notes.pitch_names import pitch_frequency_hz

WITHIN_CENTS = 50.0
"""A note within this of the asked pitch has that pitch."""

_NEURAL_LOWEST_HZ = 70.0
_NEURAL_HIGHEST_HZ = 1_400.0
_LOUD_DB = -30.0
_PYIN_LIKELY = 0.5
_PYIN_RANGE = 2.0**1.5
_PYIN_SAMPLE_RATE = 22_050
_PYIN_RESOLUTION = 0.1
_PYIN_HOP_S = 0.012
_PYIN_PERIODS = 4.0
_PYIN_SHORTEST_FRAME = 1024


@dataclass(frozen=True)
class PitchReading:
    """What a tracker heard in one note.

    Attributes:
        cents: Deviation from the asked pitch; NaN if no pitch was heard.
        voiced_share: Share of the loud part in which a pitch was heard, 0 to 1.
    """

    cents: float
    voiced_share: float


class PitchTracker(ABC):
    """Says which pitch a note has."""

    name: ClassVar[str]
    """What reports call it."""

    @abstractmethod
    def measure(
        self, waveform: npt.NDArray[np.float32], sample_rate: int, near_hz: float
    ) -> tuple[float, float]:
        """Typical fundamental frequency of a note's loud part, and in which share of it there is one.

        Args:
            waveform: `(samples,)`.
            sample_rate: In Hz.
            near_hz: Where to look; the search reaches more than an octave to both sides.

        Returns:
            Frequency in Hz, NaN if none was heard; share from 0 to 1. Loud is within 30 dB of the loudest.
        """

    def read(self, waveform: npt.NDArray[np.float32], sample_rate: int, midi_pitch: int) -> PitchReading:
        """How far a note is from a pitch."""
        asked_hz = pitch_frequency_hz(midi_pitch)
        f0_hz, voiced_share = self.measure(waveform, sample_rate, asked_hz)
        return PitchReading(float(1200.0 * np.log2(f0_hz / asked_hz)), voiced_share)


class NeuralTracker(PitchTracker):
    """SwiftF0 with its published weights. It hears 47 to 2,094 Hz; other notes are shifted by octaves.

    Source: SwiftF0 (arXiv 2508.18440).
    """

    name = "swift-f0"

    def measure(
        self, waveform: npt.NDArray[np.float32], sample_rate: int, near_hz: float
    ) -> tuple[float, float]:
        """Median over the voiced frames."""
        octave_shift = 0
        while near_hz * 2.0**octave_shift < _NEURAL_LOWEST_HZ:
            octave_shift += 1
        while near_hz * 2.0**octave_shift > _NEURAL_HIGHEST_HZ:
            octave_shift -= 1
        measured = measure_pitch(waveform, sample_rate, octave_shift)
        return measured.f0_hz, measured.confidence


class PyinTracker(PitchTracker):
    """Probabilistic YIN from librosa, on a grid of 10 cents: precise but slow.

    Source: M. Mauch and S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
    distributions", ICASSP 2014.
    """

    name = "pyin"

    def measure(
        self, waveform: npt.NDArray[np.float32], sample_rate: int, near_hz: float
    ) -> tuple[float, float]:
        """Geometric mean of the middle half of the frames that are voiced more likely than not."""
        lowest_hz, highest_hz = near_hz / _PYIN_RANGE, near_hz * _PYIN_RANGE
        rate = float(sample_rate)
        if sample_rate > _PYIN_SAMPLE_RATE and highest_hz < _PYIN_SAMPLE_RATE / 4:
            waveform = soxr.resample(waveform, sample_rate, _PYIN_SAMPLE_RATE)
            rate = float(_PYIN_SAMPLE_RATE)
        hop_length = round(_PYIN_HOP_S * rate)
        frame_length = 2 ** int(np.ceil(np.log2(max(_PYIN_SHORTEST_FRAME, _PYIN_PERIODS * rate / lowest_hz))))
        f0_hz, _, probability = librosa.pyin(
            waveform,
            fmin=lowest_hz,
            fmax=min(highest_hz, rate / 2.1),
            sr=rate,
            frame_length=frame_length,
            hop_length=hop_length,
            resolution=_PYIN_RESOLUTION,
            fill_na=None,
        )
        level = librosa.feature.rms(y=waveform, frame_length=frame_length, hop_length=hop_length)[0]
        loud = level >= level.max() * 10.0 ** (_LOUD_DB / 20.0)
        voiced = loud & (probability > _PYIN_LIKELY) & (level > 0.0)
        if not voiced.any():
            return float("nan"), 0.0
        low, high = np.quantile(f0_hz[voiced], [0.25, 0.75])
        middle = f0_hz[voiced & (f0_hz >= low) & (f0_hz <= high)]
        return float(np.exp(np.log(middle).mean())), float(voiced.sum() / loud.sum())


def summarize_readings(readings: Iterable[PitchReading]) -> dict[str, float]:
    """Pitch scores over some notes, under the names that reports use.

    Args:
        readings: Of each note, at least one; a note without pitch counts as wrong.

    Returns:
        `within_share` (0 to 1, within 50 cents), `octave_free_share` (the same, forgiving whole octaves),
        `heard_share` (any pitch at all), `median_cents` (median absolute deviation of the heard ones),
        `voiced_share` (mean share of a note's loud part in which a pitch is heard).
    """
    all_readings = list(readings)
    deviation = np.array([reading.cents for reading in all_readings], dtype=np.float64)
    heard = deviation[np.isfinite(deviation)]
    folded = np.abs((heard + 600.0) % 1200.0 - 600.0)
    return {
        "notes": len(deviation),
        "within_share": float((np.abs(heard) <= WITHIN_CENTS).sum() / len(deviation)),
        "octave_free_share": float((folded <= WITHIN_CENTS).sum() / len(deviation)),
        "heard_share": len(heard) / len(deviation),
        "median_cents": float(np.median(np.abs(heard))) if len(heard) else float("nan"),
        "voiced_share": float(np.mean([reading.voiced_share for reading in all_readings])),
    }
