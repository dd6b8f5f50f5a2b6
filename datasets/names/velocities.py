"""Dynamics for velocities: which word musicians have for how hard a key is struck."""

import re

VELOCITY_WORDS = {
    33: "pianissimo",
    49: "piano",
    64: "mezzo-piano",
    80: "mezzo-forte",
    96: "forte",
    112: "fortissimo",
}
"""Usual velocity of each word, as notation programs play it."""


def usual_velocity(velocity: int) -> int:
    """The usual velocity that is nearest, for which there is a word."""
    return min(VELOCITY_WORDS, key=lambda usual: abs(usual - velocity))


SHORT_WORDS = {
    **{"ppp": "molto-pianissimo", "pp": "pianissimo", "p": "piano", "mp": "mezzo-piano"},
    **{"mf": "mezzo-forte", "f": "forte", "ff": "fortissimo", "fff": "molto-fortissimo"},
}
"""Words for the letters in names of files."""
_DYNAMICS = frozenset({*SHORT_WORDS.values()})


def dynamics_in_name(stem: str) -> str:
    """The one word for dynamics in a file's name, without its ending; empty if there is none, or several."""
    parts = [part for part in re.split(r"[_\s.]+", stem.lower()) if part]
    pieces = [piece for part in parts for piece in ((part,) if part in _DYNAMICS else part.split("-"))]
    found = {SHORT_WORDS.get(piece, piece) for piece in pieces} & _DYNAMICS
    return found.pop() if len(found) == 1 else ""
