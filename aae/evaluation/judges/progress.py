"""Progress of long measurements: they are generators that yield it and return their result."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class StageProgress:
    """Some of a stage's work is done.

    Attributes:
        stage: What is being done, for a person to read.
        done: Pieces of work finished.
        total: Pieces of work in this stage.
    """

    stage: str
    done: int
    total: int


Measurement = Generator[StageProgress, None, Result]
"""Yields its progress and returns what was measured."""


def run_to_end(
    work: Measurement[Result], show: Callable[[str, int, int], object] = lambda stage, done, total: None
) -> Result:
    """Runs a measurement and returns its result.

    Args:
        work: The measurement.
        show: Called with a stage, what is done of it, and how much there is.
    """
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        show(event.stage, event.done, event.total)


def with_prefix(work: Measurement[Result], prefix: str) -> Measurement[Result]:
    """The same measurement, its stages' names behind a prefix."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        yield StageProgress(prefix + event.stage, event.done, event.total)
