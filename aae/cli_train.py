"""`clariolin train`: a NoteBank becomes a model file."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import Progress as ProgressBar
from rich.progress import TaskID

from aae.cli_console import duration_in_words, progress_bar, results_console
from mcnn.errors import InputError

if TYPE_CHECKING:
    from aae.training_events import Event, Finished, Validated


def train(
    notes: Annotated[Path, typer.Argument(help="A NoteBank that 'clariolin dataset build' made.")],
    out: Annotated[Path, typer.Option(help="Run folder; the same command continues a run in it.")],
    preset: Annotated[
        str, typer.Option(help="Recipe: orchestra, wae-mmd, wae-note, wae-style, wae-fader, or a .toml file.")
    ] = "orchestra",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change one setting of the recipe."),
    ] = None,
    max_minutes: Annotated[float | None, typer.Option(min=0.0, help="Stop after so many minutes.")] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="What to compute on.")
    ] = "auto",
    processes: Annotated[
        int, typer.Option(min=1, help="Cards, or processes on the CPU, that share every step.")
    ] = 1,
) -> None:
    """Trains a model on a NoteBank.

    The best model so far is always at RUN/model.safetensors, ready to render with. Interrupt it at will: the
    same command continues. Curves, pictures and sounds: tensorboard --logdir RUN; the same figures as plain
    text: RUN/metrics.csv.
    """
    _require_parts(device)
    from aae.config import load_config
    from aae.trainer import Trainer

    config = load_config(preset, settings or ())
    trainer = Trainer(config, notes, out, device, processes)
    if os.environ.get("LOCAL_RANK", "0") != "0":
        for _event in trainer.fit(max_minutes):
            pass
        return
    log = _open_log(notes, out)
    show = _Show()
    with show.bar:
        for event in trainer.fit(max_minutes):
            log(event)
            show.event(event)


def _open_log(notes: Path, out: Path) -> "Callable[[Event], None]":
    """What writes events for TensorBoard; does nothing where that is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return lambda event: None
    from aae.notes import NoteBank
    from aae.training_log import TrainingLog

    with NoteBank.open(notes) as bank:
        return TrainingLog(out, bank.config).consume


def _require_parts(device: str) -> None:
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


class _Show:
    """Tells a person how training goes: a bar with time left, a line an epoch."""

    def __init__(self) -> None:
        self.console = results_console()
        self.bar: ProgressBar = progress_bar()
        self.task: TaskID | None = None
        self.reported_epochs = 0

    def event(self, event: "Event") -> None:
        """Shows one event of the trainer."""
        from aae.training_events import Finished, Progress, Started, Validated

        if isinstance(event, Started):
            continued = f", continued at step {event.step}" if event.step else ""
            self.console.print(
                f"{event.n_train} notes to train on, {event.n_validation} to validate, "
                f"{event.n_parameters / 1e6:.2f} million weights, {event.n_steps} steps{continued}."
            )
            self.task = self.bar.add_task("Training", total=event.n_steps, completed=event.step, note="")
        elif isinstance(event, Progress) and self.task is not None:
            self.bar.update(
                self.task,
                completed=event.step,
                note=f"epoch {event.epoch + 1}, {event.notes_per_s:.0f} notes/s, "
                f"{duration_in_words(event.seconds_left)} left",
            )
        elif isinstance(event, Validated):
            self._validated(event)
        elif isinstance(event, Finished):
            self._finished(event)

    def _validated(self, event: "Validated") -> None:
        self.reported_epochs += 1
        if self.reported_epochs == 1:
            self.console.print("epoch    step   error (dB)   tuning error (cents)")
        metrics = event.metrics
        self.console.print(
            f"{event.epoch + 1:5d} {event.step:7d} {metrics['validation/mean_error_db']:12.2f} "
            f"{metrics['validation/deviation_cents']:22.1f}{'   best so far, kept' if event.best else ''}"
        )

    def _finished(self, event: "Finished") -> None:
        why = {
            "complete": "The recipe is complete",
            "time": "The time is up; the same command continues",
            "early stop": "It no longer improves on notes it was not trained on",
        }[event.reason]
        self.console.print(f"{why} (step {event.step}). The model: {event.model_path}")
        self.console.print(f"Hear it: clariolin render --model {event.model_path} --notes C4 --out heard")
