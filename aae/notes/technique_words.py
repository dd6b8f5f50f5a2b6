"""What the name of a playing technique says of its notes, in whatever words a library has for it."""

TECHNIQUE_WORDS = {
    "pizz": True,
    "pluck": False,
    "stacc": False,
    "staccato": True,
    "battuto": False,
    "col-legno-battuto": True,
    "slap": False,
    "slap-tongue": True,
    "snap": False,
    "struck": False,
    "gliss": False,
    "cresc": False,
}
"""Parts of the names of techniques whose notes ring out, stop or go somewhere; True where such a part says
that they begin sharply."""
_NEVER_SHARP = "glissando"


def is_sustained(technique: str) -> bool:
    """Whether a technique's notes go on as long as the player wants, as far as its name tells."""
    name = technique.lower()
    return not any(word in name for word in TECHNIQUE_WORDS)


def is_sharp_attack(technique: str) -> bool:
    """Whether a technique's notes begin with a sharp attack, as far as its name tells."""
    name = technique.lower()
    return _NEVER_SHARP not in name and any(sharp and word in name for word, sharp in TECHNIQUE_WORDS.items())
