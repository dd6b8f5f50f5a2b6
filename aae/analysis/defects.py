"""Is a note whole? Pieces, clicks, clipping, DC, and silence at its end, measured on the waveform alone.

Conventions: `(samples,)` mono waveforms; levels in dB relative to the note's own highest level. Every measure
is also taken on real notes, which are not perfect either (many recordings are cut at the end).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from aae.analysis.envelope import relative_envelope_db
from mcnn.spectral.level import loudest_rms_db

FALL_DB = 25.0
"""A gap is a fall of the envelope by more than this."""
RETURN_DB = 10.0
"""What comes back after a gap to within this of the peak level is a second piece."""
PIECE_S = 0.05
"""How long it must stay there to be a piece."""
BLIP_DB = 35.0
"""What comes back after a gap to within this of the peak level, however briefly, is a blip."""
CLICK_RATIO = 4.0
"""A click's second difference is this many times larger than any around it."""
END_S = 0.02
"""The end of a note, whose level is measured."""
SILENT_END_DB = -40.0
"""An end above this level is not silent."""

_ENVELOPE_WINDOW_S = 0.04
_ENVELOPE_STEP_S = 0.005
_BLIP_RISE_DB = 15.0
_CLICK_SELF_S = 0.003
_CLICK_AROUND_S = 0.04
_CLICK_AUDIBLE_DB = -50.0
_TRUNCATED_S = 0.06
_SILENCE_DB = -200.0
_FLAT_TOP_SAMPLES = 4

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NoteDefects:
    """What is wrong with one note.

    Attributes:
        is_silent: Whether there is no sound at all; then nothing else can be said.
        is_split: Whether the envelope falls and comes back: two notes instead of one.
        has_blip: Whether something short or soft follows a gap.
        has_click: Whether there is an isolated step or spike before the last 60 ms.
        is_truncated: Whether there is one within the last 60 ms: the sound stops instead of ending.
        is_clipped: Whether samples reach full scale or the peaks are flat.
        dc_db: Mean of the waveform, relative to its loudest 50 ms.
        end_db: Level of the last 20 ms, relative to the loudest 50 ms.
    """

    is_silent: bool
    is_split: bool
    has_blip: bool
    has_click: bool
    is_truncated: bool
    is_clipped: bool
    dc_db: float
    end_db: float


def measure_defects(waveform: FloatArray, sample_rate: int) -> NoteDefects:
    """Looks for what should not be in a note.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
    """
    level_db = loudest_rms_db(waveform, sample_rate)
    if not np.isfinite(level_db):
        return NoteDefects(True, False, False, False, False, False, _SILENCE_DB, _SILENCE_DB)
    envelope_db = _envelope_db(waveform, sample_rate)
    clicks = find_clicks(waveform, sample_rate)
    last = len(waveform) - round(_TRUNCATED_S * sample_rate)
    end = waveform[-max(1, round(END_S * sample_rate)) :].astype(np.float64)
    return NoteDefects(
        is_silent=False,
        is_split=has_second_piece(envelope_db),
        has_blip=has_blip(envelope_db),
        has_click=bool((clicks < last).any()),
        is_truncated=bool((clicks >= last).any()),
        is_clipped=is_clipped(waveform),
        dc_db=_decibels(abs(float(waveform.mean(dtype=np.float64)))) - level_db,
        end_db=_decibels(float(np.sqrt(np.mean(end**2)))) - level_db,
    )


def summarize_defects(notes: Iterable[NoteDefects]) -> dict[str, float]:
    """Shares (0 to 1) and levels over some notes, under the names that reports use."""
    rows = [asdict(note) for note in notes]
    column = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}
    return {
        "silent_share": float(column["is_silent"].mean()),
        "broken_share": float(column["is_split"].mean()),
        "blip_share": float(column["has_blip"].mean()),
        "click_share": float(column["has_click"].mean()),
        "cut_share": float(column["is_truncated"].mean()),
        "clipped_share": float(column["is_clipped"].mean()),
        "dc_db_worst": float(column["dc_db"].max()),
        "end_db_median": float(np.median(column["end_db"])),
        "end_db_worst": float(column["end_db"].max()),
        "loud_end_share": float((column["end_db"] > SILENT_END_DB).mean()),
    }


def _decibels(amplitude: float) -> float:
    return max(_SILENCE_DB, 20.0 * float(np.log10(max(amplitude, 1e-12))))


def _envelope_db(waveform: FloatArray, sample_rate: int) -> npt.NDArray[np.float64]:
    """Level every 5 ms, relative to the highest, in windows that hold a period of the lowest notes."""
    hop = max(1, round(_ENVELOPE_STEP_S * sample_rate))
    return relative_envelope_db(waveform, round(_ENVELOPE_WINDOW_S * sample_rate) | 1, hop)


def has_second_piece(envelope_db: npt.NDArray[np.float64]) -> bool:
    """Whether an envelope `(steps,)`, 0 at its peak, falls by `FALL_DB` and comes back for `PIECE_S`."""
    n_needed = round(PIECE_S / _ENVELOPE_STEP_S)
    loud = np.convolve(envelope_db >= -RETURN_DB, np.ones(n_needed), mode="valid") >= n_needed
    return _follows_gap(envelope_db, loud)


def has_blip(envelope_db: npt.NDArray[np.float64]) -> bool:
    """Whether an envelope `(steps,)`, 0 at its peak, rises again after a gap to where it can be heard."""
    lowest_so_far = _lowest_since_highest(envelope_db)
    risen = (envelope_db >= -BLIP_DB) & (envelope_db >= lowest_so_far + _BLIP_RISE_DB)
    return _follows_gap(envelope_db, risen)


def _lowest_since_highest(envelope_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Lowest level `(steps,)` since the highest so far."""
    lowest = np.empty_like(envelope_db)
    high, low = -np.inf, np.inf
    for step, level in enumerate(envelope_db):
        low = level if level >= high else min(low, level)
        high = max(high, level)
        lowest[step] = low
    return lowest


def _follows_gap(envelope_db: npt.NDArray[np.float64], event: npt.NDArray[np.bool_]) -> bool:
    """Whether an event `(steps,)` happens after the envelope fell by `FALL_DB` from its highest so far."""
    fallen = envelope_db < np.maximum.accumulate(envelope_db) - FALL_DB
    if not fallen.any():
        return False
    return bool(event[int(np.argmax(fallen)) :].any())


def find_clicks(waveform: FloatArray, sample_rate: int) -> npt.NDArray[np.int64]:
    """Positions, in samples, of isolated outliers in the second difference; steps at both ends included.

    A click stands out from what is before it *and* from what is after it; an attack stands out only from what
    is before, and the pulses of a low note stand beside each other.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
    """
    peak = float(np.abs(waveform).max(initial=0.0))
    if peak == 0.0:
        return np.zeros(0, dtype=np.int64)
    near, around = round(_CLICK_SELF_S * sample_rate), round(_CLICK_AROUND_S * sample_rate)
    margin = near + around
    bend = np.abs(np.diff(np.pad(waveform.astype(np.float64), margin), 2))
    # Largest values of the stretches before and after each sample, both a little away from it.
    reach = maximum_filter1d(bend, around)
    before = np.roll(reach, near + around // 2)
    after = np.roll(reach, -(near + around // 2))
    audible = bend > peak * 10.0 ** (_CLICK_AUDIBLE_DB / 20.0)
    clicks = np.flatnonzero(audible & (bend > CLICK_RATIO * np.maximum(before, after))) - margin + 1
    return clicks[np.diff(clicks, prepend=-margin) > near] if len(clicks) else clicks


def is_clipped(waveform: FloatArray) -> bool:
    """Whether `(samples,)` go beyond full scale, or peaks are flat: several equal samples at the extreme."""
    magnitude = np.abs(waveform)
    peak = magnitude.max(initial=0.0)
    flat = np.convolve(magnitude >= peak, np.ones(_FLAT_TOP_SAMPLES), mode="valid") >= _FLAT_TOP_SAMPLES
    return bool(peak > 1.0 or (peak > 0.0 and flat.any()))
