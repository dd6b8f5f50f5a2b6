"""SFZ: a text file beside its WAV files, for sfizz, Sforzando, Renoise, TX16Wx and many others.

The format has no way to quote: whatever could begin something new is kept out of names.

Source: sfzformat.com (opcodes of SFZ 1 and 2, and `sw_label`, `label_key` of ARIA).
"""

import re

from aae.rendering.samplers.instrument import Articulation, Instrument, Zone
from mcnn.plain import visible

IN_MEMORY = "hint_ram_based=1"
"""Notes are short. Streamed from disk, a player that renders faster than in real time may cut them off."""
_MEANINGFUL = str.maketrans({"<": "(", ">": ")", "$": "-", "#": "-", "=": "-"})
"""Beginnings of headers, variables, directives and values."""
_COMMENT = re.compile("/[/*]+")


def sfz_text(instrument: Instrument) -> str:
    """The instrument as SFZ; its samples lie beside it."""
    tracking = round(100 * instrument.velocity_tracking)
    lines = [f"// {plain_text(instrument.name)}, made by Clariolin", "", "<control>", IN_MEMORY, ""]
    lines += ["<global>", f"amp_veltrack={tracking}"]
    switches = [a.switch_key for a in instrument.articulations if a.switch_key is not None]
    if switches:
        lines += [f"sw_lokey={switches[0]} sw_hikey={switches[-1]} sw_default={switches[0]}"]
    for articulation in instrument.articulations:
        lines += ["", *_group_lines(articulation)]
    return "\n".join(lines) + "\n"


def plain_text(text: str) -> str:
    """The text as a value that ends where it ends: one line, without what the format gives a meaning."""
    return _COMMENT.sub("/", visible(text).translate(_MEANINGFUL))


def _group_lines(articulation: Articulation) -> list[str]:
    name = plain_text(articulation.name)
    lines = [f"// {name}", "<group>"]
    if articulation.switch_key is not None:
        lines.append(f"sw_last={articulation.switch_key} sw_label={name}")
    return lines + [_region_line(zone) for zone in articulation.zones]


def _region_line(zone: Zone) -> str:
    sample = zone.sample
    opcodes = {
        "lokey": zone.low_key,
        "hikey": zone.high_key,
        "pitch_keycenter": sample.root_key,
        "lovel": zone.low_velocity,
        "hivel": zone.high_velocity,
    }
    if not sample.pitched:
        opcodes["pitch_keytrack"] = 0
    if round(sample.tuning_cents):
        opcodes["tune"] = round(-sample.tuning_cents)
    if zone.n_positions > 1:
        opcodes |= {"seq_length": zone.n_positions, "seq_position": zone.position}
    played = {"loop_mode": "no_loop"}
    if sample.loop:
        start, end = sample.loop
        played = {"loop_mode": "loop_continuous", "loop_start": f"{start}", "loop_end": f"{end}"}
    words = [f"{name}={value}" for name, value in (opcodes | played).items()]
    return " ".join(
        ["<region>", *words, f"ampeg_release={sample.release_s:g}", f"sample={plain_text(sample.file)}"]
    )
