"""`clariolin train`: a NoteBank becomes a model file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from aae.cli.training_progress import Device, MaxMinutes, TrainingReporter, follow_as_json

if TYPE_CHECKING:
    from aae.training.events import Progress, Validated


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
    start: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="Begin with a trained model's weights; labels go by their names."),
    ] = None,
    max_minutes: MaxMinutes = None,
    device: Device = "auto",
    processes: Annotated[
        int, typer.Option(min=1, help="Cards, or processes on the CPU, that share every step.")
    ] = 1,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line: an event of the training each.")
    ] = False,
) -> None:
    """Trains a model on a NoteBank.

    The best model so far is always at RUN/model.safetensors, ready to render with. Interrupt it at will: the
    same command continues. Curves, pictures and sounds: tensorboard --logdir RUN; the same figures as plain
    text: RUN/metrics.csv; recordings, reconstructions and new notes after each validation: RUN/preview.png.
    """
    from aae.training.devices import require_parts

    require_parts(device)
    from aae.model.model_file import load_model
    from aae.training.recipe import load_config
    from aae.training.tensorboard import TrainingLog, open_log
    from aae.training.trainer import Trainer

    config = load_config(preset, settings or ())
    loaded = None if start is None else load_model(start)
    events = Trainer(config, notes, out, device, processes, loaded).fit(max_minutes)
    if os.environ.get("LOCAL_RANK", "0") != "0":
        for _event in events:
            pass
        return
    follow = follow_as_json if json else _ModelReporter().follow
    follow(events, open_log(TrainingLog, notes, out))


class _ModelReporter(TrainingReporter):
    """Progress of a model's training."""

    heading: ClassVar[str] = "epoch    step   error (dB)   tuning error (cents)"
    product: ClassVar[str] = "The model"

    def pace(self, event: "Progress") -> str:
        return f"epoch {event.epoch + 1}, {event.notes_per_s:.0f} notes/s"

    def row(self, event: "Validated") -> str:
        metrics = event.metrics
        return (
            f"{event.epoch + 1:5d} {event.step:7d} {metrics['validation/mean_error_db']:12.2f} "
            f"{metrics['validation/deviation_cents']:22.1f}"
        )

    def advice(self, path: Path) -> str:
        return f"Hear it: clariolin render --model {path} --notes C4 --out heard"
