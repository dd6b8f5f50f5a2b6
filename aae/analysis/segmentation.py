"""Which notes follow each other in a recording: where each begins and ends, and at which pitch.

A public tracker's pitch is cut into notes by its own segmentation, repeated notes are told apart by onsets
(spectral flux) at which the level really rises, and what is loud but has no note of its own becomes one more
segment, pitched or not. Trills and fingered tremolos stay whole: their pitch is followed within the note.

Conventions: waveforms are `(samples,)` mono; places are samples; levels are in dB of full scale.

Source: SwiftF0 (arXiv 2508.18440) and its segmentation of pitch into notes; onsets by librosa's spectral flux
(S. Böck and G. Widmer, DAFx-13).
"""

import itertools
from dataclasses import dataclass, replace

import librosa
import numpy as np
import numpy.typing as npt
import soxr

from aae.analysis.envelope import envelope_db
from aae.analysis.f0 import TRACKER_RATE, neural_tracker
from aae.analysis.pitch_estimate import ABSENT_DB, lower_octave_hz, own_harmonics_db, unlabelled_f0_hz

Floats = npt.NDArray[np.float64]

_STEP_S = 0.005
_WINDOW_S = 0.015
_ONSET_HOP_S = 0.006
_AROUND_S = 0.06
_RISE_DB = 5.0
"""The level rises at least so much where something begins."""
_STRUCK_AGAIN_DB = 9.0
"""And so much where one pitch is played again; a vibrato's level moves by less."""
_DIP_DB = 12.0
"""A dip of this depth parts two notes however short they are, and the second has an attack of its own."""
_MIN_DURATION_S = 0.04
_ADJACENT_S = 0.06
_LEAD_S = 0.10
"""How long before its pitch is heard a note may begin."""
_TAIL_DB = -45.0
_HEARD_DB = -30.0
"""What has no note but is this near the loudest becomes a segment."""
_FAINT_DB = -40.0
_ATTACK_NOISE_S = 0.15
_RELEASE_DB = 6.0
"""What follows a note without pitch, this much below it, is its end."""
_OCTAVE_SEMITONES = 0.4
_TRILL_NOTE_S = 0.18
_TRILL_SEMITONES = 3.0
_FRAGMENT_S = 0.06
_SAME_SEMITONES = 0.8


@dataclass(frozen=True)
class DetectedNote:
    """One note of a recording.

    Attributes:
        start: First sample; an isolated note's may lie up to 0.1 s before its onset.
        end: The sample after the last.
        f0_hz: Its pitch; None if none is heard.
        is_slurred: Whether it goes on from the note before without an attack of its own.
    """

    start: int
    end: int
    f0_hz: float | None
    is_slurred: bool = False


class _Levels:
    """The level of a recording over time."""

    def __init__(self, waveform: npt.NDArray[np.float32], sample_rate: int) -> None:
        self.step = max(1, round(_STEP_S * sample_rate))
        self.db = envelope_db(waveform, round(_WINDOW_S * sample_rate), self.step)

    def index(self, sample: int) -> int:
        return int(np.clip(sample // self.step, 0, len(self.db) - 1))

    def between(self, start: int, end: int) -> Floats:
        """The part from one sample to another, at least one value."""
        first = self.index(start)
        return self.db[first : max(first + 1, self.index(end) + 1)]

    def dip_db(self, place: int, around: int) -> float:
        """How far the level near a place lies below the lower of its two sides."""
        sides = (self.between(place - around, place), self.between(place, place + around))
        lowest = self.between(place - around // 2, place + around // 2).min()
        return float(min(side.max() for side in sides) - lowest)

    def lowest(self, start: int, end: int) -> int:
        """The sample at which a stretch is quietest."""
        return (self.index(start) + int(self.between(start, end).argmin())) * self.step


def find_notes(
    waveform: npt.NDArray[np.float32], sample_rate: int, loudest_db: float | None = None
) -> list[DetectedNote]:
    """The notes of a recording in the order they begin; they do not overlap.

    Args:
        waveform: `(samples,)`.
        sample_rate: Samples per second.
        loudest_db: Level of the loudest part of the whole recording, if this is a stretch of it; what is more
            than 60 dB below it is silence.
    """
    if len(waveform) < _MIN_DURATION_S * sample_rate or not waveform.any():
        return []
    levels = _Levels(waveform, sample_rate)
    peak_db = float(levels.db.max())
    if peak_db < -70.0 or (loudest_db is not None and peak_db < loudest_db - 60.0):
        return []
    onsets = _onsets(waveform, sample_rate, levels)
    notes = _split(_tracked_notes(waveform, sample_rate), onsets, levels, sample_rate)
    notes = _joined_ends(notes, levels, sample_rate, len(waveform))
    notes = _with_mended_octaves(notes, waveform, sample_rate)
    rest = _rest(notes, waveform, sample_rate, levels, onsets, peak_db)
    notes = _with_rest(notes, rest, levels, sample_rate)
    notes = _merged_trills(notes, sample_rate)
    shortest = round(_MIN_DURATION_S * sample_rate)
    return [note for note in notes if note.end - note.start >= shortest and _is_heard(note, levels, peak_db)]


def _is_heard(note: DetectedNote, levels: _Levels, peak_db: float) -> bool:
    return bool(levels.between(note.start, note.end).max() > peak_db + _FAINT_DB)


def _tracked_notes(waveform: npt.NDArray[np.float32], sample_rate: int) -> list[DetectedNote]:
    """What the tracker and its segmentation hear, low octaves mended."""
    from swift_f0 import segment_notes

    gain = np.float32(0.7 / np.abs(waveform).max())
    heard = neural_tracker().detect(soxr.resample(waveform * gain, sample_rate, TRACKER_RATE), TRACKER_RATE)
    notes = []
    for found in segment_notes(heard):
        start, end = round(found.start * sample_rate), min(len(waveform), round(found.end * sample_rate))
        if end - start >= _MIN_DURATION_S * sample_rate:
            f0_hz = lower_octave_hz(waveform[start:end], sample_rate, found.pitch_hz)
            notes.append(DetectedNote(start, end, f0_hz))
    return notes


def _onsets(waveform: npt.NDArray[np.float32], sample_rate: int, levels: _Levels) -> list[int]:
    """Samples at which something begins and the level rises."""
    hop = round(_ONSET_HOP_S * sample_rate)
    found = librosa.onset.onset_detect(y=waveform, sr=sample_rate, hop_length=hop, units="samples")
    around = round(_AROUND_S * sample_rate)
    kept = []
    for place in found.tolist():
        before = levels.between(place - around, place + around // 4).min()
        after = levels.between(place, place + around).max()
        if after - before >= _RISE_DB:
            kept.append(levels.lowest(place - around, place))
    return kept


def _split(
    notes: list[DetectedNote], onsets: list[int], levels: _Levels, sample_rate: int
) -> list[DetectedNote]:
    """Notes of one pitch cut where they are struck again."""
    margin = round(_AROUND_S * sample_rate)
    parts: list[DetectedNote] = []
    for note in notes:
        inside = [o for o in onsets if note.start + margin < o < note.end - margin]
        inside = [o for o in inside if levels.dip_db(o, margin) >= _STRUCK_AGAIN_DB]
        edges = [note.start, *inside, note.end]
        parts += [DetectedNote(a, b, note.f0_hz) for a, b in itertools.pairwise(edges)]
    return parts


def _joined_ends(
    notes: list[DetectedNote], levels: _Levels, sample_rate: int, n_samples: int
) -> list[DetectedNote]:
    """Each note from its onset to where it has died away or the next begins."""
    near, around = round(_ADJACENT_S * sample_rate), round(_AROUND_S * sample_rate)
    lead = round(_LEAD_S * sample_rate)
    joined: list[DetectedNote] = []
    for i, note in enumerate(notes):
        following = notes[i + 1].start if i + 1 < len(notes) else n_samples
        start, slurred = max(0, note.start - lead), False
        if joined and note.start - joined[-1].end <= near:
            place = levels.lowest(note.start - around, note.start + around // 2)
            dip_db = levels.dip_db(note.start, around)
            start = int(np.clip(place if dip_db > 3.0 else note.start, joined[-1].start + 1, note.end - 1))
            slurred = dip_db < _DIP_DB
            joined[-1] = replace(joined[-1], end=start)
        elif joined:
            start = max(start, joined[-1].end)
        joined.append(DetectedNote(start, _tail(note, following, levels), note.f0_hz, slurred))
    return joined


def _tail(note: DetectedNote, following: int, levels: _Levels) -> int:
    """Where a note has died away, at the latest where the next begins."""
    peak_db = float(levels.between(note.start, note.end).max())
    after = levels.between(note.end, following)
    quiet = np.flatnonzero(after < peak_db + _TAIL_DB)
    rising = np.flatnonzero(after > np.minimum.accumulate(after) + 2 * _RISE_DB)
    ends = [int(places[0]) for places in (quiet, rising) if len(places)]
    return min(following, note.end + (min(ends) + 1) * levels.step) if ends else following


def _with_mended_octaves(
    notes: list[DetectedNote], waveform: npt.NDArray[np.float32], sample_rate: int
) -> list[DetectedNote]:
    """Where the tracker jumps by octaves or to another harmonic within one note, the spectrum decides."""
    mended: list[DetectedNote] = []
    for note in notes:
        before = mended[-1] if mended else None
        if before is None or not note.is_slurred or before.f0_hz is None or note.f0_hz is None:
            mended.append(note)
            continue
        lower_hz, ratio = sorted((before.f0_hz, note.f0_hz))[0], round(_ratio(before.f0_hz, note.f0_hz))
        off = 12.0 * abs(np.log2(_ratio(before.f0_hz, note.f0_hz) / ratio))
        if ratio < 2 or off > _OCTAVE_SEMITONES:
            mended.append(note)
            continue
        pair = []
        for one in (before, note):
            part = waveform[one.start : one.end]
            sounds_low = own_harmonics_db(part, sample_rate, lower_hz, ratio) > ABSENT_DB
            pair.append(replace(one, f0_hz=lower_hz if sounds_low else lower_hz * ratio))
        if pair[0].f0_hz == pair[1].f0_hz:
            longer_hz = max(before, note, key=lambda one: one.end - one.start).f0_hz or lower_hz
            octaves = np.round(np.log2((pair[0].f0_hz or lower_hz) / longer_hz))
            pair = [replace(before, end=note.end, f0_hz=float(longer_hz * 2.0**octaves))]
        mended[-1:] = pair
    return mended


def _ratio(one_hz: float, other_hz: float) -> float:
    return max(one_hz, other_hz) / min(one_hz, other_hz)


def _rest(
    notes: list[DetectedNote],
    waveform: npt.NDArray[np.float32],
    sample_rate: int,
    levels: _Levels,
    onsets: list[int],
    peak_db: float,
) -> list[DetectedNote]:
    """What is loud but in none of the notes."""
    loud = levels.db > peak_db + _FAINT_DB
    for note in notes:
        loud[levels.index(note.start) : levels.index(note.end) + 1] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    rest: list[DetectedNote] = []
    for first, last in edges.reshape(-1, 2):
        if levels.db[first:last].max() < peak_db + _HEARD_DB:
            continue
        start, end = int(first) * levels.step, min(len(waveform), int(last) * levels.step)
        places = [start, *(o for o in onsets if start + levels.step < o < end - levels.step), end]
        for a, b in itertools.pairwise(places):
            if b - a >= _MIN_DURATION_S * sample_rate:
                rest.append(DetectedNote(a, b, unlabelled_f0_hz(waveform[a:b], sample_rate)))
    return rest


def _with_rest(
    notes: list[DetectedNote], rest: list[DetectedNote], levels: _Levels, sample_rate: int
) -> list[DetectedNote]:
    """Notes and rest in order; noise before an attack and after a release belongs to its note."""
    near, short = _ADJACENT_S * sample_rate, _ATTACK_NOISE_S * sample_rate
    joined: list[DetectedNote] = []
    for note in sorted([*notes, *rest], key=lambda one: one.start):
        before = joined[-1] if joined else None
        if before is None or note.start - before.end > near:
            joined.append(note)
            continue
        before_db, db = (float(levels.between(one.start, one.end).max()) for one in (before, note))
        if note.f0_hz is None and before.f0_hz is not None and db < before_db - _RELEASE_DB:
            joined[-1] = replace(before, end=note.end)
        elif before.f0_hz is None and note.f0_hz is not None and before.end - before.start < short:
            joined[-1] = replace(note, start=before.start, is_slurred=False)
        else:
            joined.append(note)
    return joined


def _merged_trills(notes: list[DetectedNote], sample_rate: int) -> list[DetectedNote]:
    """Short notes that alternate between two near pitches without a pause are one."""
    merged: list[DetectedNote] = []
    run: list[DetectedNote] = []
    for note in notes:
        if run and not _goes_on(run, note, sample_rate):
            merged += _as_one(run, sample_rate)
            run = []
        run.append(note)
    return merged + _as_one(run, sample_rate)


def _goes_on(run: list[DetectedNote], note: DetectedNote, sample_rate: int) -> bool:
    pitches = [other.f0_hz for other in (*run, note)]
    if note.start != run[-1].end or any(f0 is None for f0 in pitches):
        return False
    semitones = 12.0 * np.log2(np.array(pitches, float))
    short = _TRILL_NOTE_S * sample_rate
    if note.end - note.start > short or any(other.end - other.start > short for other in run[1:]):
        return False
    alternates = len(run) < 2 or abs(semitones[-1] - semitones[-3]) < _SAME_SEMITONES
    return bool(np.ptp(semitones) <= _TRILL_SEMITONES and alternates and note.is_slurred)


def _as_one(run: list[DetectedNote], sample_rate: int) -> list[DetectedNote]:
    """A trill as one note; also one note and a fragment at its end that is too short to be another."""
    fragment = len(run) == 2 and run[1].end - run[1].start < _FRAGMENT_S * sample_rate
    if len(run) < 3 and not fragment:
        return run
    longest = max(run, key=lambda note: note.end - note.start)
    return [DetectedNote(run[0].start, run[-1].end, longest.f0_hz, run[0].is_slurred)]
