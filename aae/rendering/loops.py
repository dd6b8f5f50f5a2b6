"""Loops a note's steady part, so that a sampler can hold it for as long as a key is down.

The two ends of a loop are the places of the steady part whose surroundings resemble each other most, by
normalised correlation. What difference remains is crossfaded into the waveform before the loop's end, so
that every player loops cleanly, also one without crossfades of its own; the crossfade keeps the power,
whatever the correlation. Behind the loop's end the sound fades back to the original, for players that play
it on.

Conventions: `(samples,)` mono; a loop is `start` to `end`, both included, as in a WAV's `smpl` chunk.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.signal

from aae.analysis.envelope import envelope_db

MIN_LOOP_S = 0.15
ENVELOPE_S, ENVELOPE_STEP_S = 0.03, 0.005
STEADY_DB = 6.0
"""A sustain keeps within this of its own typical level."""
STEEPEST_DB_PER_S = 10.0
"""What falls faster is ringing out, not being held."""
ATTACK_S = 0.08
CROSSFADE_S = 0.04
MIN_PERIODS = 4
MIN_CORRELATION = 0.6
SEAM_SAMPLES = 8
RELEASE_DB = -40.0
MIN_RELEASE_S, MAX_RELEASE_S = 0.12, 0.8
_ENDS = 24
_LEVEL_WEIGHT = 0.1
_LENGTH_WEIGHT = 0.2
"""In correlation: the price of a level difference per dB, the worth of a loop over the whole steady part."""

Waveform = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Loop:
    """A loop and how well it closes.

    Attributes:
        start: First sample.
        end: Last sample.
        correlation: Of the surroundings of both ends before the crossfade, up to 1.
        seam_db: The sharpest bend of the waveform across the seam, over the sharpest one elsewhere in the
            loop; above 0 the seam would stand out.
        level_step_db: How much louder the end of the loop is than its beginning.
        release_s: How long the note takes to die away after the loop.
    """

    start: int
    end: int
    correlation: float
    seam_db: float
    level_step_db: float
    release_s: float


def loop_note(waveform: Waveform, sample_rate: int, f0_hz: float | None) -> tuple[Waveform, Loop] | None:
    """Finds a loop and closes it.

    Args:
        waveform: `(samples,)`.
        sample_rate: In Hz.
        f0_hz: Fundamental frequency; None for an unpitched sound.

    Returns:
        The waveform, changed around the loop's end, and the loop; None if no part is steady or similar
        enough.
    """
    step = round(ENVELOPE_STEP_S * sample_rate)
    levels_db = envelope_db(waveform, round(ENVELOPE_S * sample_rate), step, floor_db=-120.0)
    region = _steady_region(levels_db, sample_rate, step)
    if region is None:
        return None
    overlap = round(max(CROSSFADE_S, MIN_PERIODS / f0_hz if f0_hz else 0.0) * sample_rate)
    shortest = max(round(MIN_LOOP_S * sample_rate), overlap)
    found = _best_ends(waveform, region, overlap, shortest)
    if found is None or found[2] < MIN_CORRELATION:
        return None
    start, stop, correlation = found
    looped = _crossfaded(waveform, start, stop, overlap, correlation)
    loop = Loop(
        start,
        stop - 1,
        round(correlation, 4),
        round(seam_db(looped, start, stop - 1), 2),
        round(_level_db(waveform[stop - overlap : stop]) - _level_db(waveform[start : start + overlap]), 2),
        round(_release_s(levels_db, stop, step, sample_rate), 3),
    )
    return looped, loop


def seam_db(waveform: Waveform, start: int, end: int) -> float:
    """The sharpest bend of the waveform where a loop jumps back, over the sharpest one elsewhere in it.

    A bend is a fourth difference: it is small for what sounds smooth and large for a step, a kink or a click.

    Args:
        waveform: `(samples,)`.
        start: First sample of the loop.
        end: Last sample of the loop.

    Returns:
        Decibels; up to 0 the seam is no sharper than the sound itself.
    """
    period = waveform[start : end + 1].astype(np.float64)
    around = np.concatenate([period[-SEAM_SAMPLES:], period[:SEAM_SAMPLES]])
    at_seam = np.abs(np.diff(around, 4)).max()
    inside = np.abs(np.diff(period, 4)).max()
    return float(20.0 * np.log10((at_seam + 1e-12) / (inside + 1e-12)))


def _steady_region(levels_db: npt.NDArray[np.float64], sample_rate: int, step: int) -> tuple[int, int] | None:
    """The samples between attack and end; None if the note rings out or is too short."""
    attack = round(ATTACK_S * sample_rate / step)
    risen = np.flatnonzero(levels_db > levels_db.max(initial=-np.inf) - STEADY_DB)
    if not len(risen) or risen[-1] - risen[0] < 2 * attack:
        return None
    typical_db = float(np.median(levels_db[risen[0] + attack : risen[-1] + 1]))
    held = np.flatnonzero(levels_db > typical_db - STEADY_DB)
    first, last = int(held[0]) + attack, int(held[-1])
    steady = levels_db[first : last + 1]
    if (last - first) * step < (2 * MIN_LOOP_S) * sample_rate:
        return None
    slope_db_per_s = np.polyfit(np.arange(len(steady)) * step / sample_rate, steady, 1)[0]
    return None if slope_db_per_s < -STEEPEST_DB_PER_S else (first * step, last * step)


def _best_ends(
    waveform: Waveform, region: tuple[int, int], overlap: int, shortest: int
) -> tuple[int, int, float] | None:
    """Start and stop (one past the end) of the best loop in the region, and their correlation."""
    low, high = region
    high = min(high, len(waveform) - overlap)
    if high - low < shortest + overlap:
        return None
    heard = waveform[low:high].astype(np.float64)
    energy = np.concatenate([[0.0], np.cumsum(heard**2)])
    window_energy = np.maximum(energy[overlap:] - energy[:-overlap], 1e-12)
    best: tuple[float, int, int, float] | None = None
    for stop in np.linspace(overlap + shortest, len(heard), _ENDS).astype(int):
        n_starts = stop - shortest - overlap + 1
        target = heard[stop - overlap : stop]
        products = scipy.signal.correlate(heard[: n_starts + overlap - 1], target, "valid", "fft")
        target_energy = window_energy[stop - overlap]
        correlation = products / np.sqrt(window_energy[:n_starts] * target_energy)
        level_db = np.abs(10.0 * np.log10(window_energy[:n_starts] / target_energy))
        length = (stop - overlap - np.arange(n_starts)) / len(heard)
        score = correlation - _LEVEL_WEIGHT * level_db + _LENGTH_WEIGHT * length
        place = int(score.argmax())
        if best is None or score[place] > best[0]:
            best = (float(score[place]), place + overlap, int(stop), float(correlation[place]))
    if best is None:
        return None
    _, start, stop, similarity = best
    return low + start, low + stop, similarity


def _crossfaded(waveform: Waveform, start: int, stop: int, overlap: int, correlation: float) -> Waveform:
    """Makes what comes before the loop's end run into its start, and what comes after it run on."""
    looped = waveform.copy()
    fade = np.arange(1, overlap + 1) / overlap
    before = _blend(waveform[stop - overlap : stop], waveform[start - overlap : start], fade, correlation)
    after = _blend(waveform[start : start + overlap], waveform[stop : stop + overlap], fade, correlation)
    looped[stop - overlap : stop] = before
    looped[stop : stop + overlap] = after
    return looped


def _blend(
    from_this: Waveform, to_that: Waveform, fade: npt.NDArray[np.float64], correlation: float
) -> Waveform:
    power = (1 - fade) ** 2 + fade**2 + 2 * correlation * fade * (1 - fade)
    return np.asarray(((1 - fade) * from_this + fade * to_that) / np.sqrt(power), np.float32)


def _level_db(waveform: Waveform) -> float:
    return float(10.0 * np.log10(np.mean(np.square(waveform, dtype=np.float64)) + 1e-12))


def _release_s(levels_db: npt.NDArray[np.float64], stop: int, step: int, sample_rate: int) -> float:
    """The time that the note takes after the loop to fall by 40 dB, or to end."""
    tail = levels_db[stop // step :]
    fallen = np.flatnonzero(tail < tail[0] + RELEASE_DB) if len(tail) else np.array([], int)
    frames = int(fallen[0]) if len(fallen) else len(tail)
    return float(np.clip(frames * step / sample_rate, MIN_RELEASE_S, MAX_RELEASE_S))
