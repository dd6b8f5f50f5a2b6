"""Progress of trainings on the command line: for a person to watch, or as JSON for a program."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import typer
from rich.progress import Progress as ProgressBar
from rich.progress import TaskID

from aae.cli.console import print_json_line, progress_bar, results_console
from mcnn.plain import duration_in_words

if TYPE_CHECKING:
    from aae.training.events import Event, Finished, Progress, Started, Validated
    from aae.training.tensorboard import EventLog

MaxMinutes = Annotated[float | None, typer.Option(min=0.0, help="Stop after so many minutes.")]
Device = Annotated[Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="What to compute on.")]


def follow_as_json(events: "Iterator[Event]", log: "EventLog | None") -> None:
    """Prints and logs a training until it ends: one JSON object a line, an event each."""
    from aae.training.events import describe

    for event in events:
        if log is not None:
            log.consume(event)
        print_json_line(describe(event))


class TrainingReporter(ABC):
    """Shows a person how a training goes: a bar with time left, a line a validation, what to do next."""

    heading: ClassVar[str]
    """Above the lines of the validations."""
    product: ClassVar[str]
    """Name of the network that is trained."""
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
                self.show(event)

    def show(self, event: "Event") -> None:
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
        """Position and speed, in a few words beside the bar."""

    @abstractmethod
    def row(self, event: "Validated") -> str:
        """A validation's figures, below the heading."""

    @abstractmethod
    def advice(self, path: Path) -> str:
        """The next command to give, with the file that was made."""

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
