"""The transform on held-out recordings, and on a phrase made of them, measured again.

Of single recordings: pitch kept, requested instrument recognised, loudness over time. Of a phrase put
together from recordings: notes detected, and how far from its time each begins. Pitch and instrument are
judged by a public tracker and by the recogniser that also judges `clariolin evaluate`; each figure stands
beside that of the recordings themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.analysis.pitch_trackers import NeuralTracker
from aae.analysis.trimming import fade_out
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.recognizer import Recognizer
from aae.notes.bank import UNPITCHED, NoteBank, Split
from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.changes import Changes
from aae.transform.loudness_contour import STEP, loudness_contour
from aae.transform.note_analysis import AnalysedNote, NoteAnalyser
from aae.transform.phrase import remake_phrase
from aae.transform.resynthesis import Resynthesizer
from aae.transform.segments import listen
from aae.transform.source_style import infer_source
from mcnn.errors import InputError

Floats = npt.NDArray[np.float32]

KEPT_CENTS = 20.0
"""A pitch within this of the recording's is kept."""
_AUDIBLE_RANGE_DB = 45.0
"""Loudness is compared where the recording is within this of its loudest."""
_ONSET_WINDOW_S = (0.06, 0.2)
"""Before and after a note's onset in a phrase: where its onset in the re-made phrase is looked for."""
_ONSET_DB = -12.0
"""A note begins where its loudness first comes within this of its loudest."""
_SILENCE_S = 0.1
"""Put before and after a single recording."""
_PHRASE_EDGE_S = 0.3
"""Silence before and after a phrase."""
_NOTE_S = (0.35, 0.8)
"""Shortest and longest note of a phrase."""
_GAPS_S = (0.0, 0.0, 0.05, 0.2)
"""Between notes of a phrase, one of these at random."""
_FADE_S = 0.03
_PHRASE_PEAK = 0.5


@dataclass(frozen=True)
class Phrase:
    """Recordings one after another.

    Attributes:
        waveform: `(samples,)`.
        onsets: First sample of each note.
        midi_pitches: Of each note.
        instrument: What plays.
    """

    waveform: Floats
    onsets: tuple[int, ...]
    midi_pitches: tuple[int, ...]
    instrument: str


def evaluate_transform(
    synthesizer: Synthesizer, bank: NoteBank, recognizer: Recognizer, n_notes: int = 60, seed: int = 0
) -> Measurement[dict[str, Any]]:
    """Re-makes held-out recordings and a phrase of them in other instruments, and measures the results.

    Args:
        synthesizer: The model.
        bank: Its held-out notes are the recordings.
        recognizer: Of the same bank.
        n_notes: Number of single recordings.
        seed: Of every draw.

    Yields:
        Progress.

    Returns:
        The figures, as plain values.

    Raises:
        InputError: If the bank has no held-out pitched notes, or the model no instruments to change to.
    """
    attribute = recognizer.info.main_attribute
    if attribute not in synthesizer.info.vocabularies:
        raise InputError(f"the model knows no {attribute}, which the recogniser judges")
    held_out = np.flatnonzero((bank.split == Split.TEST) & (bank.midi_pitch != UNPITCHED))
    if not len(held_out):
        raise InputError(f"{bank.path} has no held-out notes with a pitch")
    rng = np.random.default_rng(seed)
    positions = rng.permutation(held_out)
    rows: list[dict[str, Any]] = []
    sounds: list[tuple[Floats, Floats]] = []
    for position in positions.tolist():
        made = _remake_one(synthesizer, bank, position, attribute, rng)
        if made is not None:
            rows.append(made[0])
            sounds.append(made[1:])
            yield StageProgress("re-making recordings", len(rows), n_notes)
        if len(rows) == n_notes:
            break
    singles = _summary(rows, sounds, recognizer, attribute)
    yield StageProgress("re-making a phrase", 0, 1)
    phrase = assemble_phrase(bank, attribute, seed)
    phrase_figures = _judge_phrase(synthesizer, phrase, attribute, rng)
    yield StageProgress("re-making a phrase", 1, 1)
    return {"seed": seed, "recordings": singles, "phrase": phrase_figures, "rows": rows}


def _remake_one(
    synthesizer: Synthesizer, bank: NoteBank, position: int, attribute: str, rng: np.random.Generator
) -> tuple[dict[str, Any], Floats, Floats] | None:
    """Figures of one recording, its sound and the re-made one; None if nothing else was trained there."""
    sample_rate = bank.config.sample_rate
    silence = np.zeros(round(_SILENCE_S * sample_rate), np.float32)
    recording = np.concatenate([silence, bank.waveform(position), silence])
    note = NoteAnalyser(synthesizer).measure_alone(recording)
    own = bank.attributes[attribute][int(bank.labels[attribute][position])]
    midi_pitch = int(bank.midi_pitch[position])
    target = _other_label(synthesizer, attribute, own, midi_pitch, rng)
    if note is None or target is None:
        return None
    inferred = infer_source(synthesizer, [note], {})
    remaker = Resynthesizer(synthesizer, Changes(mix={attribute: {target: 1.0}}), inferred)
    made = remaker.remake(note)
    row: dict[str, Any] = {
        "recording": bank.ids[position],
        "midi_pitch": midi_pitch,
        "measured_pitch": note.midi_pitch,
        "own": own,
        "inferred": inferred[attribute],
        "asked": target,
        **_compare(note, made.waveform, sample_rate, pitch_frequency_hz(midi_pitch)),
    }
    return row, note.waveform, made.waveform


def _other_label(
    synthesizer: Synthesizer, attribute: str, own: str, midi_pitch: int, rng: np.random.Generator
) -> str | None:
    """Another label that was trained around a note."""
    others = [
        label
        for label in synthesizer.info.vocabularies[attribute]
        if label != own and synthesizer.info.coverage.is_trained(midi_pitch, {attribute: {label: 1.0}})
    ]
    return others[int(rng.integers(len(others)))] if others else None


def _compare(note: AnalysedNote, made: Floats, sample_rate: int, near_hz: float) -> dict[str, Any]:
    """Pitch and loudness of a re-made note against the recording's."""
    tracker = NeuralTracker()
    played_hz, _ = tracker.measure(note.waveform, sample_rate, near_hz)
    made_hz, _ = tracker.measure(made, sample_rate, near_hz)
    cents = float(1200.0 * np.log2(made_hz / played_hz))
    wanted = loudness_contour(note.waveform, sample_rate, near_hz)
    found = loudness_contour(made, sample_rate, near_hz)[: len(wanted)]
    audible = wanted > wanted.max() - _AUDIBLE_RANGE_DB
    return {
        "pitch_change_cents": cents,
        "loudness_correlation": float(np.corrcoef(wanted[audible], found[audible])[0, 1]),
        "loudness_difference_db": float(np.sqrt(np.mean((wanted - found)[audible] ** 2))),
        "onset_change_ms": 1000.0 * (_onset_step(found) - _onset_step(wanted)) * STEP / sample_rate,
    }


def _onset_step(contour: npt.NDArray[np.float64]) -> int:
    """First step of a loudness contour at which its note has begun."""
    return int(np.argmax(contour > contour.max() + _ONSET_DB))


def _summary(
    rows: Sequence[dict[str, Any]],
    sounds: Sequence[tuple[Floats, Floats]],
    recognizer: Recognizer,
    attribute: str,
) -> dict[str, Any]:
    labels = recognizer.info.attributes[attribute]
    shares = {}
    for name, column, which in (("own", "own", 0), ("asked", "asked", 1)):
        heard = recognizer.recognize([pair[which] for pair in sounds]).labels(attribute)
        for row, label in zip(rows, heard.tolist(), strict=True):
            row[f"heard_{name}"] = labels[label]
        shares[name] = float(np.mean([row[f"heard_{name}"] == row[column] for row in rows]))
    cents = np.array([row["pitch_change_cents"] for row in rows])
    known = cents[np.isfinite(cents)]
    return {
        "notes": len(rows),
        "pitch_kept_share": float((np.abs(known) <= KEPT_CENTS).sum() / len(rows)),
        "pitch_compared": len(known),
        "pitch_change_median_cents": float(np.median(np.abs(known))) if len(known) else None,
        "pitch_measured_share": float(np.mean([r["measured_pitch"] == r["midi_pitch"] for r in rows])),
        "source_inferred_share": float(np.mean([r["inferred"] == r["own"] for r in rows])),
        "asked_recognized_share": shares["asked"],
        "recording_recognized_share": shares["own"],
        "loudness_correlation_median": float(np.median([r["loudness_correlation"] for r in rows])),
        "loudness_correlation_mean": float(np.mean([r["loudness_correlation"] for r in rows])),
        "loudness_difference_db_median": float(np.median([r["loudness_difference_db"] for r in rows])),
        "onset_change_ms_median": float(np.median([abs(r["onset_change_ms"]) for r in rows])),
        "onset_change_ms_largest": float(max(abs(r["onset_change_ms"]) for r in rows)),
    }


def assemble_phrase(bank: NoteBank, attribute: str, seed: int, n_notes: int = 12) -> Phrase:
    """A phrase of one instrument's held-out recordings of a plain technique, in random order and rhythm.

    Raises:
        InputError: If no instrument has four held-out notes.
    """
    sample_rate, rng = bank.config.sample_rate, np.random.default_rng([seed, 1])
    long_enough = bank.n_samples > _NOTE_S[0] * sample_rate
    plain = np.ones(len(bank), bool)
    if "technique" in bank.attributes:
        names = bank.attributes["technique"]
        plain = np.isin(bank.labels["technique"], [i for i, x in enumerate(names) if x.endswith("normal")])
    usable = (bank.split == Split.TEST) & (bank.midi_pitch != UNPITCHED) & long_enough & plain
    counts = np.bincount(bank.labels[attribute][usable & (bank.labels[attribute] >= 0)])
    candidates = np.flatnonzero(counts >= min(4, counts.max(initial=0)))
    if not counts.max(initial=0):
        raise InputError(f"{bank.path} has no held-out notes to make a phrase of")
    label = int(rng.choice(candidates))
    positions = rng.permutation(np.flatnonzero(usable & (bank.labels[attribute] == label)))[:n_notes]
    parts: list[Floats] = [np.zeros(round(_PHRASE_EDGE_S * sample_rate), np.float32)]
    onsets, place = [], len(parts[0])
    for position in positions.tolist():
        length = round(rng.uniform(*_NOTE_S) * sample_rate)
        note = fade_out(bank.waveform(position)[:length].copy(), round(_FADE_S * sample_rate))
        gap = np.zeros(round(float(rng.choice(_GAPS_S)) * sample_rate), np.float32)
        onsets.append(place)
        parts += [note, gap]
        place += len(note) + len(gap)
    waveform = np.concatenate([*parts, np.zeros(round(_PHRASE_EDGE_S * sample_rate), np.float32)])
    waveform *= np.float32(_PHRASE_PEAK / np.abs(waveform).max())
    pitches = tuple(int(bank.midi_pitch[position]) for position in positions)
    return Phrase(waveform, tuple(onsets), pitches, bank.attributes[attribute][label])


def _judge_phrase(
    synthesizer: Synthesizer, phrase: Phrase, attribute: str, rng: np.random.Generator
) -> dict[str, Any]:
    """Re-makes a phrase; of every note, at which pitch it sounds and how far off it begins."""
    sample_rate = synthesizer.info.spectrogram.sample_rate
    middle_pitch = int(np.median(phrase.midi_pitches))
    target = _other_label(synthesizer, attribute, phrase.instrument, middle_pitch, rng)
    if target is None:
        raise InputError("no other instrument was trained around the phrase's notes")
    stretches = list(listen([phrase.waveform[:, None]], NoteAnalyser(synthesizer), 0.0, "phrase"))
    source = infer_source(synthesizer, [note for stretch in stretches for note in stretch.notes], {})
    remaker = Resynthesizer(synthesizer, Changes(mix={attribute: {target: 1.0}}), source)
    blocks = list(remake_phrase(stretches, remaker))
    sound = np.concatenate([block.block for block in blocks])[:, 0]
    sound = np.pad(sound, (0, max(0, len(phrase.waveform) - len(sound))))
    notes = []
    for onset, end, midi_pitch in zip(
        phrase.onsets, [*phrase.onsets[1:], len(phrase.waveform)], phrase.midi_pitches, strict=True
    ):
        near_hz = pitch_frequency_hz(midi_pitch)
        heard_hz, _ = NeuralTracker().measure(sound[onset:end], sample_rate, near_hz)
        played_hz, _ = NeuralTracker().measure(phrase.waveform[onset:end], sample_rate, near_hz)
        change = _onset_change_ms(phrase.waveform, sound, onset, min(end, len(sound)), sample_rate, near_hz)
        notes.append(
            {
                "midi_pitch": midi_pitch,
                "onset_s": onset / sample_rate,
                "pitch_change_cents": float(1200.0 * np.log2(heard_hz / played_hz)),
                "onset_change_ms": change,
            }
        )
    errors = [abs(note["onset_change_ms"]) for note in notes]
    cents = np.array([note["pitch_change_cents"] for note in notes])
    return {
        "played_by": phrase.instrument,
        "asked": target,
        "notes_in_it": len(notes),
        "notes_found": sum(len(stretch.notes) for stretch in stretches),
        "pitch_kept_share": float((np.abs(cents) <= KEPT_CENTS).mean()),
        "onset_error_ms_median": float(np.median(errors)),
        "onset_error_ms_largest": float(max(errors)),
        "notes": notes,
    }


def _onset_change_ms(
    played: Floats, made: Floats, onset: int, end: int, sample_rate: int, f0_hz: float
) -> float:
    """Milliseconds by which a note begins later in the re-made phrase than in the played one."""
    first = max(0, onset - round(_ONSET_WINDOW_S[0] * sample_rate))
    last = min(end, onset + round(_ONSET_WINDOW_S[1] * sample_rate))
    skipped = (onset - first) // STEP
    onset_steps = []
    for waveform in (played, made):
        contour = loudness_contour(waveform[first:last], sample_rate, f0_hz)
        # From the quietest moment before the onset on: the note before may still sound.
        quietest = int(contour[: skipped + 1].argmin())
        onset_steps.append(quietest + _onset_step(contour[quietest:]))
    return 1000.0 * (onset_steps[1] - onset_steps[0]) * STEP / sample_rate
