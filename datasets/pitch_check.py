"""Does a recording sound the note that its label says?

A pitch tracker that knows no label gives the evidence, and the recording's own spectrum decides where
trackers are known to slip: between a note and its octaves. `datasets/README.md` has what was found in a real
library.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aae.pitch_names import pitch_frequency_hz, pitch_name
from mcnn.f0 import MeasuredPitch, measure_pitch

FAR_CENTS = 60.0
"""A label further than this from what sounds is wrong."""

_CONFIDENT = 0.6
_SAME_CENTS = 80.0
_ABSENT_DB = -18.0
# Harmonics that would tell two octaves apart are absent when this far below the others. On real notes they
# are 20 to 50 dB below where label or tracker is surely an octave off, and -14 to +20 dB where they belong.
_LOW_HZ, _VERY_LOW_HZ, _HIGH_HZ = 80.0, 45.0, 1_000.0


@dataclass(frozen=True)
class LabelCheck:
    """What came of comparing a label with the sound.

    Attributes:
        agrees: Whether the label may stand.
        measured: What the tracker heard.
    """

    agrees: bool
    measured: MeasuredPitch

    @property
    def detail(self) -> str:
        """The measured note in words: `D#3 −12 cents`."""
        return describe_pitch(self.measured.midi_pitch)


def describe_pitch(midi_pitch: float) -> str:
    """A fractional MIDI number in words: `D#3 -12 cents`."""
    if not 0 <= round(midi_pitch) <= 127:
        return f"MIDI {midi_pitch:.1f}"
    return f"{pitch_name(round(midi_pitch))} {100.0 * (midi_pitch - round(midi_pitch)):+.0f} cents"


def check_label(waveform: npt.NDArray[np.float32], sample_rate: int, midi_pitch: int) -> LabelCheck:
    """Compares a label with the sound.

    A label stands if the tracker is not confident, if the steady pitch is within `FAR_CENTS` of it, if an
    unsteady pitch (trill, glissando, fingered tremolo) touches it, or if the tracker is a whole number of
    times off while the spectrum speaks for the label.

    Args:
        waveform: `(samples,)` of the note.
        sample_rate: Samples per second.
        midi_pitch: What the label says.
    """
    nominal_hz = pitch_frequency_hz(midi_pitch)
    measured = _measure(waveform, sample_rate, _octave_shift(nominal_hz))
    if not measured.confidence >= _CONFIDENT:
        return LabelCheck(True, measured)
    if measured.is_steady:
        lowest = highest = _cents(measured.f0_hz, nominal_hz)
    else:
        lowest, highest = _cents(measured.lowest_hz, nominal_hz), _cents(measured.highest_hz, nominal_hz)
    if lowest - FAR_CENTS <= 0.0 <= highest + FAR_CENTS:
        return LabelCheck(True, measured)
    return LabelCheck(_spectrum_favours(waveform, sample_rate, nominal_hz, measured.f0_hz), measured)


def find_pitch(waveform: npt.NDArray[np.float32], sample_rate: int) -> MeasuredPitch | None:
    """Pitch of a recording without a label, or None if no tracker is confident.

    Args:
        waveform: `(samples,)` of the note.
        sample_rate: Samples per second.
    """
    measured = _measure(waveform, sample_rate, 0)
    return measured if measured.confidence >= _CONFIDENT else None


def _cents(f0_hz: float, nominal_hz: float) -> float:
    return float(1200.0 * np.log2(f0_hz / nominal_hz))


def _measure(waveform: npt.NDArray[np.float32], sample_rate: int, octave_shift: int) -> MeasuredPitch:
    """What the tracker hears at `octave_shift`, or at other shifts where it is surer."""
    best = measure_pitch(waveform, sample_rate, octave_shift)
    for other_shift in (octave_shift + 1, octave_shift - 1):
        if best.confidence < _CONFIDENT:
            other = measure_pitch(waveform, sample_rate, other_shift)
            best = max(best, other, key=lambda measured: measured.confidence)
    return best


def _octave_shift(nominal_hz: float) -> int:
    """How to bring a note into the middle of what the tracker hears."""
    if nominal_hz > _HIGH_HZ:
        return -1
    return 0 if nominal_hz > _LOW_HZ else 1 if nominal_hz > _VERY_LOW_HZ else 2


def _spectrum_favours(
    waveform: npt.NDArray[np.float32], sample_rate: int, nominal_hz: float, measured_hz: float
) -> bool:
    """Whether the spectrum speaks for the label, the tracker being a whole number of times off."""
    upwards = measured_hz > nominal_hz
    lower_hz, higher_hz = (nominal_hz, measured_hz) if upwards else (measured_hz, nominal_hz)
    ratio = round(higher_hz / lower_hz)
    if ratio < 2 or abs(_cents(higher_hz, ratio * lower_hz)) > _SAME_CENTS:
        return False
    lower_sounds = _own_harmonics_db(waveform, sample_rate, higher_hz / ratio, ratio) > _ABSENT_DB
    return lower_sounds if upwards else not lower_sounds


def _own_harmonics_db(
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
