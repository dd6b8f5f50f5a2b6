"""The one training loop: steps, reports, checkpoints, validations, and the events that tell of them.

What is trained, and on what, is a `TrainingTask`. Every draw of a task follows from its seed and the step
alone, and a checkpoint holds everything else, so that a run which was killed and started again goes on as if
nothing had happened.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
from torch import Tensor

from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.previews import InverterPreview, Preview
from aae.training.run_folder import RunFolder
from aae.training.schedule import RunningMeans
from mcnn.errors import InputError

CHECKPOINT_EVERY_S = 60.0
REPORT_EVERY_STEPS = 10


@dataclass(frozen=True)
class TrainingPlan:
    """The size of a training, and when it is validated."""

    n_train: int
    """Notes to train on."""
    n_validation: int
    n_parameters: int
    n_steps: int
    examples_per_step: int
    """By all processes together."""
    validate_every: int
    """Steps between validations; the steps up to one are a stage, the epoch of the events."""
    patience: int | None = None
    """Stages without a better objective before the training stops; None never stops it."""


@dataclass(frozen=True)
class Validation:
    """Measurements of a task on notes that it is not trained on."""

    objective: float
    """The figure that is to be small; NaN if there are no such notes."""
    metrics: dict[str, float]
    previews: Sequence[Preview | InverterPreview]
    is_kept: bool = False
    """Whether the weights are kept whatever the objective."""


class TrainingTask(ABC):
    """Networks, their optimizers and their data, as the loop trains them.

    Args:
        fabric: The devices.
        folder: Where the run keeps its state.
        model_path: The file that holds the best weights.
        plan: Size and validations.
    """

    def __init__(self, fabric: Fabric, folder: RunFolder, model_path: Path, plan: TrainingPlan) -> None:
        self.fabric, self.folder, self.model_path, self.plan = fabric, folder, model_path, plan

    @abstractmethod
    def update(self, step: int) -> dict[str, Tensor]:
        """Updates the weights once; returns the terms of the loss by name, detached.

        Args:
            step: Counted from 0.
        """

    @abstractmethod
    def validate(self, step: int) -> Validation:
        """Measures the averaged weights.

        Args:
            step: Steps done.
        """

    @abstractmethod
    def export(self, step: int, metrics: dict[str, float]) -> None:
        """Writes the averaged weights to `model_path`; called on the first process only.

        Args:
            step: Steps done.
            metrics: Their validation, without what could not be measured.
        """

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """Everything that a step changes, by its name in the checkpoint: modules and optimizers."""


class TrainingLoop:
    """Runs a task until it is complete, the time is up, or validation no longer improves.

    Args:
        task: What is trained.
    """

    def __init__(self, task: TrainingTask) -> None:
        self.task, self.plan, self.fabric, self.folder = task, task.plan, task.fabric, task.folder
        self.step, self.best_objective, self.best_stage = 0, math.inf, 0
        self.meter = RunningMeans()

    def run(self, deadline: float) -> Iterator[Event]:
        """Trains, continuing from the checkpoint if there is one.

        Args:
            deadline: On the clock of `time.monotonic`.
        """
        self._restore()
        plan = self.plan
        yield Started(plan.n_train, plan.n_validation, plan.n_parameters, self.step, plan.n_steps)
        saved_at, reason = time.monotonic(), "complete"
        self.meter.restart()
        while self.step < plan.n_steps and reason == "complete":
            self.meter.add(self.task.update(self.step), plan.examples_per_step)
            self.step += 1
            if self.step % REPORT_EVERY_STEPS == 0:
                yield self._report(deadline)
            if self._agree(time.monotonic() > deadline):
                reason = "time"
            if reason == "time" or self.step % plan.validate_every == 0 or self.step == plan.n_steps:
                yield self._validate()
                self._save()
                saved_at = time.monotonic()
                if reason == "complete" and self._is_stuck():
                    reason = "early stop"
            elif self._agree(time.monotonic() - saved_at > CHECKPOINT_EVERY_S):
                self._save()
                saved_at = time.monotonic()
        if self._is_model_missing():
            yield self._validate()
        yield Finished(reason, self.step, self.task.model_path)

    @property
    def stage(self) -> int:
        """The stage that the last step belongs to, counted from 0."""
        return max(self.step - 1, 0) // self.plan.validate_every

    def _is_stuck(self) -> bool:
        """Whether validation has not improved for too long."""
        patience = self.plan.patience
        return patience is not None and self.stage - self.best_stage >= patience

    def _report(self, deadline: float) -> Progress:
        metrics, speed = self.meter.take()
        left = (self.plan.n_steps - self.step) * self.meter.seconds_per_step
        left = max(0.0, min(left, deadline - time.monotonic()))
        self.folder.log(self.step, self.stage, metrics, self.fabric.is_global_zero)
        return Progress(self.step, self.stage, self.plan.n_steps, metrics, speed, left)

    def _validate(self) -> Validated:
        found = self.task.validate(self.step)
        is_best = found.is_kept or math.isnan(found.objective) or found.objective < self.best_objective
        if is_best:
            self.best_objective, self.best_stage = found.objective, self.stage
            if self.fabric.is_global_zero:
                measured = {name: value for name, value in found.metrics.items() if not math.isnan(value)}
                self.task.export(self.step, measured)
        self.folder.log(self.step, self.stage, found.metrics, self.fabric.is_global_zero)
        return Validated(self.step, self.stage, found.metrics, is_best, found.previews)

    def _save(self) -> None:
        state = {
            **self.task.parts(),
            "step": self.step,
            "best": [self.best_objective, self.best_stage],
            "meter": [self.meter.sums, self.meter.steps],
        }
        self.folder.save(self.fabric, state)

    def _restore(self) -> None:
        try:
            rest = self.folder.restore(self.fabric, self.task.parts())
            if rest:
                self.step = rest["step"]
                self.meter.sums, self.meter.steps = rest["meter"]
                self.best_objective, self.best_stage = rest["best"]
                self.folder.cut_log(self.step, self.fabric.is_global_zero)
        except (KeyError, TypeError):
            path = self.folder.checkpoint_path
            raise InputError(f"checkpoint {path} is another version's; give another --out") from None
        if self._is_model_missing():
            self.best_objective = math.inf

    def _is_model_missing(self) -> bool:
        return self._agree(not self.task.model_path.exists())

    def _agree(self, decision: bool) -> bool:
        """The first process's decision, on every process."""
        return decision if self.fabric.world_size == 1 else bool(self.fabric.broadcast(decision))


def deadline_after(max_minutes: float | None) -> float:
    """The end of a time limit that begins now, on the clock of `time.monotonic`; infinity without one."""
    return math.inf if max_minutes is None else time.monotonic() + 60 * max_minutes
