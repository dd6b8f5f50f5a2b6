"""Notes to be judged: new ones at random points of the latent space, real ones of the test split."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch

from aae.evaluation.judges.judgement import JudgedNote
from aae.model.coverage import Combination
from aae.notes.bank import NOT_GIVEN, UNPITCHED, NoteBank, Split
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from aae.training.data import TUNED_WITHIN_CENTS

PLAIN_TECHNIQUES = ("normal", "arco-normal")
"""What libraries call the technique that is none."""

MIDDLE = (48, 71)
"""Octaves 3 and 4, in which the paper evaluates."""

_RENDERED_TOGETHER = 8
_MAX_SEED = 2**31


def plan_requests(
    synthesizer: Synthesizer, attribute: str, labels: Sequence[str], notes_per_label: int, seed: int
) -> list[NoteRequest]:
    """Requests for new notes: every label equally often, over its whole trained range, anywhere in the prior.

    Of each label (an instrument), the usual playing technique is asked for, and dynamics, length and the
    like as they were trained beside it.

    Args:
        synthesizer: The model.
        attribute: What the labels are, `instrument` as a rule.
        labels: Labels that the model knows.
        notes_per_label: How many notes of each.
        seed: Of every draw.
    """
    random = np.random.default_rng(seed)
    requests = []
    for label in labels:
        trained = _trained_as_usual(synthesizer, attribute, label)
        for midi_pitch in _spread_pitches(trained, notes_per_label, random):
            requests.append(_request(synthesizer, trained, midi_pitch, random))
    return requests


def plan_middle(
    synthesizer: Synthesizer, attribute: str, labels: Sequence[str], notes_per_label: int, seed: int
) -> list[NoteRequest]:
    """Requests for new notes in octaves 3 and 4, the paper's protocol, whether trained there or not.

    Args:
        synthesizer: The model.
        attribute: What the labels are, `instrument` as a rule.
        labels: Labels that the model knows; those that are unpitched are left out.
        notes_per_label: How many notes of each.
        seed: Of every draw.
    """
    random = np.random.default_rng([seed, 1])
    requests = []
    for label in labels:
        trained = _trained_as_usual(synthesizer, attribute, label)
        if any(row.low != UNPITCHED for row in trained):
            parts = (np.arange(notes_per_label) + random.uniform(size=notes_per_label)) / notes_per_label
            for part in parts:
                midi_pitch = int(MIDDLE[0] + part * (MIDDLE[1] + 1 - MIDDLE[0]))
                requests.append(_request(synthesizer, trained, midi_pitch, random))
    return requests


def plan_labels(
    synthesizer: Synthesizer,
    main: str,
    attribute: str,
    labels: Sequence[str],
    notes_per_label: int,
    seed: int,
) -> list[NoteRequest]:
    """Requests for every label of an attribute, in trained combinations, each main label alike.

    Args:
        synthesizer: The model.
        main: The main attribute.
        attribute: Another one.
        labels: Its labels; those that were never trained are left out.
        notes_per_label: How many notes of each.
        seed: Of every draw.
    """
    random = np.random.default_rng([seed, 2, *attribute.encode()])
    coverage = synthesizer.info.coverage
    column = coverage.attributes.index(main)
    requests = []
    for label in labels:
        trained = coverage.matching({attribute: {label: 1.0}})
        players = sorted({str(row.labels[column]) for row in trained})
        first = int(random.integers(len(players))) if players else 0
        for number in range(notes_per_label if players else 0):
            player = players[(first + number) % len(players)]
            rows = [row for row in trained if str(row.labels[column]) == player]
            row = rows[int(random.integers(len(rows)))]
            low, high = row.low, row.high
            midi_pitch = None if low == UNPITCHED else int(random.integers(low, high + 1))
            requests.append(_request(synthesizer, [row], midi_pitch, random))
    return requests


def plan_matched(
    synthesizer: Synthesizer, bank: NoteBank, positions: npt.NDArray[np.int64], seed: int
) -> list[NoteRequest]:
    """Requests with labels, pitch and tuning of real notes, at random points of the prior.

    Args:
        synthesizer: The model; labels that it does not know are left out.
        bank: The notes.
        positions: Of the notes in the bank.
        seed: Of every draw.
    """
    random = np.random.default_rng([seed, 3])
    known = synthesizer.info.vocabularies
    requests = []
    for position in positions.tolist():
        given = _labels(bank, position)
        mix = {name: {label: 1.0} for name, label in given.items() if label in known.get(name, ())}
        requests.append(
            NoteRequest(
                midi_pitch=midi_pitch_of(bank, position),
                mix=mix,
                latent=synthesizer.info.random_latent(int(random.integers(_MAX_SEED))),
                seed=int(random.integers(_MAX_SEED)),
                tuning_cents=_tuning_cents(bank, position),
            )
        )
    return requests


def _tuning_cents(bank: NoteBank, position: int) -> float:
    """How far a player was from the note; 0 where that is not known, or too far to be tuning."""
    cents = float(bank.tuning_cents[position])
    return cents if abs(cents) < TUNED_WITHIN_CENTS else 0.0


def _request(
    synthesizer: Synthesizer,
    trained: Sequence[Combination],
    midi_pitch: int | None,
    random: np.random.Generator,
) -> NoteRequest:
    """A note of one of the trained combinations, anywhere in the prior."""
    combination = _draw_combination(trained, midi_pitch, random)
    given = zip(synthesizer.info.coverage.attributes, combination.labels, strict=True)
    return NoteRequest(
        midi_pitch=midi_pitch,
        mix={name: {value: 1.0} for name, value in given if value is not None},
        latent=synthesizer.info.random_latent(int(random.integers(_MAX_SEED))),
        seed=int(random.integers(_MAX_SEED)),
    )


def _trained_as_usual(synthesizer: Synthesizer, attribute: str, label: str) -> list[Combination]:
    """Trained combinations of a label in its usual technique."""
    usual = _usual_labels(synthesizer, attribute, label)
    return synthesizer.info.coverage.matching({name: {value: 1.0} for name, value in usual.items()})


def _usual_labels(synthesizer: Synthesizer, attribute: str, label: str) -> dict[str, str]:
    """The label and its usual technique (if there are techniques): the plain one, or the most frequent."""
    mix = {attribute: {label: 1.0}}
    if "technique" not in synthesizer.info.vocabularies or attribute == "technique":
        return {attribute: label}
    frequent = synthesizer.info.complete(mix)["technique"]
    for technique in (*PLAIN_TECHNIQUES, *frequent):
        if synthesizer.info.coverage.matching({**mix, "technique": {technique: 1.0}}):
            return {attribute: label, "technique": technique}
    return {attribute: label}


def _spread_pitches(
    trained: Sequence[Combination], n_notes: int, random: np.random.Generator
) -> list[int | None]:
    """Pitches spread evenly over the trained range, each at random within its part; None if unpitched."""
    ranges = [(row.low, row.high) for row in trained if row.low != UNPITCHED]
    if not ranges:
        return [None] * n_notes
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    parts = (np.arange(n_notes) + random.uniform(size=n_notes)) / n_notes
    return [int(low + part * (high + 1 - low)) for part in parts]


def _draw_combination(
    trained: Sequence[Combination], midi_pitch: int | None, random: np.random.Generator
) -> Combination:
    """A trained combination that reaches a pitch, as often as it was trained."""
    wanted = UNPITCHED if midi_pitch is None else midi_pitch
    reaching = [row for row in trained if row.low <= wanted <= row.high] or list(trained)
    counts = np.array([row.count for row in reaching], dtype=np.float64)
    return reaching[int(random.choice(len(reaching), p=counts / counts.sum()))]


def render_requests(synthesizer: Synthesizer, requests: Sequence[NoteRequest]) -> Iterator[JudgedNote]:
    """The sound of requests, with the labels that carry the most weight."""
    for start in range(0, len(requests), _RENDERED_TOGETHER):
        batch = requests[start : start + _RENDERED_TOGETHER]
        for request, waveform in zip(batch, synthesizer.render(batch), strict=True):
            labels = {
                name: max(weights, key=lambda label: weights[label])
                for name, weights in request.mix.items()
                if weights
            }
            yield JudgedNote(waveform, request.midi_pitch, labels)


def held_out_notes(bank: NoteBank, most: int, seed: int) -> npt.NDArray[np.int64]:
    """Positions in the bank of held-out notes, at most `most`, drawn at random; in order."""
    positions = np.flatnonzero(bank.split == Split.TEST)
    if len(positions) > most:
        positions = np.sort(np.random.default_rng(seed).choice(positions, most, replace=False))
    return positions


def in_usual_technique(
    bank: NoteBank, positions: npt.NDArray[np.int64], attribute: str, usual: Mapping[str, str]
) -> npt.NDArray[np.bool_]:
    """Which notes `(notes,)` have a label and are played in its usual technique.

    Args:
        bank: The notes.
        positions: Of the notes in the bank.
        attribute: What the labels are.
        usual: Label to its usual technique; empty if there are no techniques.
    """
    label = bank.labels[attribute][positions]
    chosen: npt.NDArray[np.bool_] = label != NOT_GIVEN
    if usual:
        techniques = bank.attributes["technique"]
        wanted = np.array([_position(techniques, usual.get(name)) for name in bank.attributes[attribute]])
        chosen &= wanted[label] == bank.labels["technique"][positions]
    return chosen


def usual_techniques(synthesizer: Synthesizer, attribute: str, labels: Sequence[str]) -> dict[str, str]:
    """Label to its usual technique, for the labels that have one."""
    usual = {label: _usual_labels(synthesizer, attribute, label) for label in labels}
    return {label: row["technique"] for label, row in usual.items() if "technique" in row}


def play_real(bank: NoteBank, positions: npt.NDArray[np.int64]) -> Iterator[JudgedNote]:
    """Real notes as recorded."""
    for position in positions.tolist():
        yield JudgedNote(bank.waveform(position), midi_pitch_of(bank, position), _labels(bank, position))


def play_resynthesized(
    bank: NoteBank, positions: npt.NDArray[np.int64], inverter: torch.nn.Module
) -> Iterator[JudgedNote]:
    """Real notes through the log-mel and back, by the inverter that the model's notes go through."""
    for position in positions.tolist():
        with torch.inference_mode():
            waveform = inverter(torch.from_numpy(bank.log_mel(position))[None])[0].numpy()
        yield JudgedNote(waveform, midi_pitch_of(bank, position), _labels(bank, position))


def midi_pitch_of(bank: NoteBank, position: int) -> int | None:
    """The pitch of a note of a bank; None if it is unpitched."""
    midi_pitch = int(bank.midi_pitch[position])
    return None if midi_pitch == UNPITCHED else midi_pitch


def _labels(bank: NoteBank, position: int) -> dict[str, str]:
    given = {name: int(column[position]) for name, column in bank.labels.items()}
    return {name: bank.attributes[name][label] for name, label in given.items() if label != NOT_GIVEN}


def _position(labels: Sequence[str], label: str | None) -> int:
    return labels.index(label) if label is not None and label in labels else NOT_GIVEN - 1
