"""The page's parts about control: pitch, instrument, technique, dynamics; and about artefacts."""

from collections.abc import Mapping
from typing import Any

from aae.evaluation.report.blocks import Block, Picture, Text, number, percent, table

NOTE_PICTURE = "semitones.png"
CONFUSION_PICTURE = "confusion.png"

_WHOLENESS_ROWS = {
    "silent_share": "silent",
    "broken_share": "break into pieces",
    "blip_share": "end in a blip",
    "click_share": "click inside",
    "cut_share": "cut off at the end",
    "clipped_share": "clipped",
    "loud_end_share": "end not silent (above \N{MINUS SIGN}40 dB)",
}
_LEVEL_ROWS = {
    "end_db_median": "level of the last 20 ms, median (dB)",
    "end_db_worst": "level of the last 20 ms, worst (dB)",
    "dc_db_worst": "DC, worst (dB)",
}
_ARTEFACT_ROWS = {
    "tail_db_median": "noise after the end, median (dB)",
    "tail_db_95th": "noise after the end, 95th percentile (dB)",
    "grid_db_median": "grid at the hop rate, median (dB)",
    "grid_db_95th": "grid at the hop rate, 95th percentile (dB)",
}


def kind_title(kind: str) -> str:
    """What a kind of notes is called in tables."""
    group, _, inverter = kind.partition("/")
    if group == "generated":
        return f"new, {inverter}"
    return {"real": "real notes", "resynthesized": "real, resynthesised"}[group]


def picture_of(attribute: str, main: str) -> str:
    """File name of an attribute's confusion matrices."""
    return CONFUSION_PICTURE if attribute == main else f"confusion-{attribute}.png"


def note_part(report: Mapping[str, Any]) -> list[Block]:
    """Pitch in cents by two trackers, and semitone and octave."""
    control = report["control"]
    places = {"whole range": control["range"], "octaves 3 and 4": control["middle"]}
    rows, names = [], []
    for place, kinds in places.items():
        for kind, summary in kinds.items():
            for tracker, scores in summary["pitch"].items():
                rows.append(
                    [
                        f"{kind_title(kind)}, {place}, {tracker}",
                        str(scores["notes"]),
                        percent(scores["within_share"]),
                        percent(scores["octave_free_share"]),
                        number(scores["median_cents"]),
                        percent(scores["voiced_share"]),
                    ]
                )
            note = summary["note"]
            names.append(
                [
                    f"{kind_title(kind)}, {place}",
                    str(note["notes"]),
                    percent(note["semitone_share"]),
                    percent(note["octave_share"]),
                ]
            )
    return [
        Text("## Pitch"),
        Text(
            f"New notes at random points of the prior: {report['settings']['notes_per_instrument']} of each "
            f"{report['main_attribute']} over its whole trained range, and "
            f"{report['settings']['notes_in_middle']} in octaves 3 and 4 (the paper's protocol), whether it "
            "was trained there or not. Two public trackers: swift-f0 hears every note, pYIN (slow, on a "
            f"grid of 10 cents) a random {report['settings']['n_pyin']} of each kind. Labels and players "
            "err too. Voiced: mean share of a note's loud part in which a pitch is heard at all."
        ),
        Text(table(["notes", "number", "within 50 cents", "octave-free", "median (cents)", "voiced"], rows)),
        Text("Semitone and octave as asked, by swift-f0:"),
        Text(table(["notes", "number", "semitone", "octave"], names)),
        Picture(NOTE_PICTURE, "Asked and heard semitone and octave of new notes, in percent of the asked"),
    ]


def recognition_part(report: Mapping[str, Any]) -> list[Block]:
    """The main attribute, and all others in the usual technique."""
    main, control = report["main_attribute"], report["control"]
    accuracy = [
        [name, str(scores["notes"]), percent(scores["share"]), percent(scores["guess_share"])]
        for name, scores in report["recognizer"].items()
    ]
    kinds = list(control["range"])
    heard = [
        [name, *(percent(control["range"][kind]["recognized"][name]) for kind in kinds)]
        for name in report["recognizer"]
    ]
    middle = [
        [name, *(percent(summary["recognized"][name]) for summary in control["middle"].values())]
        for name in report["recognizer"]
    ]
    by_label = control["by_label"]
    per_label = [
        [
            label,
            *(percent(by_label[kind].get(label, {}).get("recognized_share")) for kind in kinds),
            *(
                percent(
                    by_label[kind].get(label, {}).get("pitch", {}).get("swift-f0", {}).get("within_share")
                )
                for kind in kinds
                if kind != "resynthesized"
            ),
        ]
        for label in control["confusion"][main]["labels"]
        if any(label in by_label[kind] for kind in kinds)
    ]
    titles = [kind_title(kind) for kind in kinds]
    pitched = [f"pitch: {kind_title(kind)}" for kind in kinds if kind != "resynthesized"]
    return [
        Text(f"## Recognition: {main}"),
        Text(
            f"A classifier that learned from real training notes only. Attributes other than {main} are "
            f"judged among the labels that the asked {main} has. On all held-out notes, whatever their "
            "technique, it is right so often (and always naming the most frequent label would be):"
        ),
        Text(table(["attribute", "notes", "right", "most frequent"], accuracy)),
        Text("Heard as asked, whole range, in the usual technique:"),
        Text(table(["attribute", *titles], heard)),
        Text("Heard as asked in octaves 3 and 4, the paper's protocol:"),
        Text(table(["attribute", *(kind_title(kind) for kind in control["middle"])], middle)),
        Text(f"By {main} (and pitch within 50 cents by swift-f0), whole range:"),
        Text(table([main, *titles, *pitched], per_label)),
        Picture(picture_of(main, main), f"Asked and heard {main}, in percent of the asked"),
    ]


def attribute_parts(report: Mapping[str, Any]) -> list[Block]:
    """Every label of every other attribute."""
    blocks: list[Block] = []
    main = report["main_attribute"]
    for name, found in report["attributes"].items():
        kinds = list(found["mean"])
        rows = [
            [
                label,
                str(row["training_notes"]),
                str(row["real"]["notes"]),
                *(percent(row[kind]["recognized_share"]) for kind in kinds),
                percent(row[kinds[0]]["main_recognized_share"]),
            ]
            for label, row in sorted(found["by_label"].items(), key=lambda item: -item[1]["training_notes"])
        ]
        for title, means in (
            ("**mean of labels with 20 or more training notes**", found["well_trained_mean"]),
            ("**mean of all labels**", found["mean"]),
        ):
            rows.append([title, "", "", *(percent(means[kind]) for kind in kinds), ""])
        blocks += [
            Text(f"## Recognition: {name}"),
            Text(
                f"{report['settings']['notes_per_label']} new notes of every label that was trained, shared "
                f"among the labels of {main} that have it, on notes of their range, at random points; "
                "beside them all held-out notes of that label, of which there may be few. Here all labels "
                f"that a {main} has are as likely as each other to the judge. The last column is how often "
                f"the {main} of the same new notes is heard as asked."
            ),
            Text(
                table([name, "training notes", "held out", *(kind_title(kind) for kind in kinds), main], rows)
            ),
            Picture(picture_of(name, main), f"Asked and heard {name}, in percent of the asked"),
        ]
    return blocks


def artefact_part(report: Mapping[str, Any]) -> list[Block]:
    """Pieces, clicks, clipping, ends, DC, grid."""
    found = report["control"]["range"]
    kinds = list(found)
    rows = [
        [name, *(percent(found[kind]["wholeness"][key]) for kind in kinds)]
        for key, name in _WHOLENESS_ROWS.items()
    ]
    rows += [
        [name, *(number(found[kind]["wholeness"][key]) for kind in kinds)]
        for key, name in _LEVEL_ROWS.items()
    ]
    rows += [
        [name, *(number(found[kind]["artefacts"][key]) for kind in kinds)]
        for key, name in _ARTEFACT_ROWS.items()
    ]
    return [
        Text("## Artefacts"),
        Text(
            "A note breaks into pieces if its envelope falls by more than 25 dB and comes back to within 10 "
            "dB of its peak for 50 ms; it ends in a blip if anything rises by 15 dB again after such a "
            "fall. Levels are relative to the note's loudest 50 ms. Many recordings are cut before they "
            "have faded. After the end: what follows the last time that a note comes within 40 dB of its "
            "loudest, where the file goes on. Grid: how far modulation of the energy at multiples of the "
            "frame rate (what transposed convolutions and inversion by frames leave behind) stands out from "
            "that beside it."
        ),
        Text(table(["", *(kind_title(kind) for kind in kinds)], rows)),
    ]
