"""Two public pitch trackers behind one small interface: does a note have the pitch that was asked for?

Neither is told the answer, but both are told where to look: the neural one is given the sound shifted by
whole octaves into its range, pYIN searches one and a half octaves to both sides. Octave errors stay visible.

Conventions: `(samples,)` waveforms; deviations in cents of the asked pitch, NaN where no pitch was heard.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

import librosa
import numpy as np
import numpy.typing as npt
import soxr

from aae.pitch_names import pitch_frequency_hz
from mcnn.f0 import measure_pitch

WITHIN_CENTS = 50.0
"""A note within this of the asked pitch has that pitch."""

_NEURAL_LOWEST_HZ = 70.0
_NEURAL_HIGHEST_HZ = 1_400.0
_PYIN_RANGE = 2.0**1.5
_PYIN_SAMPLE_RATE = 22_050
_PYIN_RESOLUTION = 0.1
_PYIN_HOP_S = 0.012
_PYIN_PERIODS = 4.0
_PYIN_SHORTEST_FRAME = 1024


class PitchTracker(ABC):
    """Says which pitch a note has."""

    name: ClassVar[str]
    """What reports call it."""

    @abstractmethod
    def f0_hz(self, waveform: npt.NDArray[np.float32], sample_rate: int, near_hz: float) -> float:
        """Typical fundamental frequency of a note, in Hz; NaN if none was heard.

        Args:
            waveform: `(samples,)`.
            sample_rate: In Hz.
            near_hz: Where to look; the search reaches more than an octave to both sides.
        """

    def deviation_cents(self, waveform: npt.NDArray[np.float32], sample_rate: int, midi_pitch: int) -> float:
        """How far a note is from a pitch, in cents; NaN if no pitch was heard."""
        asked_hz = pitch_frequency_hz(midi_pitch)
        return float(1200.0 * np.log2(self.f0_hz(waveform, sample_rate, asked_hz) / asked_hz))


class NeuralTracker(PitchTracker):
    """SwiftF0 with its published weights. It hears 47 to 2,094 Hz; other notes are shifted by octaves.

    Source: SwiftF0 (arXiv 2508.18440).
    """

    name = "swift-f0"

    def f0_hz(self, waveform: npt.NDArray[np.float32], sample_rate: int, near_hz: float) -> float:
        """Median over the voiced part within 30 dB of the loudest."""
        octave_shift = 0
        while near_hz * 2.0**octave_shift < _NEURAL_LOWEST_HZ:
            octave_shift += 1
        while near_hz * 2.0**octave_shift > _NEURAL_HIGHEST_HZ:
            octave_shift -= 1
        return measure_pitch(waveform, sample_rate, octave_shift).f0_hz


class PyinTracker(PitchTracker):
    """Probabilistic YIN from librosa, on a grid of 10 cents: precise but slow.

    Source: M. Mauch and S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
    distributions", ICASSP 2014.
    """

    name = "pyin"

    def f0_hz(self, waveform: npt.NDArray[np.float32], sample_rate: int, near_hz: float) -> float:
        """Geometric mean of the middle half of the voiced frames."""
        lowest_hz, highest_hz = near_hz / _PYIN_RANGE, near_hz * _PYIN_RANGE
        rate = float(sample_rate)
        if sample_rate > _PYIN_SAMPLE_RATE and highest_hz < _PYIN_SAMPLE_RATE / 4:
            waveform = soxr.resample(waveform, sample_rate, _PYIN_SAMPLE_RATE)
            rate = float(_PYIN_SAMPLE_RATE)
        needed = max(_PYIN_SHORTEST_FRAME, _PYIN_PERIODS * rate / lowest_hz)
        f0_hz, voiced, _ = librosa.pyin(
            waveform,
            fmin=lowest_hz,
            fmax=min(highest_hz, rate / 2.1),
            sr=rate,
            frame_length=2 ** int(np.ceil(np.log2(needed))),
            hop_length=round(_PYIN_HOP_S * rate),
            resolution=_PYIN_RESOLUTION,
        )
        if not voiced.any():
            return float("nan")
        low, high = np.quantile(f0_hz[voiced], [0.25, 0.75])
        middle = f0_hz[voiced & (f0_hz >= low) & (f0_hz <= high)]
        return float(np.exp(np.log(middle).mean()))


def summarize_deviations(cents: Iterable[float]) -> dict[str, float]:
    """Pitch scores over some notes, under the names that reports use.

    Args:
        cents: Deviation of each note, at least one; NaN counts as wrong.

    Returns:
        `within_share` (0 to 1, within 50 cents), `octave_free_share` (the same, forgiving whole octaves),
        `heard_share` (any pitch at all), `median_cents` (median absolute deviation of the heard ones).
    """
    deviation = np.array(list(cents), dtype=np.float64)
    heard = deviation[np.isfinite(deviation)]
    folded = np.abs((heard + 600.0) % 1200.0 - 600.0)
    return {
        "within_share": float((np.abs(heard) <= WITHIN_CENTS).sum() / len(deviation)),
        "octave_free_share": float((folded <= WITHIN_CENTS).sum() / len(deviation)),
        "heard_share": len(heard) / len(deviation),
        "median_cents": float(np.median(np.abs(heard))) if len(heard) else float("nan"),
    }
