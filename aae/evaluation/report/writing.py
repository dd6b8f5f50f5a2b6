"""Writes a report's folder: pictures, figures, and the page in two forms; each file whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.measures.examples import sound_uri
from aae.evaluation.measures.findings import Findings, extremes
from aae.evaluation.report.blocks import Block, SoundLine, Sounds, to_markdown
from aae.evaluation.report.latent_pictures import draw_latents
from aae.evaluation.report.page import RECONSTRUCTION_PICTURE, compose_page
from aae.evaluation.report.page_control import NOTE_PICTURE, picture_of
from aae.evaluation.report.page_html import to_html
from aae.evaluation.report.page_model import LATENT_PICTURE, MIX_PICTURE, TSNE_PICTURE
from aae.evaluation.report.pictures import (
    draw_confusion,
    draw_mixes,
    draw_notes,
    draw_reconstructions,
    note_title,
)
from aae.notes.bank import NoteBank
from mcnn.atomic import atomic_path

REPORT_PAGE = "report.md"
REPORT_HTML = "report.html"
REPORT_FIGURES = "report.json"


def write_report(
    report: Mapping[str, Any], findings: Findings, bank: NoteBank, folder: Path, originals: bool
) -> Measurement[None]:
    """Writes everything; the pages last, so that what they show is there.

    Args:
        report: All figures, without NaN.
        findings: What pictures and sounds are made of.
        bank: The originals.
        folder: An existing folder.
        originals: Whether sounds of the bank may be in the page.
    """
    main, settings = report["main_attribute"], report["settings"]
    confusion = report["control"]["confusion"]
    stage, total = "drawing and writing", len(confusion) + 5
    for done, (name, matrices) in enumerate(confusion.items()):
        draw_confusion(matrices, folder / picture_of(name, main))
        yield StageProgress(stage, done + 1, total)
    done = len(confusion)
    first = f"generated/{report['inverters'][0]}"
    draw_notes(report["control"]["range"][first]["note"], folder / NOTE_PICTURE)
    best, worst = extremes(findings.reconstructions)
    draw_reconstructions(best, worst, bank, main, folder / RECONSTRUCTION_PICTURE)
    yield StageProgress(stage, done + 1, total)
    if findings.curves:
        draw_mixes(findings.curves, folder / MIX_PICTURE)
    yield StageProgress(stage, done + 2, total)
    draw_latents(
        findings.latents, main, settings["most_drawn"], settings["seed"],
        folder / LATENT_PICTURE, folder / TSNE_PICTURE,
    )  # fmt: skip
    yield StageProgress(stage, done + 3, total)
    blocks = compose_page(report, _sounds(findings, bank, main, originals))
    yield StageProgress(stage, done + 4, total)
    _write_text(
        folder / REPORT_FIGURES, json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )
    _write_text(folder / REPORT_HTML, to_html(blocks, folder, f"Evaluation of {report['model']['file']}"))
    _write_text(folder / REPORT_PAGE, to_markdown(blocks, REPORT_HTML))
    yield StageProgress(stage, total, total)


def _sounds(findings: Findings, bank: NoteBank, main: str, originals: bool) -> dict[str, Block]:
    """What can be heard, by the part of the page that it belongs to."""
    sample_rate = bank.config.sample_rate
    groups: dict[str, list[SoundLine]] = {"New notes": [], "Mixes": []}
    for example in findings.examples:
        uris = tuple(sound_uri(waveform, sample_rate) for waveform in example.sounds)
        groups[example.group].append(SoundLine(example.title, example.captions, uris))
    return {
        "examples": Sounds(tuple(groups["New notes"])),
        "mixes": Sounds(tuple(groups["Mixes"])),
        "reconstruction": Sounds(tuple(_reconstruction_lines(findings, bank, main, originals))),
    }


def _reconstruction_lines(findings: Findings, bank: NoteBank, main: str, originals: bool) -> list[SoundLine]:
    """Best and worst reconstructions by every inverter, after the original if it may be heard."""
    made = {
        name: {sound.position: sound.waveform for sound in sounds}
        for name, sounds in findings.sounds.items()
        if name != "resynthesized"
    }
    lines = []
    best, worst = extremes(findings.reconstructions)
    for word, notes in (("best", best), ("worst", worst)):
        for note in notes:
            heard = {"original": bank.waveform(note.position)} if originals else {}
            heard |= {f"model, {name}": sounds[note.position] for name, sounds in made.items()}
            uris = tuple(sound_uri(waveform, bank.config.sample_rate) for waveform in heard.values())
            title = note_title(bank, main, note.position).replace("\n", ", ")
            title = f"{word}: {title} ({note.log_spectral_distance_db:.1f} dB)"
            lines.append(SoundLine(title, tuple(heard), uris))
    return lines


def _write_text(path: Path, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")
