"""What all trainings share on the command line: what they need, their log, how their progress looks."""

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import typer
from rich.progress import Progress as ProgressBar
from rich.progress import TaskID

from aae.cli.console import progress_bar, results_console
from mcnn.errors import InputError
from mcnn.plain import duration_in_words

if TYPE_CHECKING:
    from aae.training.events import Event, Finished, Progress, Started, Validated
    from aae.training.tensorboard import EventLog

MaxMinutes = Annotated[float | None, typer.Option(min=0.0, help="Stop after so many minutes.")]
Device = Annotated[Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="What to compute on.")]


def require_parts(device: str) -> None:
    """Refuses to start without the training extra or the device asked for.

    Raises:
        InputError: Naming what is missing.
    """
    import torch

    if importlib.util.find_spec("lightning_fabric") is None:
        raise InputError("training needs the 'train' extra: pip install 'clariolin[train]'")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, True):
        raise InputError(f"there is no {device} device here for PyTorch; --device auto takes what there is")


class TrainingReporter(ABC):
    """Tells a person how a training goes: a bar with time left, a line a validation, what to do next."""

    heading: ClassVar[str]
    """Above the lines of the validations."""
    product: ClassVar[str]
    """What is being trained."""
    kept: ClassVar[str] = "best so far, kept"
    """Beside a validation after which the file is written."""

    def __init__(self) -> None:
        self.console = results_console()
        self.bar: ProgressBar = progress_bar()
        self.task: TaskID | None = None
        self.validations = 0

    def follow(self, events: "Iterator[Event]", log: "EventLog | None") -> None:
        """Shows and logs a training until it ends."""
        with self.bar:
            for event in events:
                if log is not None:
                    log.consume(event)
                self.event(event)

    def event(self, event: "Event") -> None:
        """Shows one event of the trainer."""
        from aae.training.events import Finished, Progress, Started, Validated

        if isinstance(event, Started):
            self._started(event)
        elif isinstance(event, Progress) and self.task is not None:
            note = f"{self.pace(event)}, {duration_in_words(event.seconds_left)} left"
            self.bar.update(self.task, completed=event.step, note=note)
        elif isinstance(event, Validated):
            self._validated(event)
        elif isinstance(event, Finished):
            self._finished(event)

    @abstractmethod
    def pace(self, event: "Progress") -> str:
        """Where it is and how fast it goes, in a few words beside the bar."""

    @abstractmethod
    def row(self, event: "Validated") -> str:
        """A validation's figures, below the heading."""

    @abstractmethod
    def advice(self, path: Path) -> str:
        """What to do with what was made."""

    def _started(self, event: "Started") -> None:
        continued = f", continued at step {event.step}" if event.step else ""
        self.console.print(
            f"{event.n_train} notes to train on, {event.n_validation} to validate, "
            f"{event.n_parameters / 1e6:.2f} million weights, {event.n_steps} steps{continued}."
        )
        self.task = self.bar.add_task("Training", total=event.n_steps, completed=event.step, note="")

    def _validated(self, event: "Validated") -> None:
        self.validations += 1
        if self.validations == 1:
            self.console.print(self.heading)
        self.console.print(f"{self.row(event)}{f'   {self.kept}' if event.best else ''}")

    def _finished(self, event: "Finished") -> None:
        why = {
            "complete": "The recipe is complete",
            "time": "The time is up; the same command continues",
            "early stop": "It no longer improves on notes it was not trained on",
        }[event.reason]
        self.console.print(f"{why} (step {event.step}). {self.product}: {event.model_path}")
        self.console.print(self.advice(event.model_path))


def open_log(kind: "type[EventLog]", notes: Path, folder: Path) -> "EventLog | None":
    """What writes a training's events for TensorBoard; None where that is not installed.

    Args:
        kind: What it writes.
        notes: The NoteBank that is trained on.
        folder: The run folder.
    """
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from aae.notes.bank import NoteBank

    with NoteBank.open(notes) as bank:
        return kind(folder, bank.config)
