"""Fundamental frequency of one note: which pitch it has, and how that pitch moves.

Two questions, two answers. `measure_pitch` knows nothing about the note and is used for recordings without a
label and to check labels. `track_f0` is told the nominal pitch and follows the deviation from it, frame by
frame of the front end, to about a cent: tuning, vibrato, trills, glissandi.

Conventions: waveforms are `(samples,)` mono; frame `t` is centred on sample `t * hop_length`, as in
`mcnn.spectral.spectrogram`; deviations are in cents of the nominal pitch; NaN means unvoiced.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage
import scipy.signal
import soxr

RANGE_CENTS = 350.0
"""`track_f0` looks this far to both sides of the nominal pitch."""

_STEP_CENTS = 5.0
_GRID_CENTS = np.arange(-RANGE_CENTS, RANGE_CENTS + 1.0, _STEP_CENTS)
_MAX_HARMONICS = 20
_MAX_HARMONIC_HZ = 8_000.0
_PERIODS_PER_WINDOW = 4.5
_MIN_WINDOW_S = 0.040
_DEPTH_DECADES = 3.0
"""Magnitudes further below a frame's loudest say nothing about its pitch."""
_JUMP_COST = 0.0012
"""Price per cent of a jump between frames, in decades of salience; a trill must stay affordable."""
_VOICED_LEVEL_DB = -50.0
_VOICED_SALIENCE = 0.25
_MIN_VOICED_FRAMES = 3
"""Shorter voiced stretches are chance."""
_REFINE_CENTS = 30.0
_AGREE_CENTS = 15.0

TRACKER_RATE = 16_000
_TRACKER_CONFIDENT = 0.5
_TRACKER_LOUDNESS_DB = -30.0
_STEADY_CENTS = 50.0


@dataclass(frozen=True)
class MeasuredPitch:
    """What a pitch tracker heard.

    Attributes:
        f0_hz: Median fundamental frequency of the voiced, loud part; NaN if none of it is voiced.
        confidence: Share of the loud part that is voiced, 0 to 1.
        lowest_hz: 5th percentile of the frequency.
        highest_hz: 95th percentile of the frequency.
        spread_cents: Interquartile range of the frequency; large for trills and glissandi.
    """

    f0_hz: float
    confidence: float
    lowest_hz: float
    highest_hz: float
    spread_cents: float

    @property
    def is_steady(self) -> bool:
        """Whether half of the note keeps within a quarter tone: no trill, no glissando."""
        return self.spread_cents <= _STEADY_CENTS

    @property
    def midi_pitch(self) -> float:
        """The frequency as a fractional MIDI number, A4 = 440 Hz = 69."""
        return float(69.0 + 12.0 * np.log2(self.f0_hz / 440.0))


@functools.cache
def neural_tracker() -> Any:
    """The neural tracker, made once a process; imported here because only listening needs it."""
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def measure_pitch(
    waveform: npt.NDArray[np.float32], sample_rate: int, octave_shift: int = 0
) -> MeasuredPitch:
    """Pitch of a note about which nothing is known.

    Args:
        waveform: `(samples,)`.
        sample_rate: Samples per second.
        octave_shift: The tracker hears 47 to 2,094 Hz. Shifting what it hears up (positive) or down by
            octaves brings low and high notes inside.

    Source: SwiftF0 (arXiv 2508.18440).
    """
    unknown = MeasuredPitch(float("nan"), 0.0, float("nan"), float("nan"), float("nan"))
    peak = float(np.abs(waveform).max(initial=0.0))
    if peak == 0.0:
        return unknown
    factor = 2.0**octave_shift
    heard = soxr.resample(waveform * np.float32(0.7 / peak), sample_rate * factor, TRACKER_RATE)
    result = neural_tracker().detect(heard, TRACKER_RATE)
    loud = result.loudness_db > result.loudness_db.max() + _TRACKER_LOUDNESS_DB
    voiced = loud & (result.confidence >= _TRACKER_CONFIDENT)
    if not voiced.any():
        return unknown
    percentiles = np.percentile(result.pitch_hz[voiced] / factor, [5, 25, 50, 75, 95])
    lowest, low, median, high, highest = (float(value) for value in percentiles)
    return MeasuredPitch(
        median, float(voiced.sum() / loud.sum()), lowest, highest, float(1200.0 * np.log2(high / low))
    )


def track_f0(
    waveform: npt.NDArray[np.float32], sample_rate: int, hop_length: int, nominal_hz: float
) -> npt.NDArray[np.float32]:
    """Deviation of a note's pitch from its nominal one, over time.

    Harmonic-sum salience over log-compressed magnitudes on a 5-cent grid, a smoothest path through it, and
    then the frequencies of the note's own spectral peaks around that path.

    Args:
        waveform: `(samples,)`.
        sample_rate: Samples per second.
        hop_length: Samples between frames.
        nominal_hz: The note's nominal frequency; deviations up to `RANGE_CENTS` are followed.

    Returns:
        `(frames,)` cents, `ceil(samples / hop_length)` frames, NaN where unvoiced.

    Source: harmonic summation after Hermes, JASA 83 (1988); peak interpolation after Smith & Serra, PARSHL
    (1987).
    """
    plan = _plan(sample_rate, float(nominal_hz))
    log_mag, level_db = _log_magnitudes(waveform, hop_length, plan)
    if not len(log_mag):
        return np.zeros(0, np.float32)
    salience = _salience(np.maximum(log_mag, -_DEPTH_DECADES), plan.on_bins, plan.between_bins)
    path = _smoothest_path(salience, _JUMP_COST * _STEP_CENTS)
    coarse_cents = _GRID_CENTS[path]
    harmonic_bins = plan.nominal_bin * 2.0 ** (coarse_cents / 1200.0)
    cents = coarse_cents + _refinement_cents(log_mag, harmonic_bins, plan.on_bins.shape[1])
    voiced = level_db > max(level_db.max() + _VOICED_LEVEL_DB, -120.0)
    voiced &= salience[np.arange(len(path)), path] > _VOICED_SALIENCE
    voiced &= np.abs(cents) < RANGE_CENTS - _STEP_CENTS
    voiced = scipy.ndimage.binary_opening(voiced, np.ones(_MIN_VOICED_FRAMES, np.bool_))
    return np.where(voiced, cents, np.nan).astype(np.float32)


@dataclass(frozen=True)
class _Plan:
    """What `track_f0` needs for one nominal pitch: window, transform, where candidates' harmonics lie."""

    window: npt.NDArray[np.float32]
    n_fft: int
    nominal_bin: float
    on_bins: npt.NDArray[np.float32]
    """`(candidates, harmonics)`."""
    between_bins: npt.NDArray[np.float32]
    """`(candidates, harmonics)`: half a harmonic below each."""
    n_bins: int


@functools.lru_cache(maxsize=128)
def _plan(sample_rate: int, nominal_hz: float) -> _Plan:
    win_length = round(sample_rate * max(_MIN_WINDOW_S, _PERIODS_PER_WINDOW / nominal_hz))
    n_fft = 2 << win_length.bit_length()
    top_hz = 2.0 ** (RANGE_CENTS / 1200.0) * nominal_hz
    highest_hz = min(_MAX_HARMONIC_HZ, 0.45 * sample_rate)
    n_harmonics = int(np.clip(highest_hz / top_hz, 1, _MAX_HARMONICS))
    nominal_bin = nominal_hz * n_fft / sample_rate
    candidate_bins = nominal_bin * 2.0 ** (_GRID_CENTS / 1200.0)
    harmonics = np.arange(1, n_harmonics + 1)
    on_bins = candidate_bins[:, None] * harmonics
    n_bins = min(n_fft // 2 + 1, int(on_bins.max()) + 16)
    return _Plan(
        window=scipy.signal.get_window("hann", win_length).astype(np.float32),
        n_fft=n_fft,
        nominal_bin=nominal_bin,
        on_bins=np.minimum(on_bins, n_bins - 2).astype(np.float32),
        between_bins=np.minimum(candidate_bins[:, None] * (harmonics - 0.5), n_bins - 2).astype(np.float32),
        n_bins=n_bins,
    )


def _log_magnitudes(
    waveform: npt.NDArray[np.float32], hop_length: int, plan: _Plan
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Log10 magnitudes `(frames, bins)` relative to each frame's loudest, and each frame's level in dB."""
    n_frames = -(-len(waveform) // hop_length)
    before = len(plan.window) // 2
    padded = np.pad(waveform.astype(np.float32), (before, len(plan.window) + hop_length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, len(plan.window))[::hop_length][:n_frames]
    spectrum = scipy.fft.rfft(frames * plan.window, plan.n_fft, axis=1)[:, : plan.n_bins]
    magnitude = np.abs(spectrum)
    loudest = magnitude.max(axis=1, keepdims=True) + np.float32(1e-20)
    log_mag = np.log10(np.maximum(magnitude / loudest, np.float32(1e-6)))
    level_db = 20.0 * np.log10(loudest[:, 0] * (2.0 / plan.window.sum()))
    return log_mag.astype(np.float32), level_db.astype(np.float32)


@numba.njit(cache=True, fastmath=True)
def _salience(log_mag: Any, on_bins: Any, between_bins: Any) -> Any:
    """How far the harmonics of each candidate stand out: `(frames, candidates)`, in decades."""
    n_candidates, n_harmonics = on_bins.shape
    weights = 1.0 / np.sqrt(np.arange(1.0, n_harmonics + 1.0))
    weights /= weights.sum()
    salience = np.zeros((len(log_mag), n_candidates), np.float32)
    for frame in range(len(log_mag)):
        row = log_mag[frame]
        for candidate in range(n_candidates):
            total = 0.0
            for harmonic in range(n_harmonics):
                on, between = on_bins[candidate, harmonic], between_bins[candidate, harmonic]
                i, j = int(on), int(between)
                here = row[i] + (on - i) * (row[i + 1] - row[i])
                there = row[j] + (between - j) * (row[j + 1] - row[j])
                total += weights[harmonic] * (here - there)
            salience[frame, candidate] = total
    return salience


@numba.njit(cache=True)
def _smoothest_path(salience: Any, step_cost: float) -> Any:
    """Candidate of each frame on the path of highest salience less `step_cost` a grid step moved."""
    n_frames, n_candidates = salience.shape
    score = salience[0].astype(np.float64)
    came_from = np.zeros((n_frames, n_candidates), np.int32)
    for frame in range(1, n_frames):
        best = score.copy()
        origin = np.arange(n_candidates)
        for i in range(1, n_candidates):
            if best[i - 1] - step_cost > best[i]:
                best[i], origin[i] = best[i - 1] - step_cost, origin[i - 1]
        for i in range(n_candidates - 2, -1, -1):
            if best[i + 1] - step_cost > best[i]:
                best[i], origin[i] = best[i + 1] - step_cost, origin[i + 1]
        score = best + salience[frame]
        came_from[frame] = origin
    path = np.zeros(n_frames, np.int64)
    path[-1] = score.argmax()
    for frame in range(n_frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path


@numba.njit(cache=True)
def _refinement_cents(log_mag: Any, harmonic_bins: Any, n_harmonics: int) -> Any:
    """What the spectral peaks near the harmonics of `harmonic_bins` `(frames,)` add to it, in cents."""
    refinement = np.zeros(len(log_mag))
    for frame in range(len(log_mag)):
        row = log_mag[frame]
        deviations, weights = np.zeros(n_harmonics), np.zeros(n_harmonics)
        for index in range(n_harmonics):
            target = (index + 1) * harmonic_bins[frame]
            reach = max(2.0, target * (2.0 ** (_REFINE_CENTS / 1200.0) - 1.0))
            low, high = max(1, int(target - reach)), min(row.size - 2, int(target + reach) + 1)
            if low >= high:
                continue
            peak = low + row[low : high + 1].argmax()
            left, top, right = row[peak - 1], row[peak], row[peak + 1]
            if top < left or top < right or left + right - 2.0 * top == 0.0:
                continue
            place = peak + 0.5 * (left - right) / (left + right - 2.0 * top)
            deviations[index] = 1200.0 * np.log2(place / target)
            weights[index] = (index + 1.0) ** 2 * 10.0 ** (2.0 * top)
        refinement[frame] = _agreed_mean(deviations, weights)
    return refinement


@numba.njit(cache=True)
def _agreed_mean(values: Any, weights: Any) -> float:
    """Weighted mean of the values near the weighted median; 0 if nothing has weight."""
    total = weights.sum()
    if total <= 0.0:
        return 0.0
    order = np.argsort(values)
    reached, median = 0.0, 0.0
    for i in order:
        reached += weights[i]
        if reached >= 0.5 * total:
            median = values[i]
            break
    near = np.abs(values - median) <= _AGREE_CENTS
    return float((values * weights * near).sum() / (weights * near).sum())
