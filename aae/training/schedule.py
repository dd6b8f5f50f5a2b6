"""Parts of a training step and of its reports: learning rate, averaged weights, means and speed."""

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class RunningMeans:
    """Means of metrics and speed since the last report."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.steps = 0
        self.seconds_per_step = 0.0
        self.restart()

    def restart(self) -> None:
        """Starts the clock anew; the sums stay, as a continued run needs them."""
        self.timed_steps, self.notes, self.since = 0, 0, time.monotonic()

    def add(self, values: dict[str, Tensor], notes: int) -> None:
        """Counts one step."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, torch.zeros((), device=value.device)) + value
        self.steps += 1
        self.timed_steps += 1
        self.notes += notes

    def take(self) -> tuple[dict[str, float], float]:
        """Mean of every metric and notes a second since the last call."""
        elapsed = time.monotonic() - self.since
        metrics = {f"loss/{name}": float(total) / self.steps for name, total in self.sums.items()}
        speed = self.notes / elapsed
        recent = elapsed / self.timed_steps
        self.seconds_per_step = (
            0.9 * self.seconds_per_step + 0.1 * recent if self.seconds_per_step else recent
        )
        self.sums, self.steps = {}, 0
        self.restart()
        return metrics, speed


def scheduled_share(warmup_steps: int, cooldown: float, step: int, n_steps: int) -> float:
    """Share of the peak learning rate: a warm-up, a plateau, and a linear fall to 2 % over the cool-down.

    Args:
        warmup_steps: Steps over which it rises from 0.
        cooldown: Share of all steps over which it falls.
        step: Counted from 0.
        n_steps: All steps.
    """
    rise = min(1.0, (step + 1) / max(1, warmup_steps))
    fall = (n_steps - step) / max(1.0, cooldown * n_steps)
    return min(rise, max(0.02, min(1.0, fall)))


def set_learning_rates(optimizer: Any, peaks: Sequence[float], share: float) -> None:
    """Gives each group of an optimizer a share of its peak rate."""
    for group, peak in zip(optimizer.param_groups, peaks, strict=True):
        group["lr"] = peak * share


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Moves the running average of the weights towards the model; buffers are copied.

    Args:
        average: Changed in place.
        model: The weights after this step.
        decay: Share of the average that stays, lower in the first steps.
        step: Steps done.
    """
    decay = min(decay, (1 + step) / (10 + step))
    averaged: list[Tensor] = list(average.parameters())
    current = [parameter.detach() for parameter in model.parameters()]
    torch._foreach_lerp_(averaged, current, 1 - decay)
    for old, new in zip(average.buffers(), model.buffers(), strict=True):
        old.copy_(new)
