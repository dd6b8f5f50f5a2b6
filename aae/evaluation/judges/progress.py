"""How long measurements say how far they are: generators that yield progress and return their result."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

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


def run_silently(work: Generator[Any, None, Result]) -> Result:
    """Runs a generator to its end and returns its result, for callers that show no progress."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
