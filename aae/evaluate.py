"""The yardstick: what a model's notes are worth, on held-out notes and at random points of its latent space.

Every figure of the model stands beside the same figure of real notes it was never trained on, and of those
notes sent through the log-mel and back: that is the ceiling. `evaluate` yields progress and writes one
folder: a page, its figures as JSON, and two pictures. `quick_scores` and `score_notes` are the same
judgement for use in between.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.evaluation_notes import (
    plan_requests,
    play_real,
    play_resynthesized,
    real_notes,
    render_requests,
    usual_techniques,
)
from aae.evaluation_report import write_report
from aae.judgement import Judgement, SoundingNote, judge, recognizer_accuracy
from aae.notes import NoteBank, Split
from aae.plain_json import without_nan
from aae.recognition import Recognizer
from aae.recognition_training import bank_fingerprint, open_or_train
from aae.reconstruction import Reconstruction, reconstruct, summarize_reconstructions
from aae.stages import StageProgress, run_silently
from aae.synthesizer import Synthesizer
from mcnn.errors import InputError

FORMAT_VERSION = 1


@dataclass(frozen=True)
class EvaluationSettings:
    """How much is measured.

    Attributes:
        seed: Of every draw.
        notes_per_instrument: New notes of each instrument.
        most_reconstructed: Held-out notes that go through encoder and decoder.
        most_real: Held-out notes that are judged as recorded.
        most_resynthesized: Of those, how many also go through the log-mel and back.
        n_pyin: Notes of each kind that the slow second tracker hears.
    """

    seed: int = 0
    notes_per_instrument: int = 40
    most_reconstructed: int = 1000
    most_real: int = 600
    most_resynthesized: int = 300
    n_pyin: int = 100

    @classmethod
    def quick(cls, seed: int = 0, notes_per_instrument: int = 8) -> "EvaluationSettings":
        """About a tenth of the work, for a first look."""
        return cls(seed, min(8, notes_per_instrument), 100, 100, 40, 10)


@dataclass(frozen=True)
class Evaluated:
    """The evaluation is done and its report is written.

    Attributes:
        report: What `report.json` holds.
        folder: Where it is.
    """

    report: dict[str, Any]
    folder: Path


@dataclass(frozen=True)
class Findings:
    """Everything that was measured, before it becomes a report."""

    reconstructions: list[Reconstruction]
    generated: Judgement
    real: Judgement
    resynthesized: Judgement


def evaluate(
    model: Path,
    bank: Path,
    out: Path,
    seed: int = 0,
    notes_per_instrument: int = 40,
    quick: bool = False,
    inverter: str = "griffin-lim",
) -> Iterator[StageProgress | Evaluated]:
    """Measures a model against a NoteBank and writes a report.

    Args:
        model: A model file.
        bank: A NoteBank whose test split the model was not trained on.
        out: Folder for `report.md`, `report.json` and two pictures; made if missing.
        seed: Of every draw; the same seed gives the same report on the same machine.
        notes_per_instrument: New notes of each instrument.
        quick: Measure about a tenth.
        inverter: Name of the way from log-mel to waveform.

    Yields:
        Progress, and at the end `Evaluated`.

    Raises:
        InputError: If a file cannot be used, the front ends differ, or the bank has no held-out notes that
            the model could be compared with.
    """
    if notes_per_instrument < 1:
        raise InputError(f"{notes_per_instrument} notes of each instrument: at least 1 is needed")
    settings = (
        EvaluationSettings.quick(seed, notes_per_instrument)
        if quick
        else EvaluationSettings(seed, notes_per_instrument)
    )
    synthesizer = Synthesizer.open(model, inverter)
    with NoteBank.open(bank) as notes:
        synthesizer.info.spectrogram.require_equal(notes.config, str(model), str(bank))
        _require_held_out(notes)
        _make_folder(out)
        recognizer = yield from open_or_train(notes)
        findings = yield from measure(synthesizer, notes, recognizer, settings)
        report = _report(findings, synthesizer, notes, recognizer, settings)
        report["model"] = {"file": model.name, "sha256": hashlib.sha256(model.read_bytes()).hexdigest()}
        report = without_nan(report)
        write_report(report, findings.reconstructions, notes, out)
    yield Evaluated(report, out)


def measure(
    synthesizer: Synthesizer, bank: NoteBank, recognizer: Recognizer, settings: EvaluationSettings
) -> Generator[StageProgress, None, Findings]:
    """All measurements, in the order of the report."""
    attribute = recognizer.info.main_attribute
    labels = shared_labels(synthesizer, recognizer)
    seed, n_pyin = settings.seed, settings.n_pyin
    reconstructions = yield from reconstruct(synthesizer, bank, settings.most_reconstructed)

    requests = plan_requests(synthesizer, attribute, labels, settings.notes_per_instrument, seed)
    generated = yield from judge(
        render_requests(synthesizer, requests),
        recognizer, total=len(requests), stage="judging new notes", n_pyin=n_pyin, seed=seed,
    )  # fmt: skip
    usual = usual_techniques(synthesizer, attribute, labels)
    positions = real_notes(bank, attribute, usual, settings.most_real, seed)
    if not len(positions):
        raise InputError(
            f"{bank.path} has no held-out notes of the labels and techniques that the model plays"
        )
    real = yield from judge(
        play_real(bank, positions),
        recognizer, total=len(positions), stage="judging real notes", n_pyin=n_pyin, seed=seed,
    )  # fmt: skip
    positions = real_notes(bank, attribute, usual, settings.most_resynthesized, seed)
    resynthesized = yield from judge(
        play_resynthesized(bank, positions, synthesizer.inverter),
        recognizer, total=len(positions), stage="judging resynthesised real notes", seed=seed,
    )  # fmt: skip
    return Findings(reconstructions, generated, real, resynthesized)


def shared_labels(synthesizer: Synthesizer, recognizer: Recognizer) -> list[str]:
    """Labels of the main attribute (instruments) that both the model and the recogniser know.

    Raises:
        InputError: If there are none.
    """
    attribute = recognizer.info.main_attribute
    known = recognizer.info.attributes[attribute]
    labels = [label for label in synthesizer.info.vocabularies.get(attribute, ()) if label in known]
    if not labels:
        raise InputError(f"the model and the NoteBank have no {attribute} in common")
    return labels


def quick_scores(
    synthesizer: Synthesizer, bank: NoteBank, recognizer: Recognizer, n: int = 200, seed: int = 0
) -> dict[str, Any]:
    """Scores of about `n` new notes at random latents, for use during development.

    Args:
        synthesizer: The model.
        bank: Not read, but must have the model's front end.
        recognizer: Trained on the bank.
        n: How many notes; every instrument gets equally many, at least one.
        seed: Of every draw.

    Returns:
        As `Judgement.summary`, and `by_label` with the scores of each instrument.
    """
    synthesizer.info.spectrogram.require_equal(bank.config, "the model", str(bank.path))
    attribute = recognizer.info.main_attribute
    labels = shared_labels(synthesizer, recognizer)
    requests = plan_requests(synthesizer, attribute, labels, max(1, round(n / len(labels))), seed)
    judged = run_silently(judge(render_requests(synthesizer, requests), recognizer, total=len(requests)))
    return {**judged.summary(), "by_label": judged.summary_by_label(attribute)}


def score_notes(
    notes: Iterable[tuple[npt.NDArray[np.float32], int | None, str]], recognizer: Recognizer
) -> dict[str, Any]:
    """Scores of any notes.

    Args:
        notes: Waveform `(samples,)`, asked pitch (None if unpitched) and asked instrument of each.
        recognizer: Trained on real notes.

    Returns:
        As `quick_scores`.
    """
    attribute = recognizer.info.main_attribute
    sounding = [SoundingNote(waveform, pitch, {attribute: label}) for waveform, pitch, label in notes]
    judged = run_silently(judge(sounding, recognizer, total=len(sounding)))
    return {**judged.summary(), "by_label": judged.summary_by_label(attribute)}


def _report(
    findings: Findings,
    synthesizer: Synthesizer,
    bank: NoteBank,
    recognizer: Recognizer,
    settings: EvaluationSettings,
) -> dict[str, Any]:
    attribute = recognizer.info.main_attribute
    by_label: dict[str, list[Reconstruction]] = {}
    for note in findings.reconstructions:
        index = int(bank.labels[attribute][note.position])
        if index >= 0:
            by_label.setdefault(bank.attributes[attribute][index], []).append(note)
    kinds = {"generated": findings.generated, "real": findings.real, "resynthesized": findings.resynthesized}
    return {
        "format": "clariolin-evaluation",
        "format_version": FORMAT_VERSION,
        "settings": asdict(settings),
        "bank": {
            "file": bank.path.name,
            "fingerprint": bank_fingerprint(bank),
            "notes": len(bank),
            "held_out_notes": int((bank.split == Split.TEST).sum()),
        },
        "inverter": synthesizer.inverter.name,
        "main_attribute": attribute,
        "recognizer": recognizer_accuracy(recognizer, bank),
        "reconstruction": {
            "all": summarize_reconstructions(findings.reconstructions),
            "by_label": {label: summarize_reconstructions(by_label[label]) for label in sorted(by_label)},
        },
        "control": {kind: judged.summary() for kind, judged in kinds.items()},
        "control_by_label": {kind: judged.summary_by_label(attribute) for kind, judged in kinds.items()},
        "confusion": {
            "labels": list(recognizer.info.attributes[attribute]),
            **{kind: judged.confusion(attribute).tolist() for kind, judged in kinds.items()},
        },
    }


def _require_held_out(bank: NoteBank) -> None:
    if not (bank.split == Split.TEST).any():
        raise InputError(f"{bank.path} has no held-out notes: a bank of a hundred notes or more has some")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the report folder {folder} cannot be made: {error.strerror}") from error
