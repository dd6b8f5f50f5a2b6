"""The one preparation of a recorded note: trimmed to itself, no longer than a model takes, at one level.

The notes of a NoteBank, those that `clariolin transform` hears and those dropped on the desktop go through
`prepare`, so that an encoder sees the same note wherever it comes from.

Conventions: waveforms are `(samples,)` float32, mono. Levels are root mean squares in dB of full scale.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aae.analysis.envelope import envelope_db
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db

SILENT_LEVEL_DB = -70.0

_ENVELOPE_WINDOW_S = 0.005
_ENVELOPE_HOP_S = 0.001
_PREROLL_S = 0.010
_SURELY_NOTE_DB = -30.0
_SURELY_NOTE_S = 0.015
_ATTACK_DB = -50.0
_ATTACK_S = 0.060
_NOISE_S = 0.020
_ABOVE_NOISE_DB = 9.0
_LEAD_S = 0.150
_LEAD_MEASURED_S = 0.500
_LEAD_BELOW_NOTE_DB = 12.0
_LEAD_SPREAD_DB = 8.0
_LEAD_DRIFT_DB = 2.5
_LEAD_CEILING_DB = 6.0
_SLOWEST_PERIOD_S = 0.040
_PERIODIC = 0.25
_TAIL_DB = -60.0
_TAIL_WINDOW_S = 0.020
_END_FADE_S = 0.010
_CUT_FADE_S = 0.100


@dataclass(frozen=True)
class PreparedAudio:
    """A note's waveform, ready for a bank or an encoder.

    Attributes:
        waveform: `(samples,)` at `REFERENCE_LEVEL_DB`.
        level_db: The level it had before.
        start: Its first sample in the recording.
        end: The sample after the note's last in the recording; the waveform may have been cut before.
    """

    waveform: npt.NDArray[np.float32]
    level_db: float
    start: int
    end: int


def prepare(waveform: npt.NDArray[np.float32], sample_rate: int, max_samples: int) -> PreparedAudio | None:
    """Trims a recording to its note and brings it to the reference level.

    Args:
        waveform: `(samples,)` as recorded.
        sample_rate: Samples per second.
        max_samples: Longest note; a longer one is faded out.

    Returns:
        The note, or None if the recording is silent.
    """
    if loudest_rms_db(waveform, sample_rate) < SILENT_LEVEL_DB:
        return None
    start, end = find_note(waveform, sample_rate)
    note = shorten(waveform[start:end], sample_rate, max_samples)
    recorded_db = loudest_rms_db(note, sample_rate)
    if recorded_db < SILENT_LEVEL_DB:
        return None
    gain = np.float32(10.0 ** ((REFERENCE_LEVEL_DB - recorded_db) / 20.0))
    return PreparedAudio(note * gain, recorded_db, start, end)


def shorten(note: npt.NDArray[np.float32], sample_rate: int, max_samples: int) -> npt.NDArray[np.float32]:
    """A copy of a trimmed note `(samples,)` that ends without a click, no longer than a model takes."""
    fade_s = _CUT_FADE_S if len(note) > max_samples else _END_FADE_S
    return fade_out(note[:max_samples].copy(), round(fade_s * sample_rate))


def find_note(waveform: npt.NDArray[np.float32], sample_rate: int) -> tuple[int, int]:
    """Where the note begins and ends.

    The onset is sought backwards from the first place that surely belongs to the note (within 30 dB of its
    loudest, for 15 ms), down to 50 dB below the loudest or the noise before it, so that a soft attack stays
    whole; 10 ms before it are kept. A recording that begins with steady noise within those 30 dB has its
    note where it rises out of it. The end is the last moment within 60 dB of the loudest.

    Args:
        waveform: `(samples,)`, not silent.
        sample_rate: Samples per second.

    Returns:
        First sample and the one after the last.
    """
    hop = max(1, round(_ENVELOPE_HOP_S * sample_rate))
    envelope = envelope_db(waveform, round(_ENVELOPE_WINDOW_S * sample_rate), hop)
    loudest_db = float(envelope.max())
    ceiling_db = _leading_noise_ceiling_db(waveform, envelope, sample_rate)
    onset = _onset(envelope, loudest_db, max(loudest_db + _SURELY_NOTE_DB, ceiling_db))
    tail = envelope_db(waveform, round(_TAIL_WINDOW_S * sample_rate), hop)
    last = int(np.flatnonzero(tail > tail.max() + _TAIL_DB)[-1])
    start = max(0, onset * hop - round(_PREROLL_S * sample_rate))
    return start, min(len(waveform), (last + 1) * hop + round(_TAIL_WINDOW_S * sample_rate / 2))


def _onset(envelope: npt.NDArray[np.float64], loudest_db: float, sure_db: float) -> int:
    """Index of the envelope where the note begins; what stays above `sure_db` surely belongs to it."""
    sure = _lowest_ahead(envelope)
    candidates = np.flatnonzero(sure > sure_db)
    first_sure = int(candidates[0]) if len(candidates) else int(envelope.argmax())
    attack_db = loudest_db + _ATTACK_DB
    before = envelope[: max(0, first_sure - round(_ATTACK_S / _ENVELOPE_HOP_S))]
    if len(before) >= round(_NOISE_S / _ENVELOPE_HOP_S):
        noise_db = float(np.percentile(before, 20)) + _ABOVE_NOISE_DB
        attack_db = min(max(attack_db, noise_db), sure_db)
    quiet = np.flatnonzero(envelope[:first_sure] < attack_db)
    return int(quiet[-1]) + 1 if len(quiet) else 0


def _lowest_ahead(envelope: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The lowest level of the 15 ms that begin at each index."""
    n_sure = round(_SURELY_NOTE_S / _ENVELOPE_HOP_S)
    lowest: npt.NDArray[np.float64] = scipy.ndimage.minimum_filter1d(envelope, n_sure, origin=-(n_sure // 2))
    return lowest


def _leading_noise_ceiling_db(
    waveform: npt.NDArray[np.float32], envelope: npt.NDArray[np.float64], sample_rate: int
) -> float:
    """What the noise that a recording begins with stays below; -inf if it does not surely begin with noise.

    A soft beginning of the note itself is no noise: it swells, or has a period. Noise is steady, has none,
    and the note then rises out of it at once.
    """
    n_least = round(_LEAD_S / _ENVELOPE_HOP_S)
    floor_db = float(np.median(envelope[:n_least]))
    rising = np.flatnonzero(_lowest_ahead(envelope) > floor_db + _LEAD_CEILING_DB)
    n_lead = int(rising[0]) if len(rising) else 0
    if n_lead < n_least or floor_db > envelope.max() - _LEAD_BELOW_NOTE_DB:
        return -np.inf
    lead = envelope[:n_lead]
    low_db, high_db, highest_db = np.percentile(lead, (10, 90, 99))
    drift_db = abs(np.median(lead[: n_lead // 2]) - np.median(lead[n_lead // 2 :]))
    risen_db = envelope[n_lead : n_lead + n_least].max()
    if (
        high_db - low_db > _LEAD_SPREAD_DB
        or drift_db > _LEAD_DRIFT_DB
        or risen_db < floor_db + _LEAD_BELOW_NOTE_DB
        or _periodicity(waveform[: round(n_lead * _ENVELOPE_HOP_S * sample_rate)], sample_rate) > _PERIODIC
    ):
        return -np.inf
    return float(max(floor_db + _LEAD_CEILING_DB, highest_db + 1.0))


def _periodicity(waveform: npt.NDArray[np.float32], sample_rate: int) -> float:
    """How much of a sound comes back after a period, 0 to 1: highest autocorrelation past the first dip."""
    excerpt = waveform[-round(_LEAD_MEASURED_S * sample_rate) :].astype(np.float64)
    n_lags = min(round(_SLOWEST_PERIOD_S * sample_rate), len(excerpt) // 2)
    power = np.abs(np.fft.rfft(excerpt, 2 * len(excerpt))) ** 2
    correlation = np.fft.irfft(power)[:n_lags] / (np.arange(len(excerpt), len(excerpt) - n_lags, -1) + 1e-20)
    dips = np.flatnonzero(correlation < 0.0)
    if not len(dips):
        return 0.0
    return float(correlation[dips[0] :].max() / (correlation[0] + 1e-20))


def fade_out(waveform: npt.NDArray[np.float32], n_fade: int) -> npt.NDArray[np.float32]:
    """Fades the end out along a raised cosine."""
    n_fade = min(n_fade, len(waveform))
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(n_fade) + 1.0) / n_fade)
    waveform[len(waveform) - n_fade :] *= fade.astype(np.float32)
    return waveform
