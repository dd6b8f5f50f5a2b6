import json
from pathlib import Path

import torch

from aae.training.events import Finished, Progress, Started, Validated, describe
from aae.training.previews import Preview


def test_events_are_told_in_plain_values_without_pictures() -> None:
    log_mel = torch.zeros(4, 3)
    preview = Preview("A4", log_mel, log_mel, log_mel)
    told = [
        describe(event)
        for event in (
            Started(48, 6, 1000, 10, 60),
            Progress(20, 1, 60, {"loss/attack": 0.5}, 12.0, 3.5),
            Validated(20, 1, {"validation/objective": 0.25}, True, [preview]),
            Finished("complete", 60, Path("run") / "model.safetensors"),
        )
    ]
    assert json.loads(json.dumps(told)) == [
        {
            "event": "started",
            "n_train": 48,
            "n_validation": 6,
            "n_parameters": 1000,
            "step": 10,
            "n_steps": 60,
        },
        {
            "event": "progress",
            "step": 20,
            "epoch": 1,
            "n_steps": 60,
            "metrics": {"loss/attack": 0.5},
            "notes_per_s": 12.0,
            "seconds_left": 3.5,
        },
        {
            "event": "validated",
            "step": 20,
            "epoch": 1,
            "metrics": {"validation/objective": 0.25},
            "best": True,
        },
        {"event": "finished", "reason": "complete", "step": 60, "model_path": "run/model.safetensors"},
    ]
