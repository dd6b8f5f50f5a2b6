"""The loop on a task whose weight is the number of its steps."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.loop import TrainingLoop, TrainingPlan, TrainingTask, Validation, deadline_after
from aae.training.run_folder import RunFolder
from mcnn.errors import InputError


class _Counter(TrainingTask):
    """Its validations are as told, in order."""

    def __init__(
        self, folder: Path, objectives: Iterable[float] = (), n_steps: int = 25, patience: int | None = None
    ) -> None:
        plan = TrainingPlan(
            n_train=8,
            n_validation=2,
            n_parameters=1,
            n_steps=n_steps,
            examples_per_step=4,
            validate_every=10,
            patience=patience,
        )
        folder.mkdir(exist_ok=True)
        fabric = Fabric(accelerator="cpu", devices=1)
        super().__init__(fabric, RunFolder(folder), folder / "weight.txt", plan)
        self.module = nn.Linear(1, 1, bias=False)
        self.module.weight.data.zero_()
        self.objectives = iter(objectives)
        self.exported: list[tuple[int, dict[str, float]]] = []

    def update(self, step: int) -> dict[str, Tensor]:
        assert step == int(self.module.weight.item())
        self.module.weight.data += 1
        return {"step": torch.tensor(float(step))}

    def validate(self, step: int) -> Validation:
        objective = next(self.objectives, 1 / step)
        return Validation(objective, {"validation/objective": objective}, [])

    def export(self, step: int, metrics: dict[str, float]) -> None:
        self.exported.append((step, metrics))
        self.model_path.write_text(str(int(self.module.weight.item())))

    def parts(self) -> dict[str, Any]:
        return {"module": self.module}


def _run(task: TrainingTask, max_minutes: float | None = None) -> list[Event]:
    return list(TrainingLoop(task).run(deadline_after(max_minutes)))


def _steps(events: list[Event], kind: type[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, kind)]


def test_reports_and_validations_come_when_they_are_due(tmp_path: Path) -> None:
    events = _run(_Counter(tmp_path / "run"))
    assert _steps(events, Started) == [0]
    assert _steps(events, Progress) == [10, 20]
    assert _steps(events, Validated) == [10, 20, 25]
    assert [event.epoch for event in events if isinstance(event, Progress | Validated)] == [0, 0, 1, 1, 2]
    reports = [event.metrics for event in events if isinstance(event, Progress)]
    assert reports == [{"loss/step": 4.5}, {"loss/step": 14.5}]
    assert events[-1] == Finished("complete", 25, tmp_path / "run" / "weight.txt")


def test_the_best_is_kept(tmp_path: Path) -> None:
    task = _Counter(tmp_path / "run", [2.0, 3.0, 1.0])
    events = _run(task)
    assert [event.best for event in events if isinstance(event, Validated)] == [True, False, True]
    assert [step for step, _ in task.exported] == [10, 25]


def test_what_could_not_be_validated_is_kept_and_has_no_figures(tmp_path: Path) -> None:
    task = _Counter(tmp_path / "run", [math.nan] * 3, patience=1)
    assert _steps(_run(task), Validated) == [10, 20, 25]
    assert task.exported == [(10, {}), (20, {}), (25, {})]


def test_it_stops_when_validation_no_longer_improves(tmp_path: Path) -> None:
    last = _run(_Counter(tmp_path / "run", [1.0, 2.0, 2.0, 2.0], n_steps=100, patience=2))[-1]
    assert isinstance(last, Finished)
    assert (last.reason, last.step) == ("early stop", 30)


def test_it_stops_when_the_time_is_up(tmp_path: Path) -> None:
    task = _Counter(tmp_path / "run")
    events = _run(task, max_minutes=0)
    assert events[-1] == Finished("time", 1, task.model_path)
    assert _steps(events, Validated) == [1]


@pytest.mark.parametrize(("every_s", "continued_at"), [(60.0, 10), (0.0, 13)])
def test_a_killed_run_continues_from_its_last_checkpoint(
    every_s: float, continued_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aae.training.loop.CHECKPOINT_EVERY_S", every_s)
    killed, update = _Counter(tmp_path / "run"), _Counter.update

    def update_or_die(task: _Counter, step: int) -> dict[str, Tensor]:
        if step == 13:
            raise KeyboardInterrupt
        return update(task, step)

    with monkeypatch.context() as patch:
        patch.setattr(_Counter, "update", update_or_die)
        with pytest.raises(KeyboardInterrupt):
            _run(killed)
    events = _run(_Counter(tmp_path / "run"))
    assert _steps(events, Started) == [continued_at]
    assert _steps(events, Progress) == [20]
    _run(_Counter(tmp_path / "whole"))
    tables = [(tmp_path / name / "metrics.csv").read_text() for name in ("run", "whole")]
    assert tables[0] == tables[1]


def test_another_version_s_checkpoint_is_named(tmp_path: Path) -> None:
    task = _Counter(tmp_path / "run")
    state = {"module": task.module.state_dict(), "step": 10, "best": 0.5, "meter": [{}, 0]}
    torch.save(state, tmp_path / "run" / "checkpoint.pt")
    with pytest.raises(InputError, match=r"checkpoint .* is another version's"):
        _run(task)
