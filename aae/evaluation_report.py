"""The page of an evaluation: `report.md` with tables, `report.json` with every figure, two pictures."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aae.evaluation_pictures import draw_confusion, draw_reconstructions
from aae.notes import NoteBank
from aae.reconstruction import Reconstruction
from mcnn.atomic import atomic_path

REPORT_PAGE = "report.md"
REPORT_FIGURES = "report.json"
NOTHING = "\N{EN DASH}"
CONFUSION_PICTURE = "confusion.png"
RECONSTRUCTION_PICTURE = "reconstruction.png"

_KINDS = {"generated": "new notes", "real": "real notes", "resynthesized": "real, resynthesised"}
_WHOLENESS_ROWS = {
    "silent_share": "silent",
    "broken_share": "break into pieces",
    "blip_share": "end in a blip",
    "click_share": "click inside",
    "cut_share": "cut off at the end",
    "clipped_share": "clipped",
    "loud_end_share": "end not silent (above \N{MINUS SIGN}40 dB)",
}


def write_report(
    report: Mapping[str, Any], reconstructions: Sequence[Reconstruction], bank: NoteBank, folder: Path
) -> None:
    """Writes the page, its figures and its pictures, each whole or not at all; the page last.

    Args:
        report: All scores, without NaN.
        reconstructions: The notes behind some of them, for the picture.
        bank: The originals.
        folder: An existing folder.
    """
    draw_confusion(report, folder / CONFUSION_PICTURE)
    draw_reconstructions(reconstructions, bank, report["main_attribute"], folder / RECONSTRUCTION_PICTURE)
    _write_text(
        folder / REPORT_FIGURES, json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )
    _write_text(folder / REPORT_PAGE, compose_page(report))


def compose_page(report: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    model, bank, settings = report["model"], report["bank"], report["settings"]
    parts = [
        f"# Evaluation of {model['file']}",
        f"Measured on the {bank['held_out_notes']} held-out notes of `{bank['file']}` "
        f"({bank['notes']} notes), which the model was not trained on if it was trained on this "
        f"bank, and on new notes at random points of the latent space "
        f"({settings['notes_per_instrument']} of each {report['main_attribute']}, over its whole "
        f"trained range, in its usual technique), inverted with {report['inverter']}. Seed "
        f"{settings['seed']}. Model SHA-256 `{model['sha256']}`.",
        _reconstruction_part(report),
        _pitch_part(report),
        _recognition_part(report),
        _wholeness_part(report),
    ]
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def percent(share: float | None) -> str:
    """A share as a percentage; a dash if there is none."""
    return NOTHING if share is None or not math.isfinite(share) else f"{100 * share:.1f} %"


def number(value: float | None, digits: int = 1) -> str:
    """A number with its minus sign; a dash if there is none."""
    return (
        NOTHING
        if value is None or not math.isfinite(value)
        else f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
    )


def _reconstruction_part(report: Mapping[str, Any]) -> str:
    reconstruction = report["reconstruction"]
    named = {**reconstruction["by_label"], "**all**": reconstruction["all"]}
    rows = [
        [
            label,
            str(scores["notes"]),
            number(scores["log_spectral_distance_db"]),
            number(scores["log_spectral_distance_db_90th"]),
            number(scores["spectral_convergence_db"]),
        ]
        for label, scores in named.items()
    ]
    return "\n\n".join(
        [
            "## Reconstruction",
            "Held-out notes through encoder and decoder. Log-spectral distance: root mean "
            "square over mels, mean over the note's frames (and the distance that nine in ten "
            "notes stay under). Spectral convergence: of mel magnitudes. The decoder is told "
            "labels, pitch, length and pitch curve of the note.",
            table(
                [report["main_attribute"], "notes", "distance (dB)", "90th (dB)", "convergence (dB)"], rows
            ),
            f"![Originals and reconstructions]({RECONSTRUCTION_PICTURE})",
        ]
    )


def _pitch_part(report: Mapping[str, Any]) -> str:
    rows = [
        [
            f"{title}, {tracker}",
            str(scores["notes"]),
            percent(scores["within_share"]),
            percent(scores["octave_free_share"]),
            number(scores["median_cents"]),
            percent(scores["voiced_share"]),
        ]
        for kind, title in _KINDS.items()
        for tracker, scores in report["control"][kind]["pitch"].items()
    ]
    return "\n\n".join(
        [
            "## Pitch",
            "Two public trackers. swift-f0 hears every note, pYIN (slow, on a grid of 10 cents) a random "
            f"{report['settings']['n_pyin']} of each kind. Real notes are not perfect: labels "
            "and players err. Voiced: mean share of a note's loud part in which a pitch is heard at all.",
            table(
                ["notes, tracker", "notes", "within 50 cents", "octave-free", "median (cents)", "voiced"],
                rows,
            ),
        ]
    )


def _recognition_part(report: Mapping[str, Any]) -> str:
    attribute = report["main_attribute"]
    accuracy = [
        [name, str(scores["notes"]), percent(scores["share"]), percent(scores["guess_share"])]
        for name, scores in report["recognizer"].items()
    ]
    control = report["control"]
    heard = [
        [name, *(percent(control[kind]["recognized"][name]) for kind in _KINDS)]
        for name in report["recognizer"]
    ]
    by_label = report["control_by_label"]
    per_label = [
        [
            label,
            *(percent(by_label[kind].get(label, {}).get("recognized_share")) for kind in _KINDS),
            *(
                percent(by_label[kind].get(label, {}).get("pitch", {}).get("swift-f0", {}).get(key))
                for key in ("within_share", "voiced_share")
                for kind in ("generated", "real")
            ),
        ]
        for label in report["confusion"]["labels"]
        if label in by_label["generated"] or label in by_label["real"]
    ]
    return "\n\n".join(
        [
            "## Recognition",
            "A classifier that learned from real training notes only, blind to level, padding, "
            f"noise floor and codec. Attributes other than {attribute} are judged among the "
            f"labels that the asked {attribute} has. On all held-out notes, whatever their "
            "technique, it is right so often (and always naming the most frequent label would be):",
            table(["attribute", "notes", "right", "most frequent"], accuracy),
            "Heard as asked, in the usual technique:",
            table(["attribute", *_KINDS.values()], heard),
            f"By {attribute} (and, by swift-f0, pitch within 50 cents and voiced share):",
            table(
                [attribute, *_KINDS.values(), "pitch, new", "pitch, real", "voiced, new", "voiced, real"],
                per_label,
            ),
            f"![Asked and heard]({CONFUSION_PICTURE})",
        ]
    )


def _wholeness_part(report: Mapping[str, Any]) -> str:
    found = {kind: report["control"][kind]["wholeness"] for kind in _KINDS}
    rows = [[name, *(percent(found[kind][key]) for kind in _KINDS)] for key, name in _WHOLENESS_ROWS.items()]
    rows += [
        [name, *(number(found[kind][key]) for kind in _KINDS)]
        for key, name in {
            "end_db_median": "level of the last 20 ms, median (dB)",
            "end_db_worst": "level of the last 20 ms, worst (dB)",
            "dc_db_worst": "DC, worst (dB)",
        }.items()
    ]
    return "\n\n".join(
        [
            "## Wholeness",
            "A note breaks into pieces if its envelope falls by more than 25 dB and comes back "
            "to within 10 dB of its peak for 50 ms; it ends in a blip if anything rises by 15 "
            "dB again after such a fall. Levels are relative to the note's loudest 50 ms. Many "
            "recordings are cut before they have faded.",
            table(["", *_KINDS.values()], rows),
        ]
    )


def _write_text(path: Path, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")
