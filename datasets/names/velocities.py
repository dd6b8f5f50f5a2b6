"""Dynamics for velocities: which word musicians have for how hard a key is struck."""

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
