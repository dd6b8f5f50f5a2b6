"""Training of inverters: on recordings first, then together with the decoder on what it makes of them.

The loop is the auto-encoder's (`aae.training.trainer`) in small: `fit` yields events and prints nothing, a
run folder holds the state, and running the same command again continues.
"""

import math
import time
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
from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.inverter.adversary import Adversary, balanced
from aae.training.inverter.excerpts import LEAD_FRAMES, Excerpts, ExcerptSource
from aae.training.inverter.recipe import InverterRecipe
from aae.training.previews import make_inverter_previews
from aae.training.run_folder import RunFolder
from aae.training.schedule import RunningMeans, scheduled_rate, update_average
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

FROZEN_PREFIXES = ("mapping.", "trait_head.")
"""Parts of a decoder that fine-tuning leaves alone: what the latent means, how long and loud a note is."""
CHECKPOINT_EVERY_S = 60.0
REPORT_EVERY_STEPS = 10


@dataclass(frozen=True)
class InverterJob:
    """What an inverter is trained on, and where it goes."""

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
        """What is trained already."""
        start: list[nn.Module] = [] if self.start is None else [self.start]
        return start if self.loaded is None else [*start, self.loaded.model]

    @property
    def folder(self) -> Path:
        """Where the training keeps its state."""
        return self.out.with_name(self.out.name + ".training")


class InverterTrainer:
    """Trains an inverter.

    Args:
        job: What on, what from and where to.
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
        deadline = time.monotonic() + 60 * max_minutes if max_minutes is not None else float("inf")
        self.fabric.launch()
        with NoteBank.open(self.job.bank_path) as bank:
            yield from _Run(self.job, self.fabric, bank).run(deadline)


class FinetunedModules(nn.Module):
    """What is trained together: an inverter and, in fine-tuning, the auto-encoder before it.

    Args:
        inverter: Log-mel to waveform.
        model: Its decoder is trained, its encoder stays, so that the latent space does not move.
    """

    def __init__(self, inverter: Inverter, model: AutoEncoder | None) -> None:
        super().__init__()
        self.inverter = inverter
        self.model = model


class _Run:
    """Everything that changes while training, and the loop over it."""

    def __init__(self, job: InverterJob, fabric: Fabric, bank: NoteBank) -> None:
        self.job, self.recipe, self.fabric, self.bank = job, job.recipe, fabric, bank
        self.folder = RunFolder(job.folder)
        self.folder.require_notes(int((bank.split == Split.TRAIN).sum()))
        self.folder.claim(self.recipe, bank, fabric.is_global_zero, job.origin)
        torch.manual_seed(self.recipe.seed)
        inverter = deepcopy(job.start) if job.start else build_inverter(self.recipe.shape, bank.config)
        model = deepcopy(job.loaded.model) if job.loaded else None
        self.pair = FinetunedModules(inverter, model).to(fabric.device).train()
        inverter.requires_grad_(True)
        if model is not None:
            for name, parameter in model.decoder.named_parameters():
                parameter.requires_grad_(
                    self.recipe.decoder_learning_rate > 0 and not name.startswith(FROZEN_PREFIXES)
                )
        self.average = deepcopy(self.pair).eval().requires_grad_(False)
        whole = model is not None and model.decoder.whole_length
        self.train, self.validation = (
            ExcerptSource(bank, TrainingNotes(bank, split, whole), self.recipe, fabric.device)
            for split in (Split.TRAIN, Split.VALIDATION)
        )
        weights = {SpectralConvergenceLoss: 1.0, LogMagnitudeLoss: self.recipe.log_magnitude}
        self.distance = (
            CombinedStftLoss()
            if isinstance(inverter, PublishedMcnn)
            else MultiResolutionStftLoss(weights=weights)
        ).to(fabric.device)
        self.band_levels = BandLevelLoss(Spectrogram(bank.config)).to(fabric.device)
        rates = [(list(inverter.parameters()), self.recipe.learning_rate)]
        if model is not None and self.recipe.decoder_learning_rate:
            tuned = [parameter for parameter in model.decoder.parameters() if parameter.requires_grad]
            rates.append((tuned, self.recipe.decoder_learning_rate))
        self.rates = [rate for _, rate in rates]
        self.optimizer = torch.optim.AdamW(
            [{"params": parameters, "lr": rate} for parameters, rate in rates],
            betas=(0.8, 0.99),
            weight_decay=1e-4,
        )
        self.adversary = (
            Adversary(self.recipe.learning_rate, self.recipe.feature_matching).to(fabric.device)
            if self.recipe.adversarial
            else None
        )
        self.step, self.best_loss = 0, float("inf")
        self.meter = RunningMeans()

    def run(self, deadline: float) -> Iterator[Event]:
        """The loop: steps, reports, checkpoints, validation."""
        self._restore()
        n_steps, meter = self.recipe.steps, self.meter
        n_parameters = sum(p.numel() for p in self.pair.inverter.parameters())
        n_train, n_validation = len(self.train.notes), len(self.validation.notes)
        yield Started(n_train, n_validation, n_parameters, self.step, n_steps)
        saved_at = time.monotonic()
        meter.restart()
        reason = "complete"
        while self.step < n_steps and reason == "complete":
            meter.add(self._update(), self.recipe.batch_size)
            self.step += 1
            stage = (self.step - 1) // self.recipe.validate_every
            if self.step % REPORT_EVERY_STEPS == 0:
                metrics, speed = meter.take()
                left = min((n_steps - self.step) * meter.seconds_per_step, deadline - time.monotonic())
                self.folder.log(self.step, stage, metrics, self.fabric.is_global_zero)
                yield Progress(self.step, stage, n_steps, metrics, speed, max(left, 0.0))
            if time.monotonic() > deadline:
                reason = "time"
            if self.step % self.recipe.validate_every == 0 or self.step == n_steps or reason == "time":
                yield self._validate(stage)
                self._save()
                saved_at = time.monotonic()
            elif time.monotonic() - saved_at > CHECKPOINT_EVERY_S:
                self._save()
                saved_at = time.monotonic()
        if not self.job.out.exists():  # somebody took it away
            yield self._validate(max(self.step - 1, 0) // self.recipe.validate_every)
        yield Finished(reason, self.step, self.job.out)

    @property
    def _is_judged(self) -> bool:
        """Whether discriminators have joined in."""
        return self.adversary is not None and self.step >= self.recipe.adversarial_from * self.recipe.steps

    def _update(self) -> dict[str, Tensor]:
        """One update of the weights."""
        share = scheduled_rate(
            1.0, self.recipe.warmup_steps, self.recipe.cooldown, self.step, self.recipe.steps
        )
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        excerpts = self.train.draw(self.step, self.pair.model)
        made = self._invert(self.pair.inverter, excerpts)
        values = {"distance": self._distance(made, excerpts.target)}
        (direction,) = torch.autograd.grad(values["distance"], made, retain_graph=True)
        if self.adversary is not None and self._is_judged:
            deceiving, judged = self.adversary.judge(made, excerpts.target)
            direction = balanced(direction, deceiving, self.recipe.adversarial)
            values |= judged
        self.optimizer.zero_grad()
        if excerpts.decoder_error is not None and self.recipe.decoder_learning_rate:
            values["decoder"] = excerpts.decoder_error
            kept = self.recipe.decoder * values["decoder"]
            kept.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        made.backward(direction)  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.pair.parameters(), 1.0)
        self.optimizer.step()
        update_average(self.average, self.pair, self.recipe.ema_decay, self.step)
        return {name: value.detach() for name, value in values.items()}

    def _distance(self, made: Tensor, target: Tensor) -> Tensor:
        """What is made smaller, frame by frame and over stretches of time, a scalar."""
        distance: Tensor = self.distance(made, target)
        if self.recipe.band_levels:
            distance = distance + self.recipe.band_levels * self.band_levels(made, target)
        return distance

    def _invert(self, inverter: Inverter, excerpts: Excerpts) -> Tensor:
        """What an inverter makes of excerpts, without what leads in and out."""
        lead = LEAD_FRAMES * self.bank.config.hop_length
        made: Tensor = inverter(excerpts.log_mel, excerpts.conditioning)[:, lead:-lead]
        return made

    @torch.no_grad()
    def _validate(self, stage: int) -> Validated:
        distance = self._validation_distance()
        metrics = {"validation/distance": distance}
        # The latest is kept where there are no notes to validate on, and once discriminators have a say: what
        # they ask for is not in the distance, which even grows by it.
        best = math.isnan(distance) or self._is_judged or distance < self.best_loss
        if best:
            self.best_loss = distance
            self._export({} if math.isnan(distance) else metrics)
        self.folder.log(self.step, stage, metrics, self.fabric.is_global_zero)
        previews = make_inverter_previews(
            self.average.inverter, self.average.model, self.validation.notes, self.bank, self.fabric.device
        )
        return Validated(self.step, stage, metrics, best, previews)

    def _validation_distance(self) -> float:
        """Mean over notes that are not trained on; NaN if there are none."""
        distances = []
        for excerpts in self.validation.fixed(self.average.model):
            made = self._invert(self.average.inverter, excerpts)
            distances.append(float(self._distance(made, excerpts.target)))
        return sum(distances) / len(distances) if distances else math.nan

    def _export(self, metrics: dict[str, float]) -> None:
        """Writes the averaged weights: an inverter file, or a model file with the inverter in it."""
        provenance = {
            "recipe": self.recipe.model_dump(),
            "steps": self.step,
            "validation": metrics,
            "notes": self.bank.provenance,
        }
        shape, inverter = self.recipe.shape, self.average.inverter
        if self.job.loaded is None or self.average.model is None:
            info = InverterFileInfo(shape=shape, provenance=provenance, spectrogram=self.bank.config)
            save_inverter(self.job.out, info, inverter)
            return
        about = self.job.loaded.info.model_copy(
            update={"inverter": InverterInfo(shape=shape, provenance=provenance)}
        )
        save_model(self.job.out, about, self.average.model, self.job.loaded.latents, inverter)

    def _save(self) -> None:
        state: dict[str, Any] = {
            "pair": self.pair.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            **{name: part.state_dict() for name, part in self._adversary_parts().items()},
            "step": self.step,
            "best": self.best_loss,
            "meter": [self.meter.sums, self.meter.steps],
        }
        self.folder.save(self.fabric, state)

    def _restore(self) -> None:
        parts = {"pair": self.pair, "average": self.average, "optimizer": self.optimizer}
        parts |= self._adversary_parts()
        rest = self.folder.restore(self.fabric, parts)
        if rest:
            self.step, self.best_loss = int(rest["step"]), float(rest["best"])
            self.meter.sums, self.meter.steps = rest["meter"]
            self.folder.cut_log(self.step, self.fabric.is_global_zero)
        if not self.job.out.exists():
            self.best_loss = float("inf")

    def _adversary_parts(self) -> dict[str, Any]:
        if self.adversary is None:
            return {}
        return {"adversary": self.adversary, "adversary_optimizer": self.adversary.optimizer}
