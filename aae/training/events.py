"""Events of a training while it runs; the command line, the desktop and TensorBoard consume the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aae.training.previews import InverterPreview, Preview


@dataclass(frozen=True)
class Started:
    """The data is loaded and the first step is next."""

    n_train: int
    n_validation: int
    n_parameters: int
    step: int
    """Steps already done by earlier runs of the same command."""
    n_steps: int


@dataclass(frozen=True)
class Progress:
    """Some steps are done."""

    step: int
    epoch: int
    n_steps: int
    metrics: dict[str, float]
    notes_per_s: float
    seconds_left: float


@dataclass(frozen=True)
class Validated:
    """An epoch is done; `best` says whether its model was kept, as a rule because it is the best so far."""

    step: int
    epoch: int
    metrics: dict[str, float]
    best: bool
    previews: Sequence[Preview | InverterPreview]
    """The same validation notes every time, as the averaged model makes them now."""


@dataclass(frozen=True)
class Finished:
    """The training ended; the reason is `complete`, `time` or `early stop`."""

    reason: str
    step: int
    model_path: Path


Event = Started | Progress | Validated | Finished


def describe(event: Event) -> dict[str, Any]:
    """An event in plain values: its name as `event`, then its fields; pictures and sounds are left out."""
    fields = {name: value for name, value in vars(event).items() if name != "previews"}
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in fields.items()}
    return {"event": type(event).__name__.lower()} | plain
