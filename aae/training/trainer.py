"""Training of the auto-encoder on Lightning Fabric. `Trainer.fit` yields events and prints nothing.

A run folder holds `config.json`, `checkpoint.pt` (the whole state, replaced in one step), `metrics.csv`,
`preview.png` (validation notes as the averaged model makes them) and `model.safetensors` (the best averaged
weights so far, ready to play). Running the same command again continues.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from aae.model.autoencoder import build_model
from aae.model.coverage import Coverage
from aae.model.model_file import LoadedModel, save_model
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank, Split
from aae.training.data import Batch, EpochSampler, TrainingNotes
from aae.training.devices import choose_precision
from aae.training.events import Event
from aae.training.latent_discriminator import LatentDiscriminator
from aae.training.loop import TrainingLoop, TrainingPlan, TrainingTask, Validation, deadline_after
from aae.training.losses import confusion, fader_weight, label_cross_entropy
from aae.training.objective import Objective
from aae.training.previews import PREVIEW_IMAGE, draw_previews, make_previews
from aae.training.recipe import Config
from aae.training.run_folder import RunFolder
from aae.training.schedule import scheduled_share, set_learning_rates, update_average
from aae.training.texture import TextureLoss
from aae.training.validation import training_latents, validate
from aae.training.warm_start import start_from
from mcnn.spectral.spectrogram import Spectrogram


class Trainer:
    """Trains an auto-encoder on a NoteBank.

    Args:
        config: The recipe.
        bank_path: The NoteBank.
        folder: The run folder; an earlier run of the same recipe in it is continued.
        device: `auto`, `cpu`, `cuda` or `mps`.
        processes: How many devices, or CPU processes, share every step.
        start: A trained model to begin with.
    """

    def __init__(
        self,
        config: Config,
        bank_path: Path,
        folder: Path,
        device: str = "auto",
        processes: int = 1,
        start: LoadedModel | None = None,
    ) -> None:
        self.config, self.bank_path, self.folder, self.start = config, bank_path, RunFolder(folder), start
        strategy = "ddp" if processes > 1 else "auto"
        precision = choose_precision(config.training.precision, device)
        self.fabric = Fabric(accelerator=device, devices=processes, strategy=strategy, precision=precision)

    def fit(self, max_minutes: float | None = None) -> Iterator[Event]:
        """Trains until the recipe is complete, the time is up, or validation no longer improves.

        Args:
            max_minutes: Time limit for this call; the run can be continued later.

        Raises:
            InputError: If the bank or the run folder cannot be used.
        """
        deadline = deadline_after(max_minutes)
        self.fabric.launch()
        with NoteBank.open(self.bank_path) as bank:
            yield from TrainingLoop(_AutoEncoderTask(self, bank)).run(deadline)


class _AutoEncoderTask(TrainingTask):
    """The auto-encoder, the latent discriminator, and what they learn from."""

    def __init__(self, trainer: Trainer, bank: NoteBank) -> None:
        config, fabric, folder = trainer.config, trainer.fabric, trainer.folder
        self.config, self.bank, self.start = config, bank, trainer.start
        torch.manual_seed(config.training.seed)
        sizes = {name: len(labels) for name, labels in bank.attributes.items()}
        model = build_model(config.model, bank.config, sizes)
        if self.start is not None:
            front_end = self.start.info.spectrogram
            bank.config.require_equal(front_end, str(trainer.bank_path), "the model to start from")
            start_from(model, config.model, bank.attributes, self.start)
        origin = [] if self.start is None else [self.start.model]
        folder.claim(config, bank, fabric.is_global_zero, origin)
        self.average = deepcopy(model).eval().requires_grad_(False).to(fabric.device)
        whole = model.decoder.whole_length
        self.train = TrainingNotes(bank, Split.TRAIN, whole, config.model.attack_time)
        self.validation = TrainingNotes(bank, Split.VALIDATION, whole)
        folder.require_notes(len(self.train))
        self.sampler = EpochSampler(self.train, config.training, fabric.global_rank, fabric.world_size)
        self.shares = {name: share.to(fabric.device) for name, share in self.train.label_shares().items()}
        self.texture = TextureLoss(Spectrogram(bank.config)).to(fabric.device)
        self.objective = Objective(config.losses, self.texture)
        discriminator = LatentDiscriminator(config.model.latent_size, sizes)
        rate = config.training.learning_rate
        self.model, self.optimizer = fabric.setup(
            model,
            torch.optim.AdamW(model.parameters(), rate, betas=(0.9, 0.98), weight_decay=1e-4, fused=True),
        )
        self.discriminator, self.discriminator_optimizer = fabric.setup(
            discriminator, torch.optim.Adam(discriminator.parameters(), 1e-3, betas=(0.5, 0.9))
        )
        plan = TrainingPlan(
            n_train=len(self.train),
            n_validation=len(self.validation),
            n_parameters=sum(parameter.numel() for parameter in self.average.parameters()),
            n_steps=config.training.epochs * self.sampler.steps_per_epoch,
            examples_per_step=self.sampler.batch_size * fabric.world_size,
            validate_every=self.sampler.steps_per_epoch,
            patience=config.training.patience_epochs,
        )
        super().__init__(fabric, folder, folder.model_path, plan)

    def update(self, step: int) -> dict[str, Tensor]:
        """Updates the auto-encoder and the latent discriminator."""
        losses, training = self.config.losses, self.config.training
        share = scheduled_share(training.warmup_steps, training.cooldown, step, self.plan.n_steps)
        set_learning_rates(self.optimizer, [training.learning_rate], share)
        batch = self.train.batch(self.sampler.at(step)).to(self.fabric.device)
        latent_noise, prior, take_noise = self._noise(step, len(batch))
        encoding, decoded, traits = self.model(
            batch.log_mel, batch.condition, batch.performance, latent_noise, take_noise
        )
        progress = step / self.plan.n_steps
        terms = self.objective(batch, encoding, decoded, traits, prior, progress)
        total, values = terms.total, terms.values
        if losses.fader:
            self.discriminator.requires_grad_(False)
            values["fader"] = confusion(self.discriminator(encoding.latent), self.shares)
            total = total + fader_weight(progress, losses.fader) * values["fader"]
            self.discriminator.requires_grad_(True)
        self.optimizer.zero_grad()
        self.fabric.backward(total)
        self.fabric.clip_gradients(self.model, self.optimizer, max_norm=1.0, error_if_nonfinite=False)
        self.optimizer.step()
        update_average(self.average, self.model.module, training.ema_decay, step)
        if losses.fader:
            values["discriminator"] = self._update_discriminator(encoding.latent.detach(), batch)
        return {name: value.detach() for name, value in values.items()}

    def _noise(self, step: int, n_notes: int) -> tuple[Tensor, Tensor, Tensor]:
        """Noise of the latents, draws from their prior, and noise of the takes; they follow from the step."""
        training, model = self.config.training, self.config.model
        seed = (training.seed * 1_000_003 + step) * 64 + self.fabric.global_rank
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(2, n_notes, model.latent_size, generator=generator).to(self.fabric.device)
        take_noise = torch.randn(n_notes, model.take_size, generator=generator).to(self.fabric.device)
        return noise[0] * training.latent_noise, noise[1], take_noise

    def _update_discriminator(self, latent: Tensor, batch: Batch) -> Tensor:
        """Updates the discriminator once; returns its loss."""
        loss = label_cross_entropy(self.discriminator(latent), batch.labels)
        self.discriminator_optimizer.zero_grad()
        self.fabric.backward(loss)
        self.discriminator_optimizer.step()
        return loss

    def validate(self, step: int) -> Validation:
        """Measures the averaged model on the validation notes, and draws a few of them."""
        device = self.fabric.device
        metrics = validate(self.average, self.validation, self.config, device, self.texture)
        previews = make_previews(self.average, self.validation, device)
        if self.fabric.is_global_zero:
            draw_previews(previews, self.folder.path / PREVIEW_IMAGE)
        return Validation(metrics["validation/objective"], metrics, previews)

    def export(self, step: int, metrics: dict[str, float]) -> None:
        """Writes the averaged weights as a model file."""
        info = ModelInfo(
            model=self.config.model,
            spectrogram=self.bank.config,
            vocabularies=self.bank.attributes,
            coverage=Coverage.of_bank(self.bank),
            provenance={
                "recipe": self.config.model_dump(),
                "steps": step,
                "validation": metrics,
                "notes": self.bank.provenance,
                **({} if self.start is None else {"started_from": self.start.info.provenance}),
            },
        )
        latents = training_latents(self.average, self.train, self.fabric.device)
        save_model(self.model_path, info, self.average, latents)

    def parts(self) -> dict[str, Any]:
        """Everything that a step changes."""
        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "discriminator": self.discriminator,
            "discriminator_optimizer": self.discriminator_optimizer,
            "average": self.average,
        }
