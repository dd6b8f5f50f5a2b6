"""A path through the latent space: recorded from a cursor, thinned, and played at its own speed. Qt-free."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

MAX_DURATION_S = 120.0
NOTE_INTERVAL_S = 0.22
"""Between two notes of a path that is played or saved."""
TOLERANCE = 0.02
"""Largest distance of a thinned path from the recorded one, in standard deviations of the prior."""
TIME_DIGITS, LATENT_DIGITS = 4, 6
"""Decimals of a recorded point, so that a path is the same after it was saved."""
_Row = Annotated[list[FiniteFloat], Field(min_length=2)]
_ROWS: TypeAdapter[list[list[float]]] = TypeAdapter(list[_Row])


@dataclass(frozen=True)
class PathPoint:
    """A place of the cursor, and its time."""

    time_s: float
    latent: tuple[float, ...]


@dataclass(frozen=True)
class LatentPath:
    """A curve through the latent space over time."""

    points: tuple[PathPoint, ...] = ()

    @property
    def latent_size(self) -> int | None:
        """Numbers of each point's latent; None if there is no point."""
        return len(self.points[0].latent) if self.points else None

    @property
    def duration_s(self) -> float:
        """From its first point to its last."""
        return self.points[-1].time_s if self.points else 0.0

    def at(self, time_s: float) -> tuple[float, ...]:
        """The point at a time; before the beginning and after the end, the nearest.

        Raises:
            ValueError: If the path is empty.
        """
        if not self.points:
            raise ValueError("an empty path has no points")
        times = [point.time_s for point in self.points]
        latents = np.array([point.latent for point in self.points])
        return tuple(float(np.interp(time_s, times, column)) for column in latents.T)

    def notes(self, interval_s: float) -> list[tuple[float, tuple[float, ...]]]:
        """Times and points of notes that are played evenly along it."""
        count = math.floor(self.duration_s / interval_s + 1e-9) + 1 if self.points else 0
        return [(i * interval_s, self.at(i * interval_s)) for i in range(count)]

    def thinned(self, tolerance: float = TOLERANCE) -> "LatentPath":
        """The same curve with fewer points.

        Args:
            tolerance: Farthest that a dropped point may lie from where the thinned path is at its time.

        Source: D. Douglas and T. Peucker, "Algorithms for the reduction of the number of points required to
        represent a digitized line or its caricature", 1973.
        """
        if len(self.points) < 3:
            return self
        times = np.array([point.time_s for point in self.points])
        latents = np.array([point.latent for point in self.points])
        kept = _needed(times, latents, tolerance)
        return LatentPath(tuple(self.points[i] for i in kept))

    def to_json(self) -> list[list[float]]:
        """Rows of time and coordinates."""
        return [[round(point.time_s, TIME_DIGITS), *point.latent] for point in self.points]

    @classmethod
    def from_json(cls, rows: object) -> "LatentPath":
        """The path of such rows.

        Raises:
            ValueError: If they are no path.
        """
        try:
            table: list[list[float]] = _ROWS.validate_python(rows)
        except ValidationError as error:
            raise ValueError(
                f"a path is rows of a time and coordinates: {error.errors()[0]['msg']}"
            ) from None
        if len({len(row) for row in table}) > 1:
            raise ValueError("the points of a path must be of one latent space")
        if any(after[0] < before[0] for before, after in pairwise(table)):
            raise ValueError("the times of a path must not run backwards")
        if table and table[-1][0] - table[0][0] > MAX_DURATION_S:
            raise ValueError(f"a path is at most {MAX_DURATION_S:g} s long")
        return cls(tuple(PathPoint(time_s, tuple(latent)) for time_s, *latent in table))


class PathRecorder:
    """Collects where the cursor is while a path is recorded."""

    def __init__(self) -> None:
        self._points: list[PathPoint] = []
        self._start_s = 0.0

    def add(self, time_s: float, latent: tuple[float, ...]) -> bool:
        """Notes a point; False when the longest path is reached."""
        if not self._points:
            self._start_s = time_s
        since_s = round(time_s - self._start_s, TIME_DIGITS)
        if since_s > MAX_DURATION_S:
            return False
        if not self._points or since_s > self._points[-1].time_s:
            self._points.append(PathPoint(since_s, tuple(round(x, LATENT_DIGITS) for x in latent)))
        return True

    def finish(self) -> LatentPath:
        """The recorded path, thinned."""
        return LatentPath(tuple(self._points)).thinned()


def _needed(times: npt.NDArray[np.float64], latents: npt.NDArray[np.float64], tolerance: float) -> list[int]:
    kept, spans = {0, len(times) - 1}, [(0, len(times) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        share = (times[inner] - times[first]) / max(times[last] - times[first], 1e-9)
        straight = latents[first] + share[:, None] * (latents[last] - latents[first])
        distance = np.linalg.norm(latents[inner] - straight, axis=1)
        farthest = int(distance.argmax()) + first + 1
        if distance.max() > tolerance:
            kept.add(farthest)
            spans += [(first, farthest), (farthest, last)]
    return sorted(kept)
