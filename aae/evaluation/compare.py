"""The ablation table: several models side by side, in the paper's form, with their spread over seeds.

Models of the same recipe and decoder (whatever their seed) are one row. Each model's figures are kept in a
file of their own as soon as they are there, so an interrupted comparison goes on where it was.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aae.evaluation.judges.progress import Measurement, StageProgress, with_prefix
from aae.evaluation.judges.public_embedding import PublicEmbedding
from aae.evaluation.judges.recognizer import RECOGNIZER_FILE, Recognizer
from aae.evaluation.judges.recognizer_training import bank_fingerprint, open_or_train
from aae.evaluation.measures.control import (
    RealNotes,
    attribute_figures,
    control_figures,
    judge_new,
    judge_real,
)
from aae.evaluation.measures.distribution import distribution_figures
from aae.evaluation.measures.latent_space import encode_notes, latent_figures
from aae.evaluation.measures.reconstruction import reconstruct, summarize_reconstructions
from aae.evaluation.measures.settings import EvaluationSettings
from aae.evaluation.report.writing import write_page, write_text
from aae.evaluation.run import make_folder, require_held_out
from aae.model.model_file import load_model, read_info
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from aae.training.recipe import load_config, preset_names
from mcnn.errors import InputError
from mcnn.plain import without_nan

VERSION = 1
"""Grows with every change of what is measured, so that kept figures are measured anew."""


@dataclass(frozen=True)
class Compared:
    """The comparison is done and its table is written.

    Attributes:
        report: What `comparison.json` holds.
        folder: Where it is.
    """

    report: dict[str, Any]
    folder: Path


def compare(
    models: Sequence[Path], bank: Path, out: Path, settings: EvaluationSettings, inverter: str = "griffin-lim"
) -> Iterator[StageProgress | Compared]:
    """Measures several models alike and writes one table.

    Args:
        models: Model files.
        bank: A NoteBank whose test split none of them was trained on.
        out: Folder for the table; made if missing.
        settings: How much is measured of each.
        inverter: The way from log-mel to waveform.

    Yields:
        Progress, and at the end `Compared`.

    Raises:
        InputError: If a file cannot be used or front ends differ.
    """
    settings = replace(settings, n_pyin=0)
    infos = [read_info(path) for path in models]
    with NoteBank.open(bank) as notes:
        for path, info in zip(models, infos, strict=True):
            info.spectrogram.require_equal(notes.config, str(path), str(bank))
        require_held_out(notes)
        make_folder(out)
        recognizer = yield from open_or_train(notes)
        public = PublicEmbedding(notes.config.sample_rate)
        rows, protocol = [], _Protocol(notes, recognizer, public, settings, inverter)
        for place, (path, info) in enumerate(zip(models, infos, strict=True)):
            work = _measure_once(path, protocol, out)
            figures = yield from with_prefix(work, f"{place + 1} of {len(models)}: ")
            rows.append({"file": path.name, "row": row_name(info), "seed": _seed(info), **figures})
    report = without_nan(
        {
            "format": "clariolin-comparison",
            "format_version": VERSION,
            "settings": asdict(settings),
            "inverter": inverter,
            "models": rows,
            "rows": _summaries(rows),
        }
    )
    write_page(out, "comparison", report, "Comparison", {})
    yield Compared(report, out)


def row_name(info: ModelInfo) -> str:
    """The preset that a model was trained by (or what its recipe says of itself), and its decoder."""
    recipe = info.provenance.get("recipe") or {}
    about = recipe.get("about") or "unknown recipe"
    name = next((preset for preset in preset_names() if load_config(preset).about == about), about)
    return f"{name}, {info.model.decoder}"


def _seed(info: ModelInfo) -> int | None:
    training = (info.provenance.get("recipe") or {}).get("training") or {}
    seed = training.get("seed")
    return seed if isinstance(seed, int) else None


@dataclass
class _Protocol:
    """What all models are measured by."""

    bank: NoteBank
    recognizer: Recognizer
    public: PublicEmbedding
    settings: EvaluationSettings
    inverter: str
    real: RealNotes | None = None
    """The held-out notes, once they were judged."""

    def digest(self, model: Path) -> str:
        """A hash that changes with the model's file and with everything that its figures depend on."""
        versions = VERSION, RECOGNIZER_FILE.version
        state = repr((versions, bank_fingerprint(self.bank), asdict(self.settings), self.inverter))
        return hashlib.sha256(model.read_bytes() + state.encode()).hexdigest()


def _measure_once(path: Path, protocol: _Protocol, out: Path) -> Measurement[dict[str, Any]]:
    """The figures of a model, from the file where they are kept if they were measured before."""
    kept = out / f".{path.stem}.{protocol.digest(path)[:16]}.figures.json"
    try:
        figures: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError):
        figures = yield from _measure(path, protocol)
        write_text(kept, json.dumps(without_nan(figures)))
    return figures


def _measure(path: Path, protocol: _Protocol) -> Measurement[dict[str, Any]]:
    """All measurements of one model, and of them the figures that the table shows."""
    loaded = load_model(path)
    chosen = choose_inverter(protocol.inverter, loaded)
    synthesizer = Synthesizer(loaded, chosen.inverter, chosen.notice)
    bank, recognizer, settings = protocol.bank, protocol.recognizer, protocol.settings
    main = recognizer.info.main_attribute
    reconstructions = yield from reconstruct(synthesizer, bank, settings.most_reconstructed)
    real = yield from judge_real(synthesizer, bank, recognizer, settings, protocol.public, protocol.real)
    protocol.real = real
    notes = yield from judge_new(synthesizer, bank, recognizer, settings, real, protocol.public)
    latents = yield from encode_notes(synthesizer, bank, settings)
    latent = yield from latent_figures(synthesizer, latents, settings)
    new = {chosen.inverter.name: notes}
    distribution = yield from distribution_figures(real, new, bank, recognizer, settings)
    control = control_figures(real, new, main)
    kind = f"generated/{chosen.inverter.name}"
    figures: dict[str, Any] = {
        "training steps": loaded.info.provenance.get("steps"),
        "reconstruction (dB)": summarize_reconstructions(reconstructions)["log_spectral_distance_db"],
    }
    for place, summaries in (("3 and 4", control["middle"]), ("range", control["range"])):
        summary = summaries[kind]
        figures[f"semitone, {place} (%)"] = 100 * summary["note"]["semitone_share"]
        figures[f"octave, {place} (%)"] = 100 * summary["note"]["octave_share"]
        figures[f"{main}, {place} (%)"] = 100 * summary["recognized"][main]
    for name, scores in attribute_figures(real, new, main, synthesizer.info.coverage).items():
        figures[f"{name}, every label (%)"] = 100 * scores["mean"][kind]
    figures[f"{main} in z (points)"] = latent["readable"][main]["points_above_chance"]
    figures["MMD to prior"] = latent["prior"]["mmd"]
    figures["largest step"] = latent["paths"]["largest_over_mean"]
    for name, frechet in distribution["frechet"].items():
        figures[f"Fréchet, {name.split(',')[0]}"] = frechet["ratio"][chosen.inverter.name]
    figures["diversity (%)"] = 100 * distribution["diversity"]["ratio"]
    figures["broken (%)"] = 100 * control["range"][kind]["wholeness"]["broken_share"]
    return figures


def _summaries(models: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Mean and spread (standard deviation over seeds) of every figure, a row a recipe, in the order given."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for model in models:
        rows.setdefault(model["row"], []).append(model)
    names = [name for name in models[0] if name not in ("file", "row", "seed")]
    found = []
    for row, members in rows.items():
        figures = {}
        for name in names:
            values = [m[name] for m in members if isinstance(m[name], int | float) and np.isfinite(m[name])]
            figures[name] = {
                "mean": float(np.mean(values)) if values else float("nan"),
                "spread": float(np.std(values, ddof=1)) if len(values) > 1 else float("nan"),
            }
        found.append({"row": row, "models": len(members), "figures": figures})
    return found


def require_several(models: Sequence[Path]) -> None:
    """Refuses a comparison of one model.

    Raises:
        InputError: If there are fewer than two.
    """
    if len(models) < 2:
        raise InputError(
            f"--compare takes two model files or more and then a NoteBank; {len(models)} was given"
        )
