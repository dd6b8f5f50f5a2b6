"""Phrases of known notes: how many are found, where they begin, at which pitch."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from aae.analysis.segmentation import DetectedNote, find_notes
from aae.notes.pitch_names import pitch_frequency_hz
from tests.support.synth import SAMPLE_RATE, silence, tone, trill, vibrato

Note = tuple[int, float, float]
"""MIDI pitch, length and pause after it, in seconds."""
MELODY: list[Note] = [
    (60, 0.4, 0.0), (62, 0.3, 0.0), (64, 0.5, 0.1), (64, 0.25, 0.02), (64, 0.25, 0.2), (55, 0.6, 0.0),
    (48, 0.5, 0.1), (72, 0.12, 0.0), (74, 0.12, 0.0), (76, 0.12, 0.3), (67, 1.0, 0.2),
]  # fmt: skip


def phrase(notes: list[Note], before_s: float = 0.3) -> tuple[npt.NDArray[np.float32], list[float]]:
    """The sound of notes, and where each begins in seconds."""
    parts, onsets, place_s = [silence(before_s)], [], before_s
    for midi_pitch, duration_s, pause_s in notes:
        onsets.append(place_s)
        parts += [
            tone(pitch_frequency_hz(midi_pitch), duration_s, attack_s=0.01, release_s=0.02),
            silence(pause_s),
        ]
        place_s += duration_s + pause_s
    return np.concatenate([*parts, silence(0.3)]), onsets


def pitches(notes: list[DetectedNote]) -> list[int | None]:
    return [None if note.f0_hz is None else round(69 + 12 * np.log2(note.f0_hz / 440)) for note in notes]


def test_every_note_of_a_melody_is_found_where_it_is() -> None:
    waveform, onsets = phrase(MELODY)
    notes = find_notes(waveform, SAMPLE_RATE)
    assert pitches(notes) == [midi_pitch for midi_pitch, _, _ in MELODY]
    assert all(one.end <= other.start for one, other in itertools.pairwise(notes))
    for note, onset_s in zip(notes, onsets, strict=True):
        # An isolated note may be given up to 0.1 s of what is before it, never less than its onset.
        assert -0.105 <= note.start / SAMPLE_RATE - onset_s <= 0.012


def test_low_and_high_notes_keep_their_octave() -> None:
    notes: list[Note] = [(29, 0.6, 0.2), (36, 0.6, 0.2), (96, 0.4, 0.2), (100, 0.4, 0.2)]
    waveform, _ = phrase(notes)
    assert pitches(find_notes(waveform, SAMPLE_RATE)) == [29, 36, 96, 100]


def test_vibrato_and_trill_are_one_note_each() -> None:
    shaken = tone(440.0, 1.0, cents=vibrato(1.0), attack_s=0.02)
    trilled = tone(440.0, 1.0, cents=trill(1.0, rate_hz=7.0), attack_s=0.02)
    waveform = np.concatenate([silence(0.2), shaken, silence(0.3), trilled, silence(0.2)])
    notes = find_notes(waveform, SAMPLE_RATE)
    assert len(notes) == 2
    assert pitches(notes)[0] == 69
    assert pitches(notes)[1] in (69, 70, 71)


def test_slurred_notes_are_told_from_struck_ones() -> None:
    glide = np.repeat([0.0, 400.0], SAMPLE_RATE // 2)
    slurred = tone(pitch_frequency_hz(60), 1.0, cents=glide)
    struck, _ = phrase([(60, 0.5, 0.0), (64, 0.5, 0.0)])
    assert [note.is_slurred for note in find_notes(slurred, SAMPLE_RATE)] == [False, True]
    assert [note.is_slurred for note in find_notes(struck, SAMPLE_RATE)] == [False, False]


def test_noise_is_a_segment_without_pitch() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE // 2).astype(np.float32)
    note = tone(440.0, 0.5)
    waveform = np.concatenate([silence(0.2), noise, silence(0.3), note, silence(0.2)])
    notes = find_notes(waveform, SAMPLE_RATE)
    assert pitches(notes)[-1] == 69
    assert notes[0].f0_hz is None
    assert notes[0].start / SAMPLE_RATE == pytest.approx(0.2, abs=0.03)


def test_nothing_is_found_in_silence() -> None:
    assert find_notes(silence(1.0), SAMPLE_RATE) == []
    assert find_notes(silence(0.0), SAMPLE_RATE) == []
    assert find_notes(tone(440.0, 1.0, peak=1e-5, noise=0.0), SAMPLE_RATE) == []
    quiet = tone(440.0, 0.5, peak=0.0002, noise=0.0)
    assert find_notes(quiet, SAMPLE_RATE, loudest_db=0.0) == []
