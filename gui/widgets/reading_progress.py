"""Progress of reading many recordings, and the time that is left. Qt-free."""

import time
from collections.abc import Callable

from mcnn.plain import duration_in_words

MIN_DONE = 0.4
"""Share of a file after which the time left is estimated; earlier the pace is not known."""


class ReadingProgress:
    """Files that were read, the one that is being read, and those that wait.

    Args:
        now_s: A clock.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._started_s = 0.0
        self.total = self.done = 0
        """Files."""
        self._share = 0.0
        self._name = ""

    @property
    def is_over(self) -> bool:
        """Whether no file is left."""
        return self.done >= self.total

    @property
    def fraction(self) -> float:
        """0 to 1; a file that is half read counts half."""
        return min((self.done + self._share) / self.total, 1.0) if self.total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace of what was done; None as long as that is too little."""
        done = self.done + self._share
        if done < MIN_DONE:
            return None
        return (self._now_s() - self._started_s) / done * max(0.0, self.total - done)

    def add(self, n_files: int) -> None:
        """More files wait; where all were read, it begins anew."""
        if self.is_over:
            self.total = self.done = 0
            self._started_s, self._share, self._name = self._now_s(), 0.0, ""
        self.total += n_files

    def begin(self, name: str) -> None:
        """Begins a file."""
        self._name, self._share = name, 0.0

    def set_share(self, share: float) -> None:
        """Notes the share of the present file that is done, 0 to 1."""
        self._share = min(max(share, 0.0), 1.0)

    def end(self) -> None:
        """Ends the file, whether it was read or refused."""
        self.done, self._share = min(self.done + 1, self.total), 0.0

    def skip_rest(self) -> None:
        """Leaves out the files that wait; the one that is being read is the last."""
        self.total = min(self.total, self.done + 1)

    def in_words(self) -> str:
        """`8.0 s left: 2 of 12, mine.wav`; what matters least is last, where a narrow window cuts it off."""
        left = self.seconds_left
        which = f"{min(self.done + 1, self.total)} of {self.total}, " if self.total > 1 else ""
        return ("" if left is None else f"{duration_in_words(left)} left: ") + f"{which}{self._name}"
