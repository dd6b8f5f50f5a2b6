"""The ablation table: several models side by side, in the paper's form, with their spread over seeds.

Models of the same recipe and decoder (whatever their seed) are one row. Each model's figures are kept in a
file of their own as soon as they are there, so an interrupted comparison goes on where it was.
"""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aae.evaluation.judges.progress import StageProgress
from aae.evaluation.judges.public_embedding import PublicEmbedding
from aae.evaluation.judges.recognizer import Recognizer
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
from aae.evaluation.report.blocks import NOTHING, Block, Text, number, table, to_markdown
from aae.evaluation.report.page_html import to_html
from aae.evaluation.run import make_folder, require_held_out
from aae.model.model_file import load_model, read_info
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from aae.training.recipe import load_config, preset_names
from mcnn.atomic import atomic_path
from mcnn.errors import InputError
from mcnn.plain import without_nan

COMPARISON_PAGE = "comparison.md"
COMPARISON_HTML = "comparison.html"
COMPARISON_FIGURES = "comparison.json"
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
        rows, judges = [], _Judges(notes, recognizer, PublicEmbedding(notes.config.sample_rate))
        for place, (path, info) in enumerate(zip(models, infos, strict=True)):
            prefix = f"{place + 1} of {len(models)}: "
            figures = yield from _measured_once(path, judges, out, settings, inverter, prefix)
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
    blocks = compose_comparison(report)
    _write(out / COMPARISON_FIGURES, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    _write(out / COMPARISON_HTML, to_html(blocks, out, "Comparison"))
    _write(out / COMPARISON_PAGE, to_markdown(blocks, COMPARISON_HTML))
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
class _Judges:
    """What all models are measured by."""

    bank: NoteBank
    recognizer: Recognizer
    public: PublicEmbedding
    heard: RealNotes | None = None
    """The held-out notes, once they were judged."""


def _measured_once(
    path: Path,
    judges: _Judges,
    out: Path,
    settings: EvaluationSettings,
    inverter: str,
    prefix: str,
) -> Generator[StageProgress, None, dict[str, Any]]:
    """The figures of a model, from the file where they are kept if they were measured before."""
    version = judges.recognizer.info.version
    state = repr((VERSION, bank_fingerprint(judges.bank), asdict(settings), inverter, version))
    digest = hashlib.sha256(path.read_bytes() + state.encode()).hexdigest()
    kept = out / f".{path.stem}.{digest[:16]}.figures.json"
    try:
        figures: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError):
        figures = yield from _measure(path, judges, settings, inverter, prefix)
        _write(kept, json.dumps(without_nan(figures)))
    return figures


def _measure(
    path: Path,
    judges: _Judges,
    settings: EvaluationSettings,
    inverter: str,
    prefix: str,
) -> Generator[StageProgress, None, dict[str, Any]]:
    loaded = load_model(path)
    chosen = choose_inverter(inverter, loaded)
    synthesizer = Synthesizer(loaded, chosen.inverter, chosen.notice)

    def named(
        work: Generator[StageProgress, None, Any],
    ) -> Generator[StageProgress, None, Any]:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return end.value
            yield StageProgress(prefix + event.stage, event.done, event.total)

    bank, recognizer, public = judges.bank, judges.recognizer, judges.public
    main = recognizer.info.main_attribute
    found = yield from named(reconstruct(synthesizer, bank, settings.most_reconstructed))
    real = yield from named(judge_real(synthesizer, bank, recognizer, settings, public, judges.heard))
    judges.heard = real
    new = yield from named(judge_new(synthesizer, bank, recognizer, settings, real, public))
    latents = yield from named(encode_notes(synthesizer, bank, settings))
    latent = yield from named(latent_figures(synthesizer, latents, settings))
    by_inverter = {chosen.inverter.name: new}
    distribution = yield from named(distribution_figures(real, by_inverter, bank, recognizer, settings))
    control = control_figures(real, by_inverter, main)
    attributes = attribute_figures(real, by_inverter, main, synthesizer.info.coverage)
    kind = f"generated/{chosen.inverter.name}"
    figures: dict[str, Any] = {
        "training steps": loaded.info.provenance.get("steps"),
        "reconstruction (dB)": summarize_reconstructions(found)["log_spectral_distance_db"],
    }
    for place, summaries in (("3 and 4", control["middle"]), ("range", control["range"])):
        summary = summaries[kind]
        figures[f"semitone, {place} (%)"] = 100 * summary["note"]["semitone_share"]
        figures[f"octave, {place} (%)"] = 100 * summary["note"]["octave_share"]
        figures[f"{main}, {place} (%)"] = 100 * summary["recognized"][main]
    for name, scores in attributes.items():
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


def compose_comparison(report: Mapping[str, Any]) -> list[Block]:
    """The page of a comparison: recipes as rows, in two tables that fit a page."""
    rows = report["rows"]
    names = list(rows[0]["figures"])
    seeds = sorted({str(model["seed"]) for model in report["models"] if model["seed"] is not None})
    table_rows = [[name, *(_with_spread(row["figures"][name]) for row in rows)] for name in names]
    header = ["", *(f"{row['row']} ({row['models']})" for row in rows)]
    return [
        Text("# Comparison"),
        Text(
            "Mean ± standard deviation over the models of each recipe; in brackets how many there are "
            f"(seeds {', '.join(seeds) or NOTHING}). New notes at random points of the prior, by "
            f"{report['inverter']}: in octaves 3 and 4 (the paper's protocol), over each instrument's "
            "range, and with every label of every attribute. In z: how much better than chance a fresh "
            "classifier reads the label from held-out latents. Fréchet: distance to real held-out notes "
            "over that of real notes resynthesised. Largest step: of a path through the latent space, as a "
            "multiple of its mean step."
        ),
        Text(table(header, table_rows)),
        Text("## Models"),
        Text(
            table(
                ["file", "recipe", "seed"],
                [
                    [m["file"], m["row"], NOTHING if m["seed"] is None else str(m["seed"])]
                    for m in report["models"]
                ],
            )
        ),
    ]


def _with_spread(figure: Mapping[str, float | None]) -> str:
    mean, spread = figure["mean"], figure["spread"]
    if mean is None:
        return NOTHING
    digits = 0 if abs(mean) >= 1000 else 1 if abs(mean) >= 10 else 2 if abs(mean) >= 0.1 else 4
    return number(mean, digits) + (f" ± {number(spread, digits)}" if spread is not None else "")


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


def require_several(models: Sequence[Path]) -> None:
    """Refuses a comparison of one model.

    Raises:
        InputError: If there are fewer than two.
    """
    if len(models) < 2:
        raise InputError(
            f"--compare takes two model files or more and then a NoteBank; {len(models)} was given"
        )
