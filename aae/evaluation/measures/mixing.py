"""Mixes of two instruments as the recogniser hears them: on the way, with weights above 1, beyond training.

Mixed notes are judged as log-mels with the grain of their noise: that is quick, and the recogniser sees just
that. Shares are the recogniser's probabilities.

Conventions: a mix from A to B has the weights (1 − w) of A and w of B.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.analysis.note_features import FloatArray
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.measures.settings import EvaluationSettings
from aae.model.conditioning import Mix
from aae.notes.bank import UNPITCHED
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer

WEIGHTS = tuple(float(w) for w in np.linspace(0.0, 1.0, 11))
"""Of B, along a mix."""
SINGLE_WEIGHTS = (0.5, 1.0, 1.3, 1.6, 2.0)
"""Weights of one label alone."""
SLACK = 0.02
"""A share that falls by no more than this between neighbours has not fallen."""
_UNSEEN_TECHNIQUES = 3

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MixCurve:
    """One pair along its mix.

    Attributes:
        first: Label A.
        second: Label B.
        midi_pitch: The note; None if unpitched.
        shares: `(weights, 2)`, mean share at which A and B are heard.
    """

    first: str
    second: str
    midi_pitch: int | None
    shares: Shares

    @property
    def rises(self) -> bool:
        """Whether B's part of both never falls on the way."""
        return bool((np.diff(self.part) > -SLACK).all())

    @property
    def part(self) -> Shares:
        """B's part of what is heard of both `(weights,)`."""
        part: Shares = self.shares[:, 1] / np.maximum(self.shares.sum(axis=1), 1e-9)
        return part


def mix_figures(
    synthesizer: Synthesizer, recognizer: Recognizer, labels: list[str], settings: EvaluationSettings
) -> Measurement[tuple[dict[str, Any], list[MixCurve]]]:
    """Mixes pairs, exaggerates single labels, and asks for combinations that no one played.

    Args:
        synthesizer: The model.
        recognizer: Trained on real notes.
        labels: Of the main attribute, known to both.
        settings: How much.
    """
    curves = []
    pairs = _pairs(labels, settings)
    for done, (first, second) in enumerate(pairs):
        curves.append(_mix(synthesizer, recognizer, first, second, settings))
        yield StageProgress("mixing instruments", done + 1, len(pairs))
    more = []
    for done, label in enumerate(labels):
        more.append(_exaggerate(synthesizer, recognizer, label, settings))
        yield StageProgress("weights above 1", done + 1, len(labels))
    unseen = yield from _unseen(synthesizer, recognizer, labels, settings)
    halves = len(WEIGHTS) // 2
    figures = {
        "pairs": [
            {"first": c.first, "second": c.second, "rises": c.rises, "shares": c.shares.round(4).tolist()}
            for c in curves
        ],
        "weights": list(WEIGHTS),
        "monotone_share": float(np.mean([c.rises for c in curves])) if curves else float("nan"),
        "ends_share": _mean([(c.shares[0, 0] + c.shares[-1, 1]) / 2 for c in curves]),
        "both_at_half": _mean([c.shares[halves].sum() for c in curves]),
        "more": {
            "weights": list(SINGLE_WEIGHTS),
            "share": np.mean(more, axis=0).round(4).tolist() if more else [],
        },
        "unseen": unseen,
    }
    return figures, curves


def _pairs(labels: list[str], settings: EvaluationSettings) -> list[tuple[str, str]]:
    """Different pairs, every label about equally often."""
    if len(labels) < 2:
        return []
    random = np.random.default_rng([settings.seed, 8])
    order = [labels[i] for i in random.permutation(len(labels))]
    found: list[tuple[str, str]] = []
    for distance in range(1, len(order)):
        for start in range(len(order)):
            pair = (order[start], order[(start + distance) % len(order)])
            if pair not in found and pair[::-1] not in found:
                found.append(pair)
    return found[: settings.n_mixes]


def _mix(
    synthesizer: Synthesizer, recognizer: Recognizer, first: str, second: str, settings: EvaluationSettings
) -> MixCurve:
    main = recognizer.info.main_attribute
    pure = [synthesizer.info.complete({main: {label: 1.0}}) for label in (first, second)]
    pitch = _shared_pitch(synthesizer, pure[0], pure[1])
    known = recognizer.info.attributes[main]
    columns = [known.index(first), known.index(second)]
    rows = []
    for weight in WEIGHTS:
        mix = _blended(pure[0], pure[1], weight)
        shares = _shares(synthesizer, recognizer, _requests(synthesizer, mix, pitch, settings))
        rows.append(shares[:, columns].mean(axis=0))
    return MixCurve(first, second, pitch, np.stack(rows))


def blended(synthesizer: Synthesizer, main: str, curve: MixCurve, weight: float) -> Mix:
    """The mix at a weight of a curve's second label; other attributes move along."""
    first, second = (synthesizer.info.complete({main: {label: 1.0}}) for label in (curve.first, curve.second))
    return _blended(first, second, weight)


def _blended(
    first: dict[str, dict[str, float]], second: dict[str, dict[str, float]], weight: float
) -> dict[str, dict[str, float]]:
    return {name: _blend(first[name], second[name], weight) for name in first}


def _blend(first: dict[str, float], second: dict[str, float], weight: float) -> dict[str, float]:
    """Both labels with their weights; one that both have stays whole."""
    mixed = {label: value * (1.0 - weight) for label, value in first.items()}
    for label, value in second.items():
        mixed[label] = mixed.get(label, 0.0) + value * weight
    return {label: value for label, value in mixed.items() if value > 0.0}


def _exaggerate(
    synthesizer: Synthesizer, recognizer: Recognizer, label: str, settings: EvaluationSettings
) -> list[float]:
    """How surely a label is heard `(weights,)` at each weight of `SINGLE_WEIGHTS`."""
    main = recognizer.info.main_attribute
    mix = synthesizer.info.complete({main: {label: 1.0}})
    pitch = _shared_pitch(synthesizer, mix, mix)
    column = recognizer.info.attributes[main].index(label)
    found = []
    for weight in SINGLE_WEIGHTS:
        asked = {**mix, main: {label: weight}}
        requests = _requests(synthesizer, asked, pitch, settings)[: max(4, settings.latents_per_mix // 2)]
        found.append(float(_shares(synthesizer, recognizer, requests)[:, column].mean()))
    return found


def _unseen(
    synthesizer: Synthesizer, recognizer: Recognizer, labels: list[str], settings: EvaluationSettings
) -> Measurement[dict[str, Any]]:
    """Techniques asked of instruments that never played them: is the instrument, is the technique heard?

    Here a technique competes with all others, since none is known to belong to the instrument.
    """
    nothing = {"notes": 0, "main_recognized_share": float("nan"), "technique_recognized_share": float("nan")}
    main = recognizer.info.main_attribute
    if "technique" not in recognizer.info.attributes or main == "technique":
        return nothing
    random = np.random.default_rng([settings.seed, 9])
    known = recognizer.info.attributes["technique"]
    right_main, right_technique = [], []
    for done, label in enumerate(labels):
        coverage = synthesizer.info.coverage
        untried = [
            technique
            for technique in synthesizer.info.vocabularies.get("technique", ())
            if technique in known
            and not coverage.matching({main: {label: 1.0}, "technique": {technique: 1.0}})
        ]
        chosen = random.permutation(len(untried))[:_UNSEEN_TECHNIQUES]
        for technique in (untried[i] for i in chosen.tolist()):
            mix = {**synthesizer.info.complete({main: {label: 1.0}}), "technique": {technique: 1.0}}
            pitch = _shared_pitch(synthesizer, {main: {label: 1.0}}, {main: {label: 1.0}})
            requests = _requests(synthesizer, mix, pitch, settings)[:4]
            heard = recognizer.recognize_features(_features(synthesizer, recognizer, requests))
            right_main += (heard.labels(main) == recognizer.info.attributes[main].index(label)).tolist()
            right_technique += (heard.labels("technique") == known.index(technique)).tolist()
        yield StageProgress("combinations that no one played", done + 1, len(labels))
    if not right_main:
        return nothing
    return {
        "notes": len(right_main),
        "main_recognized_share": float(np.mean(right_main)),
        "technique_recognized_share": float(np.mean(right_technique)),
    }


def _requests(
    synthesizer: Synthesizer, mix: Mix, pitch: int | None, settings: EvaluationSettings
) -> list[NoteRequest]:
    """The same points of the latent space for every mix."""
    seeds = range(settings.latents_per_mix)
    return [
        NoteRequest(pitch, mix, synthesizer.info.random_latent(1000 * settings.seed + seed), seed)
        for seed in seeds
    ]


def _features(
    synthesizer: Synthesizer, recognizer: Recognizer, requests: list[NoteRequest]
) -> list[FloatArray]:
    log_mels = synthesizer.log_mel(requests)
    return [recognizer.features.of_log_mel(log_mel.numpy()) for log_mel in log_mels]


def _shares(synthesizer: Synthesizer, recognizer: Recognizer, requests: list[NoteRequest]) -> Shares:
    """Share `(notes, labels)` of each label of the main attribute."""
    heard = recognizer.recognize_features(_features(synthesizer, recognizer, requests))
    return heard.shares(recognizer.info.main_attribute)


def _shared_pitch(synthesizer: Synthesizer, first: Mix, second: Mix) -> int | None:
    """The middle of what both were trained on; of their gap if their ranges do not meet."""
    ranges = [synthesizer.info.coverage.pitch_range(mix) for mix in (first, second)]
    known = [bounds for bounds in ranges if bounds is not None]
    if not known:
        return None if UNPITCHED in [row.low for row in synthesizer.info.coverage.matching(first)] else 60
    return (max(low for low, _ in known) + min(high for _, high in known)) // 2


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
