"""Training of inverters: on recordings first, then together with the decoder on its log-mels.

`InverterTrainer.fit` yields events and prints nothing; a folder beside the file that is made holds the state,
and running the same command again continues.
"""

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from aae.model.autoencoder import AutoEncoder
from aae.model.model_file import LoadedModel, save_model
from aae.notes.bank import NoteBank, Split
from aae.training.data import TrainingNotes
from aae.training.events import Event
from aae.training.inverter.adversary import Adversary, balanced
from aae.training.inverter.excerpts import LEAD_FRAMES, Excerpts, ExcerptSource
from aae.training.inverter.recipe import InverterRecipe
from aae.training.loop import TrainingLoop, TrainingPlan, TrainingTask, Validation, deadline_after
from aae.training.previews import make_inverter_previews
from aae.training.recipe import LossConfig, recorded_losses
from aae.training.run_folder import RunFolder
from aae.training.schedule import scheduled_share, set_learning_rates, update_average
from mcnn.inversion.inverter import Inverter
from mcnn.losses.stft import (
    BandLevelLoss,
    CombinedStftLoss,
    LogMagnitudeLoss,
    MultiResolutionStftLoss,
    SpectralConvergenceLoss,
)
from mcnn.network.inverter_file import InverterFileInfo, InverterInfo, build_inverter, save_inverter
from mcnn.network.published import PublishedMcnn
from mcnn.spectral.spectrogram import Spectrogram


@dataclass(frozen=True)
class InverterJob:
    """The training of one inverter: recipe, notes, what it begins with, and the file to make."""

    recipe: InverterRecipe
    bank_path: Path
    out: Path
    """An inverter file; a model file where there is a model."""
    start: Inverter | None = None
    """Trained weights to begin with."""
    loaded: LoadedModel | None = None
    """A model whose decoder's log-mels are inverted."""

    @property
    def origin(self) -> list[nn.Module]:
        """The trained networks that it begins with."""
        start: list[nn.Module] = [] if self.start is None else [self.start]
        return start if self.loaded is None else [*start, self.loaded.model]

    @property
    def folder(self) -> Path:
        """The folder of the training's state."""
        return self.out.with_name(self.out.name + ".training")

    @property
    def decoder_losses(self) -> LossConfig:
        """The weights of the model's own objective; the defaults where its file does not tell them."""
        recorded = None if self.loaded is None else recorded_losses(self.loaded.info.provenance)
        return recorded or LossConfig()


class InverterTrainer:
    """Trains an inverter.

    Args:
        job: Recipe, notes, beginning and file.
        device: `auto`, `cpu`, `cuda` or `mps`.
    """

    def __init__(self, job: InverterJob, device: str = "auto") -> None:
        self.job = job
        self.fabric = Fabric(accelerator=device, devices=1)

    def fit(self, max_minutes: float | None = None) -> Iterator[Event]:
        """Trains until the recipe is complete or the time is up.

        Args:
            max_minutes: Time limit for this call; the run can be continued later.

        Raises:
            InputError: If the bank or the run folder cannot be used.
        """
        deadline = deadline_after(max_minutes)
        self.fabric.launch()
        with NoteBank.open(self.job.bank_path) as bank:
            yield from TrainingLoop(_InverterTask(self.job, self.fabric, bank)).run(deadline)


class FinetunedModules(nn.Module):
    """An inverter and, in fine-tuning, the auto-encoder that is trained with it.

    Args:
        inverter: Log-mel to waveform.
        model: Its decoder is trained, its encoder stays, so that the latent space does not move.
    """

    def __init__(self, inverter: Inverter, model: AutoEncoder | None) -> None:
        super().__init__()
        self.inverter = inverter
        self.model = model


class _InverterTask(TrainingTask):
    """An inverter, the decoder and the discriminators that are trained with it, and their data."""

    def __init__(self, job: InverterJob, fabric: Fabric, bank: NoteBank) -> None:
        self.job, self.recipe, self.bank = job, job.recipe, bank
        folder = RunFolder(job.folder)
        folder.require_notes(int((bank.split == Split.TRAIN).sum()))
        folder.claim(self.recipe, bank, fabric.is_global_zero, job.origin)
        torch.manual_seed(self.recipe.seed)
        inverter = deepcopy(job.start) if job.start else build_inverter(self.recipe.shape, bank.config)
        model = deepcopy(job.loaded.model) if job.loaded else None
        self.pair = FinetunedModules(inverter, model).to(fabric.device).train()
        inverter.requires_grad_(True)
        if model is not None:
            _choose_trained_parts(model, self.recipe)
        self.average = deepcopy(self.pair).eval().requires_grad_(False)
        whole = model is not None and model.decoder.whole_length
        self.train, self.validation = (
            ExcerptSource(
                bank, TrainingNotes(bank, split, whole), self.recipe, job.decoder_losses, fabric.device
            )
            for split in (Split.TRAIN, Split.VALIDATION)
        )
        self.distance = _distance_of(inverter, self.recipe).to(fabric.device)
        self.band_levels = BandLevelLoss(Spectrogram(bank.config)).to(fabric.device)
        groups = [(list(inverter.parameters()), self.recipe.learning_rate)]
        if model is not None and self.recipe.decoder_learning_rate:
            tuned = [parameter for parameter in model.decoder.parameters() if parameter.requires_grad]
            groups.append((tuned, self.recipe.decoder_learning_rate))
        self.rates = [rate for _, rate in groups]
        self.optimizer = torch.optim.AdamW(
            [{"params": parameters, "lr": rate} for parameters, rate in groups],
            betas=(0.8, 0.99),
            weight_decay=1e-4,
        )
        self.adversary = (
            Adversary(self.recipe.learning_rate, self.recipe.feature_matching).to(fabric.device)
            if self.recipe.adversarial
            else None
        )
        plan = TrainingPlan(
            n_train=len(self.train.notes),
            n_validation=len(self.validation.notes),
            n_parameters=sum(parameter.numel() for parameter in inverter.parameters()),
            n_steps=self.recipe.steps,
            examples_per_step=self.recipe.batch_size,
            validate_every=self.recipe.validate_every,
        )
        super().__init__(fabric, folder, job.out, plan)

    def _is_adversarial(self, step: int) -> bool:
        """Whether discriminators have joined in."""
        return self.adversary is not None and step >= self.recipe.adversarial_from * self.recipe.steps

    def update(self, step: int) -> dict[str, Tensor]:
        """Updates the inverter, and the decoder and the discriminators where they are trained."""
        recipe = self.recipe
        share = scheduled_share(recipe.warmup_steps, recipe.cooldown, step, recipe.steps)
        set_learning_rates(self.optimizer, self.rates, share)
        excerpts = self.train.draw(step, self.pair.model)
        output = self._invert(self.pair.inverter, excerpts)
        values = {"distance": self._distance(output, excerpts.target)}
        (direction,) = torch.autograd.grad(values["distance"], output, retain_graph=True)
        if self.adversary is not None and self._is_adversarial(step):
            adversarial, adversarial_values = self.adversary.judge(output, excerpts.target)
            direction = balanced(direction, adversarial, recipe.adversarial)
            values |= adversarial_values
        self.optimizer.zero_grad()
        if excerpts.decoder_error is not None and recipe.decoder_learning_rate:
            values["decoder"] = excerpts.decoder_error
            weighted = recipe.decoder * values["decoder"]
            weighted.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        output.backward(direction)  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.pair.parameters(), 1.0)
        self.optimizer.step()
        update_average(self.average, self.pair, recipe.ema_decay, step)
        return {name: value.detach() for name, value in values.items()}

    def _distance(self, output: Tensor, target: Tensor) -> Tensor:
        """The distance that is made smaller, frame by frame and over stretches of time, a scalar."""
        distance: Tensor = self.distance(output, target)
        if self.recipe.band_levels:
            distance = distance + self.recipe.band_levels * self.band_levels(output, target)
        return distance

    def _invert(self, inverter: Inverter, excerpts: Excerpts) -> Tensor:
        """Waveforms `(batch, samples)` of excerpts, without the frames that are not judged."""
        lead = LEAD_FRAMES * self.bank.config.hop_length
        output: Tensor = inverter(excerpts.log_mel, excerpts.conditioning)[:, lead:-lead]
        return output

    @torch.no_grad()
    def validate(self, step: int) -> Validation:
        """Measures the averaged inverter on excerpts of the validation notes, and inverts a few whole ones.

        Once discriminators have joined in, the latest is kept: the distance does not hold what they ask for,
        and even grows by it.
        """
        distance = self._validation_distance()
        previews = make_inverter_previews(
            self.average.inverter, self.average.model, self.validation.notes, self.bank, self.fabric.device
        )
        metrics = {"validation/distance": distance}
        return Validation(distance, metrics, previews, is_kept=self._is_adversarial(step))

    def _validation_distance(self) -> float:
        """Mean over notes that are not trained on; NaN if there are none."""
        distances = []
        for excerpts in self.validation.fixed(self.average.model):
            output = self._invert(self.average.inverter, excerpts)
            distances.append(float(self._distance(output, excerpts.target)))
        return sum(distances) / len(distances) if distances else math.nan

    def export(self, step: int, metrics: dict[str, float]) -> None:
        """Writes the averaged weights: an inverter file, or a model file with the inverter in it."""
        provenance = {
            "recipe": self.recipe.model_dump(),
            "steps": step,
            "validation": metrics,
            "notes": self.bank.provenance,
        }
        shape, inverter = self.recipe.shape, self.average.inverter
        if self.job.loaded is None or self.average.model is None:
            file_info = InverterFileInfo(shape=shape, provenance=provenance, spectrogram=self.bank.config)
            save_inverter(self.model_path, file_info, inverter)
            return
        info = self.job.loaded.info.model_copy(
            update={"inverter": InverterInfo(shape=shape, provenance=provenance)}
        )
        save_model(self.model_path, info, self.average.model, self.job.loaded.latents, inverter)

    def parts(self) -> dict[str, Any]:
        """Everything that a step changes."""
        parts: dict[str, Any] = {"pair": self.pair, "average": self.average, "optimizer": self.optimizer}
        if self.adversary is not None:
            parts |= {"adversary": self.adversary, "adversary_optimizer": self.adversary.optimizer}
        return parts


def _choose_trained_parts(model: AutoEncoder, recipe: InverterRecipe) -> None:
    """Fine-tuning leaves alone what the latent means, and how long and loud a note is."""
    decoder = model.decoder
    decoder.requires_grad_(recipe.decoder_learning_rate > 0)
    decoder.mapping.requires_grad_(False)
    decoder.trait_head.requires_grad_(False)


def _distance_of(inverter: Inverter, recipe: InverterRecipe) -> nn.Module:
    """The distance of waveforms that an inverter is trained by."""
    if isinstance(inverter, PublishedMcnn):
        return CombinedStftLoss()
    weights = {SpectralConvergenceLoss: 1.0, LogMagnitudeLoss: recipe.log_magnitude}
    return MultiResolutionStftLoss(weights=weights)
