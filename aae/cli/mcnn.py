"""`clariolin mcnn train` and `clariolin mcnn finetune`: the way from log-mel to sound that is played live."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import typer

from aae.cli.console import warn
from aae.cli.training_progress import Device, MaxMinutes, TrainingReporter
from mcnn.errors import InputError

if TYPE_CHECKING:
    from aae.model.model_file import LoadedModel
    from aae.model.model_info import ModelInfo
    from aae.training.events import Progress, Validated
    from aae.training.inverter.recipe import InverterRecipe
    from aae.training.inverter.trainer import InverterJob
    from mcnn.inversion.inverter import Inverter
    from mcnn.network.config import McnnConfig, SourceFilterConfig
    from mcnn.network.inverter_file import InverterFileInfo
    from mcnn.weights_file import WeightsFormat

app = typer.Typer(help="Trains the network that makes sound of spectrograms in real time.")

Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting of the recipe.")
]
Notes = Annotated[Path, typer.Argument(help="A NoteBank that 'clariolin dataset build' made.")]


@app.command()
def train(
    notes: Notes,
    out: Annotated[Path, typer.Option(help="The inverter file to make; the same command continues.")],
    network: Annotated[
        Literal["primed", "light", "published"],
        typer.Option(help="The one that ships, or the published one in a light and its full size."),
    ] = "primed",
    settings: Settings = None,
    max_minutes: MaxMinutes = None,
    device: Device = "auto",
) -> None:
    """Trains an inverter on recordings.

    FILE is the best so far. Interrupt it at will: the same command continues from what is in FILE.training.
    Curves, pictures and sounds: tensorboard --logdir FILE.training.
    """
    from aae.training.devices import require_parts

    require_parts(device)
    from aae.training.inverter.recipe import PRETRAIN, load_recipe
    from aae.training.inverter.trainer import InverterJob
    from mcnn.network.inverter_file import INVERTER_FILE, InverterFileInfo

    recipe = load_recipe(PRETRAIN[network], settings or ())
    job = InverterJob(recipe, notes, out)
    _require_own_place(job, INVERTER_FILE, InverterFileInfo)
    _follow(job, _InverterReporter(notes), max_minutes, device)


@app.command()
def finetune(
    model: Annotated[Path, typer.Argument(help="A model file that 'clariolin train' made.")],
    notes: Notes,
    out: Annotated[Path, typer.Option(help="The model file to make; the same command continues.")],
    inverter: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Inverter file that 'clariolin mcnn train' made, or a model file that has an inverter. "
            "[default: the inverter in MODEL]",
            show_default=False,
        ),
    ] = None,
    settings: Settings = None,
    max_minutes: MaxMinutes = None,
    device: Device = "auto",
) -> None:
    """Trains an inverter and a model's decoder together, each on what the other makes.

    FILE is a whole model file with the inverter in it: the best so far, and once the discriminators have
    joined in, the latest. Interrupt it at will: the same
    command continues from what is in FILE.training. Curves, pictures and sounds: tensorboard --logdir
    FILE.training.
    """
    from aae.training.devices import require_parts

    require_parts(device)
    from aae.model.model_file import MODEL_FILE, load_model
    from aae.model.model_info import ModelInfo
    from aae.training.inverter.trainer import InverterJob
    from aae.training.recipe import recorded_losses

    loaded = load_model(model)
    if recorded_losses(loaded.info.provenance) is None:
        warn(
            f"{model} does not tell the losses that it was trained with: its decoder is held to the defaults"
        )
    shape, start = _open_inverter(model, loaded, inverter)
    recipe = _finetuning_recipe(shape, settings or [])
    _require_same_kind(notes, model, loaded)
    loaded.info.spectrogram.require_equal(start.config, str(model), str(inverter or model))
    job = InverterJob(recipe, notes, out, start, loaded)
    _require_own_place(job, MODEL_FILE, ModelInfo)
    _follow(job, _FinetuningReporter(notes), max_minutes, device)


def _open_inverter(
    model: Path, loaded: "LoadedModel", path: Path | None
) -> "tuple[SourceFilterConfig | McnnConfig, Inverter]":
    """The inverter to begin with: from its own file, or from the model's or another model's."""
    from aae.model.model_file import MODEL_FILE, load_model
    from mcnn.network.inverter_file import load_inverter

    if path is not None and MODEL_FILE.is_format_of(path):
        model, loaded = path, load_model(path)
    elif path is not None:
        about, start = load_inverter(path)
        return about.shape, start
    if loaded.info.inverter is None or loaded.inverter is None:
        raise InputError(
            f"{model} has no inverter: make one with `clariolin mcnn train` and give its file as --inverter"
        )
    return loaded.info.inverter.shape, loaded.inverter


def _finetuning_recipe(shape: "SourceFilterConfig | McnnConfig", settings: list[str]) -> "InverterRecipe":
    from aae.training.inverter.recipe import FINETUNE, load_recipe

    recipe = load_recipe({**FINETUNE, "shape": shape.model_dump()}, settings)
    if recipe.shape != shape:
        raise InputError("setting shape: the inverter is trained already, its shape cannot change")
    return recipe


def _require_same_kind(notes: Path, model: Path, loaded: "LoadedModel") -> None:
    """Refuses a NoteBank with another front end or other labels than a model's."""
    from aae.notes.bank import NoteBank

    with NoteBank.open(notes) as bank:
        bank.config.require_equal(loaded.info.spectrogram, str(notes), str(model))
        known = loaded.info.vocabularies
        for name in sorted(known.keys() | bank.attributes.keys()):
            if known.get(name) != bank.attributes.get(name):
                raise InputError(
                    f"{notes} and {model} differ in the labels of '{name}': "
                    "give the NoteBank that the model was trained on"
                )


def _require_own_place(
    job: "InverterJob", format: "WeightsFormat", kind: "type[ModelInfo] | type[InverterFileInfo]"
) -> None:
    """Refuses to replace what this very training did not make."""
    if not job.out.exists():
        return
    if not job.folder.exists():
        raise InputError(
            f"{job.out} is there already, and no training of it ({job.folder.name}) to continue: "
            "give another --out"
        )
    format.read_info(job.out, kind)


def _follow(job: "InverterJob", reporter: TrainingReporter, max_minutes: float | None, device: str) -> None:
    from aae.training.inverter.tensorboard import InverterLog
    from aae.training.inverter.trainer import InverterTrainer
    from aae.training.tensorboard import open_log

    trainer = InverterTrainer(job, device)
    reporter.follow(trainer.fit(max_minutes), open_log(InverterLog, job.bank_path, job.folder))


class _InverterReporter(TrainingReporter):
    """Progress of an inverter's training."""

    heading: ClassVar[str] = "   step   distance to the recordings"
    product: ClassVar[str] = "The inverter"

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self.notes = notes

    def pace(self, event: "Progress") -> str:
        return f"{event.notes_per_s:.0f} excerpts/s"

    def row(self, event: "Validated") -> str:
        return f"{event.step:7d} {event.metrics['validation/distance']:10.4f}"

    def advice(self, path: Path) -> str:
        return (
            "Give it to a model: "
            f"clariolin mcnn finetune MODEL {self.notes} --inverter {path} --out MODEL-live.safetensors"
        )


class _FinetuningReporter(_InverterReporter):
    """Progress of the training of inverter and decoder together."""

    product: ClassVar[str] = "The model with its inverter"
    kept: ClassVar[str] = "kept"

    def advice(self, path: Path) -> str:
        return (
            f"Hear it: clariolin render --model {path} --inverter mcnn --notes C4 --out heard; "
            f"measure it: clariolin bench {path}"
        )
