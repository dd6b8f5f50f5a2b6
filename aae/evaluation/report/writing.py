"""Writes a report's folder: pictures, figures, and the page in two forms; each file whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.measures.examples import sound_uri
from aae.evaluation.measures.findings import Findings, extremes
from aae.evaluation.report.latent_pictures import draw_latents
from aae.evaluation.report.page import SoundLine, Sounds, compose_page, to_html, to_markdown
from aae.evaluation.report.pictures import (
    draw_confusion,
    draw_mixes,
    draw_notes,
    draw_reconstructions,
    note_title,
)
from aae.notes.bank import NoteBank
from mcnn.atomic import atomic_path


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
        draw_confusion(matrices, folder / ("confusion.png" if name == main else f"confusion-{name}.png"))
        yield StageProgress(stage, done + 1, total)
    done = len(confusion)
    first = f"generated/{report['inverters'][0]}"
    draw_notes(report["control"]["range"][first]["note"], folder / "semitones.png")
    best, worst = extremes(findings.reconstructions)
    draw_reconstructions(best, worst, bank, main, folder / "reconstruction.png")
    yield StageProgress(stage, done + 1, total)
    if findings.curves:
        draw_mixes(findings.curves, folder / "mixes.png")
    yield StageProgress(stage, done + 2, total)
    draw_latents(
        findings.latents, main, settings["most_drawn"], settings["seed"],
        folder / "latent-3d.png", folder / "latent-tsne.png",
    )  # fmt: skip
    yield StageProgress(stage, done + 3, total)
    sounds = _sounds(findings, bank, main, originals)
    yield StageProgress(stage, done + 4, total)
    write_page(folder, "report", report, f"Evaluation of {report['model']['file']}", sounds)
    yield StageProgress(stage, total, total)


def write_page(folder: Path, name: str, figures: Mapping[str, Any], title: str, sounds: Sounds) -> None:
    """Writes figures as JSON, and the page that shows them as Markdown and as HTML.

    Args:
        folder: An existing folder, with the pictures.
        name: Of the page's template and of all three files.
        figures: Without NaN.
        title: Of the HTML's window.
        sounds: What can be heard.
    """
    blocks = compose_page(f"{name}.md.j2", figures)
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(folder / f"{name}.json", text)
    write_text(folder / f"{name}.html", to_html(blocks, sounds, folder, title))
    write_text(folder / f"{name}.md", to_markdown(blocks, sounds, f"{name}.html"))


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _sounds(findings: Findings, bank: NoteBank, main: str, originals: bool) -> Sounds:
    """What can be heard, by the part of the page that it belongs to."""
    sample_rate = bank.config.sample_rate
    found: dict[str, list[SoundLine]] = {"examples": [], "mixes": []}
    for example in findings.examples:
        waveforms = zip(example.captions, example.sounds, strict=True)
        sounds = [(caption, sound_uri(waveform, sample_rate)) for caption, waveform in waveforms]
        found[example.group].append(SoundLine(example.title, sounds))
    return {**found, "reconstruction": _reconstruction_lines(findings, bank, main, originals)}


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
            sounds_of_note = [
                (name, sound_uri(sound, bank.config.sample_rate)) for name, sound in heard.items()
            ]
            title = note_title(bank, main, note.position).replace("\n", ", ")
            title = f"{word}: {title} ({note.log_spectral_distance_db:.1f} dB)"
            lines.append(SoundLine(title, sounds_of_note))
    return lines
