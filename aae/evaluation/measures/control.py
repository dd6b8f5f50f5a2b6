"""Control over new notes: pitch, instrument, technique and dynamics, against what was asked for.

The paper's protocol on real judges: random latents from the prior, every instrument in octaves 3 and 4 and
over its whole range, every label of every attribute; beside each figure that of real held-out notes and of
those sent through the log-mel and back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.evaluation.judges.judgement import Judgement, judge
from aae.evaluation.judges.progress import Measurement
from aae.evaluation.judges.public_embedding import PublicEmbedding
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.measures.requests import (
    held_out_notes,
    in_usual_technique,
    plan_labels,
    plan_matched,
    plan_middle,
    plan_requests,
    play_real,
    play_resynthesized,
    render_requests,
    usual_techniques,
)
from aae.evaluation.measures.settings import EvaluationSettings
from aae.model.coverage import Coverage
from aae.notes.bank import NoteBank
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim

WELL_TRAINED = 20
"""Techniques with at least as many training notes are held to the target."""


@dataclass(frozen=True)
class RealNotes:
    """Held-out notes as recorded, and half of them through the log-mel and back.

    Attributes:
        positions: `(notes,)` in the bank, of `real`.
        usual: `(notes,)` which of them are in the usual technique of their instrument.
        second: `(notes,)` which of them are in the half that was resynthesised; the other is the reference
            of distributions.
        real: All.
        resynthesized: The second half, in order.
    """

    positions: npt.NDArray[np.int64]
    usual: npt.NDArray[np.bool_]
    second: npt.NDArray[np.bool_]
    real: Judgement
    resynthesized: Judgement


@dataclass(frozen=True)
class NewNotes:
    """New notes by one inverter.

    Attributes:
        range: Every instrument over its whole range in its usual technique.
        middle: The same in octaves 3 and 4.
        by_attribute: Every label of each other attribute.
        matched: Labels and pitches of the real notes' second half.
        requests: Those of `matched`.
    """

    range: Judgement
    middle: Judgement
    by_attribute: Mapping[str, Judgement]
    matched: Judgement
    requests: Sequence[NoteRequest]


def shared_labels(synthesizer: Synthesizer, recognizer: Recognizer, attribute: str) -> list[str]:
    """Labels of an attribute that both the model and the recogniser know.

    Raises:
        InputError: If the attribute is the main one (instruments) and there are none.
    """
    known = recognizer.info.attributes.get(attribute, ())
    labels = [label for label in synthesizer.info.vocabularies.get(attribute, ()) if label in known]
    if not labels and attribute == recognizer.info.main_attribute:
        raise InputError(f"the model and the NoteBank have no {attribute} in common")
    return labels


def judge_real(
    synthesizer: Synthesizer,
    bank: NoteBank,
    recognizer: Recognizer,
    settings: EvaluationSettings,
    public: PublicEmbedding,
    heard: RealNotes | None = None,
) -> Measurement[RealNotes]:
    """Judges held-out notes, and half of them resynthesised through the log-mel by Griffin-Lim.

    Args:
        synthesizer: The model, whose usual techniques are looked for.
        bank: The notes.
        recognizer: Judges them.
        settings: How many.
        public: Judges them, too.
        heard: What was found of the same notes by the same judges for another model, to be heard only once.

    Raises:
        InputError: If no held-out note has a label and technique that the model plays.
    """
    attribute = recognizer.info.main_attribute
    labels = shared_labels(synthesizer, recognizer, attribute)
    positions = held_out_notes(bank, settings.most_real, settings.seed)
    usual = in_usual_technique(bank, positions, attribute, usual_techniques(synthesizer, attribute, labels))
    if not usual.any():
        raise InputError(
            f"{bank.path} has no held-out notes of the labels and techniques that the model plays"
        )
    if heard is not None:
        return replace(heard, usual=usual)
    order = np.random.default_rng([settings.seed, 4]).permutation(len(positions))
    second = np.zeros(len(positions), dtype=np.bool_)
    second[order[: len(positions) // 2]] = True
    real = yield from judge(
        play_real(bank, positions), recognizer, total=len(positions), stage="judging real notes",
        n_pyin=settings.n_pyin, seed=settings.seed, public=public,
    )  # fmt: skip
    again = positions[second]
    resynthesized = yield from judge(
        play_resynthesized(bank, again, GriffinLim(bank.config)), recognizer, total=len(again),
        stage="judging resynthesised real notes", n_pyin=settings.n_pyin, seed=settings.seed, public=public,
    )  # fmt: skip
    return RealNotes(positions, usual, second, real, resynthesized)


def judge_new(
    synthesizer: Synthesizer,
    bank: NoteBank,
    recognizer: Recognizer,
    settings: EvaluationSettings,
    real: RealNotes,
    public: PublicEmbedding,
) -> Measurement[NewNotes]:
    """Judges new notes by the synthesizer's inverter."""
    main, seed = recognizer.info.main_attribute, settings.seed
    labels = shared_labels(synthesizer, recognizer, main)
    plans = {
        "over the range": plan_requests(synthesizer, main, labels, settings.notes_per_instrument, seed),
        "in octaves 3 and 4": plan_middle(synthesizer, main, labels, settings.notes_in_middle, seed),
        "like the real ones": plan_matched(synthesizer, bank, real.positions[real.second], seed),
    }
    others = [name for name in recognizer.info.attributes if name in synthesizer.info.vocabularies]
    for name in others:
        if name != main:
            known = shared_labels(synthesizer, recognizer, name)
            plans[name] = plan_labels(synthesizer, main, name, known, settings.notes_per_label, seed)
    judged: dict[str, Judgement] = {}
    inverter = synthesizer.inverter.name
    for name, requests in plans.items():
        if requests:
            judged[name] = yield from judge(
                render_requests(synthesizer, requests), recognizer, total=len(requests),
                stage=f"judging new notes, {name} ({inverter})",
                n_pyin=settings.n_pyin if name == "over the range" else 0, seed=seed,
                public=public if name == "like the real ones" else None,
            )  # fmt: skip
    ranged = judged.pop("over the range")
    middle = judged.pop("in octaves 3 and 4", ranged)
    matched = judged.pop("like the real ones")
    return NewNotes(ranged, middle, judged, matched, plans["like the real ones"])


def control_figures(real: RealNotes, new: Mapping[str, NewNotes], main: str) -> dict[str, Any]:
    """The main attribute's scores: by kind of notes, by label, and the confusion matrices."""
    usual_again = np.flatnonzero(real.usual[real.second])
    kinds = {
        **{f"generated/{name}": notes.range for name, notes in new.items()},
        "real": real.real.subset(np.flatnonzero(real.usual)),
        "resynthesized": real.resynthesized.subset(usual_again) if len(usual_again) else real.resynthesized,
    }
    middle = {f"generated/{name}": notes.middle for name, notes in new.items()}
    first = next(iter(new.values()))
    return {
        "range": {kind: judged.summary() for kind, judged in kinds.items()},
        "middle": {kind: judged.summary() for kind, judged in middle.items()},
        "by_label": {kind: judged.summary_by_label(main) for kind, judged in kinds.items()},
        "confusion": {
            main: _confusion(main, {"generated": first.range, "real": kinds["real"]}),
            **{
                name: _confusion(name, {"generated": judged, "real": real.real})
                for name, judged in first.by_attribute.items()
            },
        },
    }


def _confusion(attribute: str, kinds: Mapping[str, Judgement]) -> dict[str, Any]:
    labels = next(iter(kinds.values())).vocabulary[attribute]
    return {
        "labels": list(labels),
        **{kind: judged.confusion(attribute).tolist() for kind, judged in kinds.items()},
    }


def attribute_figures(
    real: RealNotes, new: Mapping[str, NewNotes], main: str, coverage: Coverage
) -> dict[str, Any]:
    """Every label of every other attribute: how often it is heard as asked, in new and in real notes."""
    found: dict[str, Any] = {}
    for name in next(iter(new.values())).by_attribute:
        column = coverage.attributes.index(name)
        counts: dict[str, int] = {}
        for row in coverage.combinations:
            label = row.labels[column]
            if label is not None:
                counts[label] = counts.get(label, 0) + row.count
        kinds = {
            **{f"generated/{inverter}": notes.by_attribute[name] for inverter, notes in new.items()},
            "real": real.real,
            "resynthesized": real.resynthesized,
        }
        by_label: dict[str, dict[str, Any]] = {
            label: {
                "training_notes": counts.get(label, 0),
                **{kind: _heard_share(judged, name, index, main) for kind, judged in kinds.items()},
            }
            for index, label in enumerate(real.real.vocabulary[name])
        }
        well_trained = [label for label, row in by_label.items() if row["training_notes"] >= WELL_TRAINED]
        found[name] = {
            "by_label": by_label,
            "well_trained": well_trained,
            "mean": {kind: _mean(by_label, list(by_label), kind) for kind in kinds},
            "well_trained_mean": {kind: _mean(by_label, well_trained, kind) for kind in kinds},
        }
    return found


def _heard_share(judged: Judgement, attribute: str, index: int, main: str) -> dict[str, Any]:
    """Notes of a label, how often it was heard, and in how many its instrument was."""
    among = judged.labels[attribute] == index
    return {
        "notes": int(among.sum()),
        "recognized_share": judged.recognized_share(attribute, among, alike=True),
        "main_recognized_share": judged.recognized_share(main, among),
    }


def _mean(by_label: Mapping[str, Any], labels: Sequence[str], kind: str) -> float:
    """Mean over labels of the share recognised, of the labels that were heard at all."""
    shares = [by_label[label][kind]["recognized_share"] for label in labels]
    known = [share for share in shares if np.isfinite(share)]
    return float(np.mean(known)) if known else float("nan")
