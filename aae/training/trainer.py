"""Training: one plain loop on Lightning Fabric. `Trainer.fit` yields events and prints nothing.

A run folder holds `config.json`, `checkpoint.pt` (the whole state, replaced in one step), `metrics.csv` and
`model.safetensors` (the best averaged weights so far, ready to play). Running the same command again
continues: batches and noise follow from (seed, step), so the curve goes on as if nothing had happened.
"""

import itertools
import time
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
from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.latent_discriminator import LatentDiscriminator
from aae.training.latents import training_latents
from aae.training.losses import fader_weight, label_cross_entropy
from aae.training.objective import compute_terms, hide_attributes, run_model
from aae.training.previews import make_previews
from aae.training.recipe import Config
from aae.training.run_folder import RunFolder
from aae.training.schedule import RunningMeans, set_learning_rate, update_average
from aae.training.texture import TextureLoss
from aae.training.validation import validate
from aae.training.warm_start import start_from
from mcnn.spectral.spectrogram import Spectrogram

CHECKPOINT_EVERY_S = 60.0
REPORT_EVERY_STEPS = 10


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
        deadline = time.monotonic() + 60 * max_minutes if max_minutes is not None else float("inf")
        self.fabric.launch()
        with NoteBank.open(self.bank_path) as bank:
            state = _State(self, bank)
            yield from state.run(deadline)


class _State:
    """Everything that changes while training, and the loop over it."""

    def __init__(self, trainer: Trainer, bank: NoteBank) -> None:
        self.config, self.fabric, self.folder, self.bank = (
            trainer.config,
            trainer.fabric,
            trainer.folder,
            bank,
        )
        torch.manual_seed(self.config.training.seed)
        sizes = {name: len(labels) for name, labels in bank.attributes.items()}
        model = build_model(self.config.model, bank.config, sizes)
        self.start = trainer.start
        if self.start is not None:
            front_end = self.start.info.spectrogram
            bank.config.require_equal(front_end, str(trainer.bank_path), "the model to start from")
            start_from(model, self.config.model, bank.attributes, self.start)
        origin = [] if self.start is None else [self.start.model]
        self.folder.claim(self.config, bank, self.fabric.is_global_zero, origin)
        self.average = deepcopy(model).eval().requires_grad_(False).to(self.fabric.device)
        whole = model.decoder.whole_length
        attacks = self.config.model.attack_time
        self.train = TrainingNotes(bank, Split.TRAIN, whole, attacks)
        self.validation = TrainingNotes(bank, Split.VALIDATION, whole)
        self.folder.require_notes(len(self.train))
        training = self.config.training
        self.sampler = EpochSampler(self.train, training, self.fabric.global_rank, self.fabric.world_size)
        self.shares = {name: s.to(self.fabric.device) for name, s in self.train.label_shares().items()}
        self.texture = TextureLoss(Spectrogram(bank.config)).to(self.fabric.device)
        discriminator = LatentDiscriminator(self.config.model.latent_size, sizes)
        rate = training.learning_rate
        self.model, self.optimizer = self.fabric.setup(
            model,
            torch.optim.AdamW(model.parameters(), rate, betas=(0.9, 0.98), weight_decay=1e-4, fused=True),
        )
        self.discriminator, self.discriminator_optimizer = self.fabric.setup(
            discriminator, torch.optim.Adam(discriminator.parameters(), 1e-3, betas=(0.5, 0.9))
        )
        self.step, self.best_loss, self.best_epoch = 0, float("inf"), 0
        self.meter = RunningMeans()
        self.n_steps = training.epochs * self.sampler.steps_per_epoch

    def run(self, deadline: float) -> Iterator[Event]:
        """The loop: steps, reports, checkpoints, validation."""
        self._restore()
        n_parameters = sum(p.numel() for p in self.average.parameters())
        yield Started(len(self.train), len(self.validation), n_parameters, self.step, self.n_steps)
        per_epoch = self.sampler.steps_per_epoch
        saved_at, meter = time.monotonic(), self.meter
        meter.restart()
        reason = "complete"
        for epoch in range(self.step // per_epoch, self.config.training.epochs):
            done = self.step - epoch * per_epoch
            for rows in itertools.islice(self.sampler.epoch(epoch), done, None):
                batch = self.train.batch(rows).to(self.fabric.device)
                meter.add(self._step(batch), len(batch) * self.fabric.world_size)
                self.step += 1
                if self.step % REPORT_EVERY_STEPS == 0:
                    metrics, speed = meter.take()
                    left = min(
                        (self.n_steps - self.step) * meter.seconds_per_step, deadline - time.monotonic()
                    )
                    self.folder.log(self.step, epoch, metrics, self.fabric.is_global_zero)
                    yield Progress(self.step, epoch, self.n_steps, metrics, speed, max(left, 0.0))
                if self._agree(time.monotonic() - saved_at > CHECKPOINT_EVERY_S):
                    self._save()
                    saved_at = time.monotonic()
                if self._agree(time.monotonic() > deadline):
                    reason = "time"
                    break
            yield self._validate(epoch)
            self._save()
            if reason == "complete" and epoch - self.best_epoch >= self.config.training.patience_epochs:
                reason = "early stop"
            if reason != "complete":
                break
        yield Finished(reason, self.step, self.folder.model_path)

    def _step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of the auto-encoder and of the latent discriminator."""
        losses, training = self.config.losses, self.config.training
        set_learning_rate(self.optimizer, training, self.step, self.n_steps)
        generator = torch.Generator().manual_seed(
            (training.seed * 1_000_003 + self.step) * 64 + self.fabric.global_rank
        )
        noise = torch.randn(2, len(batch), self.config.model.latent_size, generator=generator).to(
            self.fabric.device
        )
        take_noise = torch.randn(len(batch), self.config.model.take_size, generator=generator)
        found, decoded, traits = run_model(
            self.model, batch, noise[0] * training.latent_noise, take_noise.to(self.fabric.device)
        )
        progress = self.step / self.n_steps
        terms = compute_terms(batch, found, decoded, traits, noise[1], losses, progress, self.texture)
        total, values = terms.total, terms.values
        if losses.fader:
            self.discriminator.requires_grad_(False)
            values["fader"] = hide_attributes(self.discriminator, found.latent, self.shares)
            total = total + fader_weight(progress, losses.fader) * values["fader"]
            self.discriminator.requires_grad_(True)
        self.optimizer.zero_grad()
        self.fabric.backward(total)
        self.fabric.clip_gradients(self.model, self.optimizer, max_norm=1.0, error_if_nonfinite=False)
        self.optimizer.step()
        update_average(self.average, self.model.module, training.ema_decay, self.step)
        if losses.fader:
            values["discriminator"] = label_cross_entropy(
                self.discriminator(found.latent.detach()), batch.labels
            )
            self.discriminator_optimizer.zero_grad()
            self.fabric.backward(values["discriminator"])
            self.discriminator_optimizer.step()
        return {name: value.detach() for name, value in values.items()}

    def _validate(self, epoch: int) -> Validated:
        metrics = validate(self.average, self.validation, self.config, self.fabric.device, self.texture)
        best = metrics["validation/objective"] < self.best_loss
        if best:
            self.best_loss, self.best_epoch = metrics["validation/objective"], epoch
            if self.fabric.is_global_zero:
                self._export(metrics)
        self.folder.log(self.step, epoch, metrics, self.fabric.is_global_zero)
        previews = make_previews(self.average, self.validation, self.fabric.device)
        return Validated(self.step, epoch, metrics, best, previews)

    def _export(self, metrics: dict[str, float]) -> None:
        """Writes the averaged weights as a model file."""
        info = ModelInfo(
            model=self.config.model,
            spectrogram=self.bank.config,
            vocabularies=self.bank.attributes,
            coverage=Coverage.of_bank(self.bank),
            provenance={
                "recipe": self.config.model_dump(),
                "steps": self.step,
                "validation": metrics,
                "notes": self.bank.provenance,
                **({} if self.start is None else {"started_from": self.start.info.provenance}),
            },
        )
        latents = training_latents(self.average, self.train, self.fabric.device)
        save_model(self.folder.model_path, info, self.average, latents)

    def _save(self) -> None:
        self.folder.save(
            self.fabric,
            {
                **self._parts(),
                "average": self.average.state_dict(),
                "step": self.step,
                "best": [self.best_loss, self.best_epoch],
                "meter": [self.meter.sums, self.meter.steps],
            },
        )

    def _restore(self) -> None:
        rest = self.folder.restore(self.fabric, self._parts())
        if rest:
            self.average.load_state_dict(rest["average"])
            self.step = int(rest["step"])
            self.best_loss, self.best_epoch = float(rest["best"][0]), int(rest["best"][1])
            self.meter.sums, self.meter.steps = rest["meter"]
            self.folder.cut_log(self.step, self.fabric.is_global_zero)

    def _parts(self) -> dict[str, Any]:
        """Everything that learns."""
        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "discriminator": self.discriminator,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def _agree(self, mine: bool) -> bool:
        """The first process's decision, on every process."""
        return mine if self.fabric.world_size == 1 else bool(self.fabric.broadcast(mine))
