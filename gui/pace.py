"""How long pieces of work take on this machine, learnt while they are done. Qt-free."""

FURTHER = 0.35
"""What each further note of a piece of work costs where the first costs 1, as the shipped model has it."""
CALMING = 0.2
"""Share of the way that an estimate goes down to a quicker piece; up it goes at once."""


class Pace:
    """Expects of each kind of work what it took lately, the slower pieces above all."""

    def __init__(self) -> None:
        self._first_s: dict[str, float] = {}

    def learn(self, kind: str, seconds: float, n_notes: int = 1) -> None:
        """Takes note of a piece of work that was done."""
        first_s = seconds / (1 + FURTHER * (n_notes - 1))
        known_s = self._first_s.get(kind, first_s)
        self._first_s[kind] = max(first_s, known_s + CALMING * (first_s - known_s))

    def forget(self) -> None:
        """Knows nothing again."""
        self._first_s.clear()

    def seconds(self, kind: str, n_notes: int) -> float:
        """What a piece for so many notes will take; 0 while nothing is known."""
        return self._first_s.get(kind, 0.0) * (1 + FURTHER * (n_notes - 1))

    def most_within(self, kind: str, seconds: float) -> int:
        """For how many notes at once a piece fits into some time; 1 even if that does not."""
        first_s = self.seconds(kind, 1)
        if first_s <= 0 or first_s >= seconds:
            return 1
        return 1 + int((seconds / first_s - 1) / FURTHER)
