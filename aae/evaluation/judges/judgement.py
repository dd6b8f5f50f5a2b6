"""Judgement of sounding notes: pitch, labels, defects and artefacts, against what was asked for.

Whatever made the notes (a model, a player, Griffin-Lim of a player) is judged by the same code, so that every
figure of a model can stand beside that of real notes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.analysis.artefacts import Artefacts, measure_artefacts, summarize_artefacts
from aae.analysis.defects import NoteDefects, measure_defects, summarize_defects
from aae.analysis.note_features import FloatArray
from aae.analysis.pitch_trackers import (
    NeuralTracker,
    PitchReading,
    PitchTracker,
    PyinTracker,
    summarize_readings,
)
from aae.evaluation.judges.note_names import summarize_note_names
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.public_embedding import PublicEmbedding
from aae.evaluation.judges.recognizer import Recognition, Recognizer, confusion_matrix
from aae.notes.bank import NoteBank, Split
from aae.notes.pitch_names import pitch_frequency_hz


@dataclass(frozen=True)
class JudgedNote:
    """A sounding note and what it is meant to be.

    Attributes:
        waveform: `(samples,)` at the recogniser's sample rate.
        midi_pitch: The asked pitch; None for an unpitched sound.
        labels: Attribute to the asked label.
    """

    waveform: FloatArray
    midi_pitch: int | None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """Everything measured of some notes, note by note; `summary` has the scores.

    Attributes:
        labels: Attribute to the label indices asked for `(notes,)`, -1 where none or unknown to the
            recogniser.
        recognition: The recogniser's logits.
        pitch: Tracker to its readings, by position of the note.
        wholeness: Defects of each note.
        vocabulary: Attribute to its labels.
        artefacts: Artefacts of each note.
        midi_pitch: Asked pitch of each note; None if unpitched.
        features: `(notes, features)`, the recogniser's input.
        public: `(notes, features)`, the public model's embeddings; no columns if it was not asked.
    """

    labels: Mapping[str, npt.NDArray[np.int64]]
    recognition: Recognition
    pitch: Mapping[str, Mapping[int, PitchReading]]
    wholeness: Sequence[NoteDefects]
    vocabulary: Mapping[str, tuple[str, ...]]
    artefacts: Sequence[Artefacts]
    midi_pitch: Sequence[int | None]
    features: FloatArray
    public: FloatArray

    def __len__(self) -> int:
        return len(self.wholeness)

    def subset(self, chosen: npt.NDArray[np.integer]) -> "Judgement":
        """The judgement of some of the notes, given their positions `(notes,)`."""
        order = chosen.tolist()
        recognition = replace(
            self.recognition, scores={name: rows[chosen] for name, rows in self.recognition.scores.items()}
        )
        return Judgement(
            labels={name: rows[chosen] for name, rows in self.labels.items()},
            recognition=recognition,
            pitch={
                tracker: {new: readings[old] for new, old in enumerate(order) if old in readings}
                for tracker, readings in self.pitch.items()
            },
            wholeness=[self.wholeness[i] for i in order],
            vocabulary=self.vocabulary,
            artefacts=[self.artefacts[i] for i in order],
            midi_pitch=[self.midi_pitch[i] for i in order],
            features=self.features[chosen],
            public=self.public[chosen],
        )

    def heard(self, attribute: str, *, alike: bool = False) -> npt.NDArray[np.int64]:
        """Label index `(notes,)` heard; of side attributes, among those the asked main one has.

        Args:
            attribute: Which attribute.
            alike: Whether these are all as likely beforehand, as where each is asked for equally often.
        """
        main = self.labels[self.recognition.main_attribute]
        return self.recognition.labels(attribute, main, alike=alike)

    def recognized_share(
        self, attribute: str, among: npt.NDArray[np.bool_] | None = None, *, alike: bool = False
    ) -> float:
        """Share of notes heard as asked, NaN if nothing was asked.

        Args:
            attribute: Which attribute.
            among: `(notes,)` which notes to count; all if not given.
            alike: See `heard`.
        """
        given = self.labels[attribute] >= 0
        counted = given if among is None else given & among
        right = self.heard(attribute, alike=alike) == self.labels[attribute]
        return float(right[counted].mean()) if counted.any() else float("nan")

    def confusion(self, attribute: str) -> npt.NDArray[np.int64]:
        """Counts `(asked labels, heard labels)`; labels of side attributes are alike, see `heard`."""
        heard = self.heard(attribute, alike=True)
        return confusion_matrix(self.labels[attribute], heard, len(self.vocabulary[attribute]))

    def summary(self) -> dict[str, Any]:
        """All scores as JSON: by pitch tracker, by attribute, of wholeness, of artefacts."""
        first = next(iter(self.pitch))
        return {
            "notes": len(self),
            "note": summarize_note_names(self.midi_pitch, self.pitch[first]),
            "pitch": {
                name: summarize_readings(readings.values())
                for name, readings in self.pitch.items()
                if readings
            },
            "recognized": {name: self.recognized_share(name) for name in self.vocabulary},
            "wholeness": summarize_defects(self.wholeness),
            "artefacts": summarize_artefacts(list(self.artefacts)),
        }

    def summary_by_label(self, attribute: str) -> dict[str, dict[str, Any]]:
        """Notes, recognised share, pitch share and broken share for each label that was asked for."""
        rows = {}
        for index, label in enumerate(self.vocabulary[attribute]):
            among = self.labels[attribute] == index
            if among.any():
                rows[label] = {
                    "notes": int(among.sum()),
                    "recognized_share": self.recognized_share(attribute, among),
                    "broken_share": float(
                        np.mean([self.wholeness[int(i)].is_split for i in np.flatnonzero(among)])
                    ),
                    "pitch": self._pitch_among(among),
                }
        return rows

    def _pitch_among(self, among: npt.NDArray[np.bool_]) -> dict[str, dict[str, float]]:
        scores = {}
        for name, readings in self.pitch.items():
            chosen = [reading for position, reading in readings.items() if among[position]]
            if chosen:
                scores[name] = summarize_readings(chosen)
        return scores


def judge(
    notes: Iterable[JudgedNote],
    recognizer: Recognizer,
    *,
    total: int,
    stage: str = "judging notes",
    n_pyin: int = 0,
    seed: int = 0,
    public: PublicEmbedding | None = None,
) -> Measurement[Judgement]:
    """Judges notes one after another, so that they need not all be in memory.

    Args:
        notes: At least one.
        recognizer: Trained on real notes.
        total: Number of notes.
        stage: Name of this stage of the work.
        n_pyin: Number of notes, drawn at random, for the slow second tracker.
        seed: Of that draw.
        public: Embeds the notes too, if given.

    Yields:
        How many notes are judged.
    """
    trackers: list[PitchTracker] = [NeuralTracker(), PyinTracker()]
    second = set(np.random.default_rng(seed).choice(total, min(n_pyin, total), replace=False).tolist())
    rows = []
    for position, note in enumerate(notes):
        listening = trackers if position in second else trackers[:1]
        rows.append(_measure(note, recognizer, listening, public))
        yield StageProgress(stage, position + 1, total)
    return _collect(rows, recognizer, [tracker.name for tracker in trackers])


@dataclass(frozen=True)
class _Measured:
    """What is kept of one note."""

    midi_pitch: int | None
    labels: Mapping[str, str]
    features: FloatArray
    defects: NoteDefects
    artefacts: Artefacts
    pitch: Mapping[str, PitchReading]
    """Tracker to its reading; none of an unpitched note."""
    public: FloatArray


def _measure(
    note: JudgedNote,
    recognizer: Recognizer,
    trackers: Sequence[PitchTracker],
    public: PublicEmbedding | None,
) -> _Measured:
    config = recognizer.info.spectrogram
    f0_hz = None if note.midi_pitch is None else pitch_frequency_hz(note.midi_pitch)
    pitch = {}
    if note.midi_pitch is not None:
        for tracker in trackers:
            pitch[tracker.name] = tracker.read(note.waveform, config.sample_rate, note.midi_pitch)
    return _Measured(
        midi_pitch=note.midi_pitch,
        labels=note.labels,
        features=recognizer.features.of_waveform(note.waveform),
        defects=measure_defects(note.waveform, config.sample_rate),
        artefacts=measure_artefacts(note.waveform, config.sample_rate, config.frame_rate_hz, f0_hz),
        pitch=pitch,
        public=np.zeros(0, np.float32) if public is None else public(note.waveform),
    )


def _collect(rows: Sequence[_Measured], recognizer: Recognizer, trackers: Sequence[str]) -> Judgement:
    features = np.stack([row.features for row in rows])
    vocabulary = recognizer.info.attributes
    asked = [row.labels for row in rows]
    return Judgement(
        labels={name: label_indices(asked, name, known) for name, known in vocabulary.items()},
        recognition=recognizer.recognize_features(features),
        pitch={
            name: {i: row.pitch[name] for i, row in enumerate(rows) if name in row.pitch} for name in trackers
        },
        wholeness=[row.defects for row in rows],
        vocabulary=vocabulary,
        artefacts=[row.artefacts for row in rows],
        midi_pitch=[row.midi_pitch for row in rows],
        features=features,
        public=np.stack([row.public for row in rows]),
    )


def label_indices(
    asked: Iterable[Mapping[str, str]], attribute: str, known: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Index `(notes,)` of each note's label in a vocabulary; -1 where it has none or an unknown one."""
    positions = {label: index for index, label in enumerate(known)}
    return np.array([positions.get(labels.get(attribute, ""), -1) for labels in asked], dtype=np.int64)


def recognizer_accuracy(recognizer: Recognizer, bank: NoteBank) -> dict[str, dict[str, float]]:
    """How often the recogniser is right about all held-out notes, whatever their technique.

    Returns:
        Attribute to `share` right, `guess_share` (what always saying the label most frequent in training
        beside the note's main label would score) and `notes`.
    """
    held_out = np.flatnonzero(bank.split == Split.TEST)
    heard = recognizer.recognize_features(
        [recognizer.features.of_log_mel(bank.log_mel(position)) for position in held_out.tolist()]
    )
    main = bank.labels[recognizer.info.main_attribute][held_out]
    scores = {}
    for name in recognizer.info.attributes:
        asked = bank.labels[name][held_out]
        given = asked >= 0
        if given.any():
            guess = _most_frequent(bank, name, recognizer.info.main_attribute)[main]
            scores[name] = {
                "share": float((heard.labels(name, main) == asked)[given].mean()),
                "guess_share": float((guess == asked)[given].mean()),
                "notes": int(given.sum()),
            }
    return scores


def _most_frequent(bank: NoteBank, name: str, main: str) -> npt.NDArray[np.int64]:
    """Label `(main labels,)` of an attribute that is most frequent in training beside each main label."""
    training = bank.split == Split.TRAIN
    counts = np.zeros((len(bank.attributes[main]), len(bank.attributes[name])), dtype=np.int64)
    given = training & (bank.labels[main] >= 0) & (bank.labels[name] >= 0)
    np.add.at(counts, (bank.labels[main][given], bank.labels[name][given]), 1)
    if name == main:
        counts = np.broadcast_to(counts.sum(axis=0), counts.shape)
    best: npt.NDArray[np.int64] = counts.argmax(axis=1)
    return best
