"""The page of an evaluation, part by part, from its figures."""

from collections.abc import Mapping
from typing import Any

from aae.evaluation.report.blocks import Block, Picture, Text, number, percent, table
from aae.evaluation.report.page_control import artefact_part, attribute_parts, note_part, recognition_part
from aae.evaluation.report.page_model import distribution_part, latent_part, mixing_part

RECONSTRUCTION_PICTURE = "reconstruction.png"
_UNITS = {"share": "", "cents": " cents", "ms": " ms", "ratio": "", "points": " points"}


def compose_page(report: Mapping[str, Any], sounds: Mapping[str, Block]) -> list[Block]:
    """The whole page.

    Args:
        report: All figures, without NaN.
        sounds: What can be heard in the parts `reconstruction`, `examples` and `mixes`, as far as there is
            anything.
    """
    heard = {name: [block] for name, block in sounds.items()}
    return [
        *_head(report),
        *_targets_part(report),
        *_listening_part(report),
        *heard.get("examples", []),
        *_reconstruction_part(report),
        *heard.get("reconstruction", []),
        *note_part(report),
        *recognition_part(report),
        *attribute_parts(report),
        *latent_part(report),
        *mixing_part(report),
        *heard.get("mixes", []),
        *distribution_part(report),
        *artefact_part(report),
        *_method(report),
    ]


def _head(report: Mapping[str, Any]) -> list[Block]:
    model, bank, settings = report["model"], report["bank"], report["settings"]
    steps = f", {model['steps']} training steps" if model["steps"] else ""
    takes = f", takes of {model['take_size']}" if model.get("take_size") else ""
    return [
        Text(f"# Evaluation of {model['file']}"),
        Text(
            f"{model['decoder'].capitalize()} decoder, latent of {model['latent_size']}{takes}{steps}. "
            f"Measured on held-out notes of `{bank['file']}` ({bank['held_out_notes']} of {bank['notes']} "
            "notes), which the model was not trained on if it was trained on this bank, and on new notes at "
            f"random points of the latent space. Sound by {' and '.join(report['inverters'])}. Seed "
            f"{settings['seed']}. "
            f"SHA-256 of the model: `{model['sha256'][:16]}…`"
        ),
        *([Text(f"Recordings: {bank['title']}. {bank['credits'] or ''}")] if bank["title"] else []),
    ]


def _targets_part(report: Mapping[str, Any]) -> list[Block]:
    rows = [
        [
            row["what"],
            row["inverter"] or "",
            ("at least " if row["at_least"] else "at most ") + with_unit(row["aim"], row["unit"]),
            with_unit(row["measured"], row["unit"]),
            with_unit(row["real"], row["unit"]),
            "met" if row["met"] else "**short**",
        ]
        for row in report["targets"]
    ]
    met = sum(row["met"] for row in report["targets"])
    return [
        Text("## Targets"),
        Text(f"{met} of {len(rows)} are met. Beside each, what real notes reach, measured the same way."),
        Text(table(["", "by", "target", "measured", "real notes", ""], rows)),
    ]


def _listening_part(report: Mapping[str, Any]) -> list[Block]:
    return [
        Text("## Listening"),
        Text(
            f"The same three random points of the latent space for every {report['main_attribute']}, in the "
            f"middle of its range, with what was trained most often beside it, by {report['inverters'][0]}. "
            "Mixes and reconstructions can be heard in their parts."
        ),
    ]


def with_unit(value: float | None, unit: str) -> str:
    """A target's figure with its unit; a dash if there is none."""
    if unit == "share":
        return percent(value)
    return number(value, 2 if unit == "ratio" else 1) + (_UNITS[unit] if value is not None else "")


def _reconstruction_part(report: Mapping[str, Any]) -> list[Block]:
    found, inverters = report["reconstruction"], report["inverters"]
    kinds = [*inverters, "resynthesized"]
    sound = found["sound"]
    rows = [
        [
            "recording, resynthesised" if kind == "resynthesized" else f"model, {kind}",
            str(sound[kind]["all"]["notes"]),
            number(sound[kind]["all"]["multi_resolution"], 2),
            number(sound[kind]["all"]["envelope_db"]),
            number(sound[kind]["all"]["attack_error_ms"]),
            number(sound[kind]["all"]["sharp_attack_error_ms"]),
            str(sound[kind]["all"]["sharp_notes"]),
        ]
        for kind in kinds
    ]
    whole = found["all"]
    return [
        Text("## Reconstruction"),
        Text(
            "Held-out notes through encoder and decoder. The decoder is told labels, pitch, length and "
            f"pitch curve of the note. Over {whole['notes']} notes the log-spectral distance (root mean "
            "square over mels, mean over the note's frames) is "
            f"**{number(whole['log_spectral_distance_db'])} dB**, nine in ten notes stay under "
            f"{number(whole['log_spectral_distance_db_90th'])} dB; spectral convergence of mel magnitudes "
            f"is **{number(whole['spectral_convergence_db'])} dB**."
        ),
        Text(
            "As sound, against the recording: multi-resolution STFT distance (spectral convergence and log "
            "magnitude at three resolutions), mean difference of the envelopes, median error of the attack "
            "time (from 20 dB to 3 dB under the first peak), of all and of sharp techniques (pizzicato, "
            "staccato, col legno battuto, slap tongue). The last line is what the way through the log-mel "
            "costs by itself."
        ),
        Text(
            table(
                ["", "notes", "multi-res. STFT", "envelope (dB)", "attack (ms)", "sharp (ms)", "sharp notes"],
                rows,
            )
        ),
        *[
            block
            for name in found["by"]
            for block in (Text(f"By {name}:"), Text(_group_table(found, name, inverters[0])))
        ],
        Picture(
            RECONSTRUCTION_PICTURE,
            "The best and the worst reconstructions, each under its original (mel bands upwards, time to "
            "the right; colour: level, 80 dB)",
        ),
    ]


def _group_table(found: Mapping[str, Any], name: str, inverter: str) -> str:
    nothing: dict[str, Any] = {}
    rows = []
    for label, scores in found["by"][name].items():
        sound = found["sound"][inverter]["by"][name].get(label, nothing)
        rows.append(
            [
                label,
                str(scores["notes"]),
                number(scores["log_spectral_distance_db"]),
                number(scores["log_spectral_distance_db_90th"]),
                number(scores["spectral_convergence_db"]),
                number(sound.get("multi_resolution"), 2),
                number(sound.get("envelope_db")),
                number(sound.get("attack_error_ms")),
            ]
        )
    header = [name, "notes", "distance (dB)", "90th (dB)", "convergence (dB)", "multi-res. STFT"]
    return table([*header, "envelope (dB)", "attack (ms)"], rows)


def _method(report: Mapping[str, Any]) -> list[Block]:
    frechet = report["distribution"]["frechet"]
    disguised = dict(report["disguised"])
    count = disguised.pop("notes")
    names = list(next(iter(disguised.values())))
    rows = [[kind, *(percent(scores[name]) for name in names)] for kind, scores in disguised.items()]
    return [
        Text("## The yardstick itself"),
        Text(
            "The recogniser is a small network that learned from real training notes only; it does not know "
            "level, padding, length, noise floor or file format, and real notes resynthesised by "
            "Griffin-Lim score as they did before. It says whether a note is *taken for* what was asked, "
            "not how near it is to a recording: a clear, typical note is recognised more surely than many "
            f"real ones. The public model beside it, `{list(frechet)[-1]}`, was trained by others on other "
            "sounds, for pitch. Pitch is heard by two public trackers, which err too: see what they make of "
            "real notes."
        ),
        Text(
            f"The same {count} real held-out notes, judged as recorded and in disguises that must not matter:"
        ),
        Text(table(["", *names], rows)),
    ]
