"""What a machine may add to a note: a grid at the hop rate, noise after the end.

Clicks, clipping, DC and pieces are measured in `aae.analysis.defects`. Every measure is also taken on real
notes: vibrato, bow noise and rooms are no artefacts.

Conventions: `(samples,)` waveforms; levels in dB relative to the note's own loudest 50 ms.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from mcnn.spectral.level import loudest_rms_db

N_MULTIPLES = 6
"""Multiples of the frame rate at which the energy is compared with that beside it."""
NEAR_HZ = 1.5
AROUND_HZ = 20.0
HAS_ENDED_DB = -40.0
"""What follows the last time that a note is this loud is what follows its end."""
MIN_TAIL_S = 0.05
_LEVEL_WINDOW_S = 0.02
_MIN_DURATION_S = 0.25
_TINY = 1e-20

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Artefacts:
    """What was found in one note.

    Attributes:
        grid_db: How far the energy's modulation at multiples of the frame rate stands out from that beside
            them; NaN for notes too short to tell, or pitched so that their own beats fall there.
        tail_db: Level of what follows the end; NaN if the file ends with the note.
    """

    grid_db: float
    tail_db: float


def measure_artefacts(
    waveform: FloatArray, sample_rate: int, frame_rate_hz: float, f0_hz: float | None = None
) -> Artefacts:
    """Looks for a grid and for noise after the end.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
        frame_rate_hz: Frames per second of the front end.
        f0_hz: The note's pitch: its own period is no artefact.
    """
    return Artefacts(
        grid_db=_grid_db(waveform, sample_rate, frame_rate_hz, f0_hz), tail_db=_tail_db(waveform, sample_rate)
    )


def _grid_db(waveform: FloatArray, sample_rate: int, frame_rate_hz: float, f0_hz: float | None) -> float:
    if len(waveform) < _MIN_DURATION_S * sample_rate or not np.any(waveform):
        return float("nan")
    energy = np.square(waveform, dtype=np.float64)
    n_fft = next_fast_len(len(energy), real=True)
    spectrum = np.abs(rfft((energy - energy.mean()) * np.hanning(len(energy)), n_fft)) ** 2
    hz = np.arange(len(spectrum)) * (sample_rate / n_fft)
    found = []
    for multiple in range(1, N_MULTIPLES + 1):
        at = multiple * frame_rate_hz
        if f0_hz and abs(at / f0_hz - round(at / f0_hz)) * f0_hz < AROUND_HZ:
            continue
        away = np.abs(hz - at)
        near, beside = spectrum[away <= NEAR_HZ], spectrum[(away > 2 * NEAR_HZ) & (away <= AROUND_HZ)]
        found.append(10.0 * np.log10((near.max(initial=0.0) + _TINY) / (np.quantile(beside, 0.9) + _TINY)))
    return float(max(found)) if found else float("nan")


def _tail_db(waveform: FloatArray, sample_rate: int) -> float:
    loudest_db = loudest_rms_db(waveform, sample_rate)
    if not np.isfinite(loudest_db):
        return float("nan")
    n_window = round(_LEVEL_WINDOW_S * sample_rate)
    power = uniform_filter1d(np.square(waveform, dtype=np.float64), n_window, mode="constant")
    level = 10.0 * np.log10(np.maximum(power, _TINY)) - loudest_db
    last = int(np.flatnonzero(level > HAS_ENDED_DB)[-1]) + n_window
    tail = waveform[last:].astype(np.float64)
    if len(tail) < MIN_TAIL_S * sample_rate:
        return float("nan")
    return float(10.0 * np.log10(np.square(tail).mean() + _TINY) - loudest_db)


def summarize_artefacts(notes: list[Artefacts]) -> dict[str, float]:
    """Medians and upper ends over some notes, under the names that reports use; NaN where there are none."""
    grid = np.array([note.grid_db for note in notes], dtype=np.float64)
    tail = np.array([note.tail_db for note in notes], dtype=np.float64)
    return {
        "grid_db_median": _quantile(grid, 0.5),
        "grid_db_95th": _quantile(grid, 0.95),
        "tail_share": float(np.isfinite(tail).mean()) if len(tail) else float("nan"),
        "tail_db_median": _quantile(tail, 0.5),
        "tail_db_95th": _quantile(tail, 0.95),
    }


def _quantile(values: npt.NDArray[np.float64], share: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, share)) if len(known) else float("nan")
