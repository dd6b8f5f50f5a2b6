"""Names of Versilian Studios' libraries: `LDFlute_susvib_A3_v1_1`, `JHPiano_NoSus_Close_C2_vl3_rr1`.

Fields joined by underscores: a code, an articulation, the note, the velocity layer (`v1`, `vl3`, or dynamics
such as `ff`, or of a synthesizer the velocity itself), the take, the microphone.
"""

import re

from .velocities import VELOCITY_WORDS, usual_velocity

NOTE = re.compile(r"[A-G][#b]?[0-9]")
_LAYERS = {
    "f": "forte",
    "ff": "fortissimo",
    "fff": "fortissimo",
    "mf": "mezzo-forte",
    "mp": "mezzo-piano",
    "p": "piano",
    "pp": "pianissimo",
    "loud": "forte",
    "soft": "piano",
    "med": "mezzo-forte",
}
_VELOCITY_LAYER = re.compile(r"vl?([1-9])", re.IGNORECASE)
_TAKE = re.compile(r"(?:rr?)?[0-9]+|sum|main|mid|close|far", re.IGNORECASE)
_MIN_VELOCITY = 20
"""A smaller number behind a note counts takes."""


def is_layered(fields: list[str]) -> bool:
    """Whether a name says a velocity layer or dynamics."""
    return any(_VELOCITY_LAYER.fullmatch(field) or field in _LAYERS for field in fields)


def articulation(fields: list[str]) -> str:
    """The field after the code that is neither note nor layer nor take; empty if there is none."""
    for field in fields[1:]:
        known = NOTE.fullmatch(field) or _VELOCITY_LAYER.fullmatch(field) or field.lower() in _LAYERS
        if not known and not _TAKE.fullmatch(field):
            return field
    return ""


def dynamics(fields: list[str]) -> str:
    """The layer: a word for a word, `layer-2` for the second, whose loudness only the sound tells."""
    for field in reversed(fields[1:]):
        if field.lower() in _LAYERS:
            return _LAYERS[field.lower()]
        layer = _VELOCITY_LAYER.fullmatch(field)
        if layer:
            return f"layer-{layer[1]}"
    return ""


def velocity_word(fields: list[str]) -> str:
    """The usual word for the velocity behind a note, `Clavisynth_C0_124`; empty if there is none."""
    if len(fields) > 1 and NOTE.fullmatch(fields[-2]) and fields[-1].isdecimal():
        velocity = int(fields[-1])
        return VELOCITY_WORDS[usual_velocity(velocity)] if _MIN_VELOCITY <= velocity <= 127 else ""
    return ""
