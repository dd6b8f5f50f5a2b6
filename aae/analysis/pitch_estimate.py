"""The pitch of a recording that has no label: what a tracker hears, with its slips between octaves mended.

Conventions: waveforms are `(samples,)` mono.
"""

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aae.analysis.f0 import MeasuredPitch, measure_pitch

CONFIDENT = 0.6
"""Voiced share of a note from which the tracker is believed."""
# Harmonics that would tell two octaves apart are absent when this far below the others. On real notes they
# are 20 to 50 dB below where label or tracker is surely an octave off, and -14 to +20 dB where they belong.
ABSENT_DB = -18.0
LOW_HZ = 80.0
"""Below this the tracker slips."""
_HIGH_HZ = 1_000.0
"""A note above what the tracker hears, 2,094 Hz, may be heard an octave too low: above this."""


def unlabelled_f0_hz(waveform: npt.NDArray[np.float32], sample_rate: int) -> float | None:
    """Fundamental frequency of a note without a label, or None if none is heard with confidence.

    Args:
        waveform: `(samples,)` of the note.
        sample_rate: Samples per second.
    """
    heard = measure_surest(waveform, sample_rate, 0)
    if not heard.confidence >= CONFIDENT:
        return None
    f0_hz = lower_octave_hz(waveform, sample_rate, heard.f0_hz)
    return _higher_octave_hz(waveform, sample_rate, f0_hz)


def measure_surest(waveform: npt.NDArray[np.float32], sample_rate: int, octave_shift: int) -> MeasuredPitch:
    """What the tracker hears at `octave_shift`, or at other shifts where it is surer."""
    best = measure_pitch(waveform, sample_rate, octave_shift)
    for other_shift in (octave_shift + 1, octave_shift - 1):
        if best.confidence < CONFIDENT:
            other = measure_pitch(waveform, sample_rate, other_shift)
            best = max(best, other, key=lambda measured: measured.confidence)
    return best


def lower_octave_hz(waveform: npt.NDArray[np.float32], sample_rate: int, f0_hz: float) -> float:
    """What the tracker hears, or a lower note that it hears badly and the spectrum speaks for."""
    if f0_hz < 2.0 * LOW_HZ:
        lower = measure_pitch(waveform, sample_rate, 2)
        ratio = round(f0_hz / lower.f0_hz) if lower.confidence >= CONFIDENT else 1
        if ratio >= 2 and own_harmonics_db(waveform, sample_rate, f0_hz / ratio, ratio) > ABSENT_DB:
            return lower.f0_hz
    return f0_hz


def _higher_octave_hz(waveform: npt.NDArray[np.float32], sample_rate: int, f0_hz: float) -> float:
    """What the tracker hears, or the octave above if the spectrum has none of the lower note's harmonics."""
    if f0_hz > _HIGH_HZ and own_harmonics_db(waveform, sample_rate, f0_hz, 2) < ABSENT_DB:
        higher = measure_pitch(waveform, sample_rate, -1)
        if higher.confidence >= CONFIDENT and round(higher.f0_hz / f0_hz) == 2:
            return higher.f0_hz
    return f0_hz


def own_harmonics_db(
    waveform: npt.NDArray[np.float32], sample_rate: int, lower_hz: float, ratio: int
) -> float:
    """Strongest harmonic of `lower_hz` that is none of `ratio * lower_hz`, relative to the others."""
    n_window = min(len(waveform), 1 << 14)
    power = scipy.ndimage.uniform_filter1d(waveform.astype(np.float64) ** 2, 2048)
    start = int(np.clip(power.argmax() - n_window // 2, 0, len(waveform) - n_window))
    n_fft = 1 << 16
    segment = waveform[start : start + n_window] * np.hanning(n_window)
    spectrum = np.abs(np.fft.rfft(segment, n_fft))
    strongest = {True: 1e-12, False: 1e-12}
    for harmonic in range(1, 4 * ratio + 1):
        place = harmonic * lower_hz * n_fft / sample_rate
        reach = max(3.0, min(0.03 * place, 0.25 * place / harmonic))
        around = spectrum[int(place - reach) : int(place + reach) + 2]
        shared = harmonic % ratio == 0
        strongest[shared] = max(strongest[shared], float(around.max(initial=0.0)))
    return float(20.0 * np.log10(strongest[False] / strongest[True]))
