"""Evaluation of a model on held-out notes and at random points of its latent space.

Every figure of the model stands beside the same figure of real notes it was never trained on, and of those
notes sent through the log-mel and back: that is the ceiling. `evaluate` yields progress and writes one
folder: a page in two forms, its figures as JSON, its pictures.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aae.evaluation.judges.judgement import recognizer_accuracy
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.public_embedding import PublicEmbedding
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.judges.recognizer_training import bank_fingerprint, open_or_train
from aae.evaluation.measures.control import (
    NewNotes,
    RealNotes,
    attribute_figures,
    control_figures,
    judge_new,
    judge_real,
    shared_labels,
)
from aae.evaluation.measures.distribution import distribution_figures
from aae.evaluation.measures.examples import play_examples
from aae.evaluation.measures.findings import Findings, extremes
from aae.evaluation.measures.latent_space import encode_notes, latent_figures
from aae.evaluation.measures.mixing import mix_figures
from aae.evaluation.measures.perturbations import perturbation_figures
from aae.evaluation.measures.reconstructed_sound import (
    ReconstructedSound,
    sound_reconstructions,
    sound_recordings,
    spread,
    summarize_sounds,
)
from aae.evaluation.measures.reconstruction import (
    Reconstruction,
    by_group,
    reconstruct,
    summarize_reconstructions,
)
from aae.evaluation.measures.requests import held_out_notes
from aae.evaluation.measures.settings import EvaluationSettings
from aae.evaluation.report.targets import targets
from aae.evaluation.report.writing import write_report
from aae.model.model_file import LoadedModel, load_model
from aae.notes.bank import NoteBank, Split
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.plain import without_nan

FORMAT_VERSION = 2


@dataclass(frozen=True)
class Evaluated:
    """The evaluation is done and its report is written.

    Attributes:
        report: What `report.json` holds.
        folder: Where it is.
    """

    report: dict[str, Any]
    folder: Path


def evaluate(
    model: Path,
    bank: Path,
    out: Path,
    settings: EvaluationSettings,
    inverters: Sequence[str] = (),
    originals: bool = True,
) -> Iterator[StageProgress | Evaluated]:
    """Measures a model against a NoteBank and writes a report.

    Args:
        model: A model file.
        bank: A NoteBank whose test split the model was not trained on.
        out: Folder for the report; made if missing.
        settings: How much is measured; the same seed gives the same report on the same machine.
        inverters: Names of ways from log-mel to waveform, each measured; Griffin-Lim and the model's own (if
            it has one) if none is named.
        originals: Whether the page may hold sounds of the bank. Without, it may be passed on even if the
            recordings may not.

    Yields:
        Progress, and at the end `Evaluated`.

    Raises:
        InputError: If a file cannot be used, the front ends differ, or the bank has no held-out notes that
            the model could be compared with.
    """
    loaded = load_model(model)
    synthesizers = _synthesizers(loaded, inverters)
    first = next(iter(synthesizers.values()))
    with NoteBank.open(bank) as notes:
        first.info.spectrogram.require_equal(notes.config, str(model), str(bank))
        require_held_out(notes)
        make_folder(out)
        recognizer = yield from open_or_train(notes)
        findings = yield from measure(synthesizers, notes, recognizer, settings)
        report = {
            "format": "clariolin-evaluation",
            "format_version": FORMAT_VERSION,
            "model": _about_model(model, loaded),
            "bank": _about_bank(notes),
            "settings": asdict(settings),
            **findings.figures,
        }
        report["targets"] = targets(report)
        report = without_nan(report)
        yield from write_report(report, findings, notes, out, originals)
    yield Evaluated(report, out)


def measure(
    synthesizers: dict[str, Synthesizer],
    bank: NoteBank,
    recognizer: Recognizer,
    settings: EvaluationSettings,
) -> Measurement[Findings]:
    """All measurements, in the order of the report.

    Args:
        synthesizers: The model by each inverter; where sound does not matter the first is used.
        bank: The real notes.
        recognizer: Trained on them.
        settings: How much.
    """
    first = next(iter(synthesizers.values()))
    main = recognizer.info.main_attribute
    labels = shared_labels(first, recognizer, main)
    public = PublicEmbedding(bank.config.sample_rate)
    held_out = held_out_notes(bank, settings.most_disguised, settings.seed)
    perturbed = yield from perturbation_figures(bank, held_out, recognizer)
    reconstructions = yield from reconstruct(first, bank, settings.most_reconstructed)
    sounds = yield from _sounds(synthesizers, reconstructions, bank, settings)
    real = yield from judge_real(first, bank, recognizer, settings, public)
    new: dict[str, NewNotes] = {}
    for name, synthesizer in synthesizers.items():
        new[name] = yield from judge_new(synthesizer, bank, recognizer, settings, real, public)
    latents = yield from encode_notes(first, bank, settings)
    latent = yield from latent_figures(first, latents, settings)
    mixing, curves = yield from mix_figures(first, recognizer, labels, settings)
    distribution = yield from distribution_figures(real, new, bank, recognizer, settings)
    examples = yield from play_examples(first, main, labels, curves, settings.seed)
    figures = {
        "inverters": list(synthesizers),
        "main_attribute": main,
        "recognizer": recognizer_accuracy(recognizer, bank),
        "reconstruction": _reconstruction_figures(reconstructions, sounds, bank),
        **_control(real, new, main, first),
        "latent": latent,
        "mixing": mixing,
        "distribution": distribution,
        "disguised": perturbed,
    }
    return Findings(figures, reconstructions, sounds, curves, latents, examples)


def _control(
    real: RealNotes, new: dict[str, NewNotes], main: str, synthesizer: Synthesizer
) -> dict[str, Any]:
    return {
        "control": control_figures(real, new, main),
        "attributes": attribute_figures(real, new, main, synthesizer.info.coverage),
    }


def _sounds(
    synthesizers: dict[str, Synthesizer],
    reconstructions: Sequence[Reconstruction],
    bank: NoteBank,
    settings: EvaluationSettings,
) -> Measurement[dict[str, list[ReconstructedSound]]]:
    """Reconstructions as sound by every inverter, and the recordings' own log-mels by Griffin-Lim."""
    chosen = spread(reconstructions, settings.most_inverted, bank)
    best, worst = extremes(reconstructions)
    known = {note.position for note in chosen}
    chosen += [note for note in (*best, *worst) if note.position not in known]
    found = {}
    for name, synthesizer in synthesizers.items():
        stage = f"comparing reconstructed sounds ({name})"
        found[name] = yield from sound_reconstructions(synthesizer, synthesizer.inverter, chosen, bank, stage)
    positions = [note.position for note in chosen]
    found["resynthesized"] = yield from sound_recordings(
        GriffinLim(bank.config), positions, bank, "comparing resynthesised sounds"
    )
    return found


def _reconstruction_figures(
    found: Sequence[Reconstruction], sounds: dict[str, list[ReconstructedSound]], bank: NoteBank
) -> dict[str, Any]:
    groups = by_group([note.position for note in found], bank)
    best, worst = extremes(found)
    return {
        "all": summarize_reconstructions(found),
        "by": {
            name: {
                label: summarize_reconstructions([found[i] for i in rows]) for label, rows in labels.items()
            }
            for name, labels in groups.items()
        },
        "sound": {name: _sound_figures(rows, bank) for name, rows in sounds.items()},
        "best": [bank.ids[note.position] for note in best],
        "worst": [bank.ids[note.position] for note in worst],
    }


def _sound_figures(sounds: Sequence[ReconstructedSound], bank: NoteBank) -> dict[str, Any]:
    groups = by_group([note.position for note in sounds], bank)
    return {
        "all": summarize_sounds(sounds, bank),
        "by": {
            name: {label: summarize_sounds([sounds[i] for i in rows], bank) for label, rows in labels.items()}
            for name, labels in groups.items()
        },
    }


def _synthesizers(loaded: LoadedModel, names: Sequence[str]) -> dict[str, Synthesizer]:
    """The model by each inverter, under the inverter's own name."""
    asked = list(names) or ["griffin-lim", *(["mcnn"] if loaded.inverter is not None else [])]
    found: dict[str, Synthesizer] = {}
    for name in asked:
        chosen = choose_inverter(name, loaded)
        found.setdefault(chosen.inverter.name, Synthesizer(loaded, chosen.inverter, chosen.notice))
    return found


def _about_model(path: Path, loaded: LoadedModel) -> dict[str, Any]:
    recipe = loaded.info.provenance.get("recipe") or {}
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "decoder": loaded.info.model.decoder,
        "latent_size": loaded.info.latent_size,
        "take_size": loaded.info.model.take_size,
        "about": recipe.get("about"),
        "steps": loaded.info.provenance.get("steps"),
    }


def _about_bank(bank: NoteBank) -> dict[str, Any]:
    return {
        "file": bank.path.name,
        "fingerprint": bank_fingerprint(bank),
        "notes": len(bank),
        "held_out_notes": int((bank.split == Split.TEST).sum()),
        "title": bank.provenance.get("title"),
        "licence": bank.provenance.get("licence"),
        "credits": bank.provenance.get("credits"),
    }


def require_held_out(bank: NoteBank) -> None:
    """Refuses a bank that can measure nothing.

    Raises:
        InputError: If it has no test split.
    """
    if not (bank.split == Split.TEST).any():
        raise InputError(f"{bank.path} has no held-out notes: a bank of a hundred notes or more has some")


def make_folder(folder: Path) -> None:
    """Makes a report's folder.

    Raises:
        InputError: If that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the report folder {folder} cannot be made: {error.strerror}") from error
