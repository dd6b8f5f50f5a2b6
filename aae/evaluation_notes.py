"""Which notes are judged: new ones at random points of the model, real ones it was never trained on."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from aae.bundle import Combination
from aae.judgement import SoundingNote
from aae.notes import NOT_GIVEN, UNPITCHED, NoteBank, Split
from aae.synthesizer import NoteRequest, Synthesizer

PLAIN_TECHNIQUES = ("normal", "arco-normal")
"""What libraries call the technique that is none."""

_RENDERED_TOGETHER = 8
_LARGEST_SEED = 2**31


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
        usual = _usual_labels(synthesizer, attribute, label)
        trained = synthesizer.info.coverage.matching({name: {value: 1.0} for name, value in usual.items()})
        pitches = _spread_pitches(trained, notes_per_label, random)
        for midi_pitch in pitches:
            combination = _draw_combination(trained, midi_pitch, random)
            given = zip(synthesizer.info.coverage.attributes, combination.labels, strict=True)
            requests.append(
                NoteRequest(
                    midi_pitch=midi_pitch,
                    mix={name: {value: 1.0} for name, value in given if value is not None},
                    latent=synthesizer.random_latent(int(random.integers(_LARGEST_SEED))),
                    seed=int(random.integers(_LARGEST_SEED)),
                )
            )
    return requests


def _usual_labels(synthesizer: Synthesizer, attribute: str, label: str) -> dict[str, str]:
    """The label and its usual technique (if there are techniques): the plain one, or the most frequent."""
    mix = {attribute: {label: 1.0}}
    if "technique" not in synthesizer.info.vocabularies or attribute == "technique":
        return {attribute: label}
    frequent = synthesizer.complete(mix)["technique"]
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


def render_requests(synthesizer: Synthesizer, requests: Sequence[NoteRequest]) -> Iterator[SoundingNote]:
    """The sound of requests, with the labels that carry the most weight."""
    for start in range(0, len(requests), _RENDERED_TOGETHER):
        batch = requests[start : start + _RENDERED_TOGETHER]
        for request, waveform in zip(batch, synthesizer.render(batch), strict=True):
            labels = {
                name: max(weights, key=lambda label: weights[label])
                for name, weights in request.mix.items()
                if weights
            }
            yield SoundingNote(waveform, request.midi_pitch, labels)


def real_notes(
    bank: NoteBank, attribute: str, usual: dict[str, str], most: int, seed: int
) -> npt.NDArray[np.int64]:
    """Held-out notes in the usual technique of their label, at most `most`, drawn at random.

    Args:
        bank: The notes.
        attribute: What the labels are.
        usual: Label to its usual technique; empty if there are no techniques.
        most: How many notes at most.
        seed: Of the draw.

    Returns:
        Positions in the bank, in order.
    """
    chosen = (bank.split == Split.TEST) & (bank.labels[attribute] != NOT_GIVEN)
    if usual:
        labels, techniques = bank.attributes[attribute], bank.attributes["technique"]
        wanted = np.array([_position(techniques, usual.get(label)) for label in labels])
        chosen &= wanted[bank.labels[attribute]] == bank.labels["technique"]
    positions = np.flatnonzero(chosen)
    if len(positions) > most:
        positions = np.sort(np.random.default_rng(seed).choice(positions, most, replace=False))
    return positions


def usual_techniques(synthesizer: Synthesizer, attribute: str, labels: Sequence[str]) -> dict[str, str]:
    """Label to its usual technique, for the labels that have one."""
    usual = {label: _usual_labels(synthesizer, attribute, label) for label in labels}
    return {label: row["technique"] for label, row in usual.items() if "technique" in row}


def play_real(bank: NoteBank, positions: npt.NDArray[np.int64]) -> Iterator[SoundingNote]:
    """Real notes as recorded."""
    for position in positions.tolist():
        yield SoundingNote(bank.waveform(position), _midi_pitch(bank, position), _labels(bank, position))


def play_resynthesized(
    bank: NoteBank, positions: npt.NDArray[np.int64], inverter: torch.nn.Module
) -> Iterator[SoundingNote]:
    """Real notes through the log-mel and back, by the inverter that the model's notes go through."""
    for position in positions.tolist():
        with torch.inference_mode():
            waveform = inverter(torch.from_numpy(bank.log_mel(position))[None])[0].numpy()
        yield SoundingNote(waveform, _midi_pitch(bank, position), _labels(bank, position))


def _midi_pitch(bank: NoteBank, position: int) -> int | None:
    midi_pitch = int(bank.midi_pitch[position])
    return None if midi_pitch == UNPITCHED else midi_pitch


def _labels(bank: NoteBank, position: int) -> dict[str, str]:
    given = {name: int(column[position]) for name, column in bank.labels.items()}
    return {name: bank.attributes[name][label] for name, label in given.items() if label != NOT_GIVEN}


def _position(labels: Sequence[str], label: str | None) -> int:
    return labels.index(label) if label is not None and label in labels else NOT_GIVEN - 1
