"""A training as a process of its own that tells the desktop, a line of JSON an event, how it goes. Qt-free.

`python -m gui.dialogs.training_feed NOTES RUN [PRESET]`. It writes into RUN what `clariolin train` writes,
and `preview.png` after every validation: recordings, their reconstructions, and new notes at the same
pitches. Killing it at any instant loses nothing but the steps since the last checkpoint.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aae.cli.training_progress import open_log, require_parts
from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.previews import Preview
from aae.training.recipe import load_config
from aae.training.tensorboard import TrainingLog
from aae.training.trainer import Trainer
from mcnn.atomic import atomic_path
from mcnn.errors import InputError
from mcnn.plain import without_nan

PREVIEW = "preview.png"
N_PREVIEWS = 5
GAP = 6


def main(arguments: Sequence[str]) -> int:
    """Trains until the recipe is complete; returns the exit status."""
    notes, run = Path(arguments[0]), Path(arguments[1])
    preset = arguments[2] if len(arguments) > 2 else "orchestra"
    try:
        require_parts("auto")
        trainer = Trainer(load_config(preset, ()), notes, run, "auto", 1)
        log = open_log(TrainingLog, notes, run)
        for event in trainer.fit(None):
            if log is not None:
                log.consume(event)
            if isinstance(event, Validated):
                draw_previews([p for p in event.previews if isinstance(p, Preview)], run / PREVIEW)
            _say(describe(event))
    except InputError as error:
        _say({"event": "failed", "why": str(error)})
        return 2
    return 0


def describe(event: Event) -> dict[str, Any]:
    """An event as plain values."""
    if isinstance(event, Started):
        return {"event": "started"} | vars(event)
    if isinstance(event, Progress):
        return {
            "event": "progress",
            "step": event.step,
            "n_steps": event.n_steps,
            "epoch": event.epoch,
            "notes_per_s": event.notes_per_s,
            "seconds_left": event.seconds_left,
        }
    if isinstance(event, Validated):
        return {"event": "validated", "epoch": event.epoch, "best": event.best, "metrics": event.metrics}
    assert isinstance(event, Finished)
    return {"event": "finished", "reason": event.reason, "model": str(event.model_path)}


def draw_previews(previews: Sequence[Preview], path: Path) -> None:
    """Draws recordings (left), reconstructions and new notes (right), a row a note."""
    if not previews:
        return
    import matplotlib.image

    shown = previews[:N_PREVIEWS]
    frames = max(image.shape[1] for p in shown for image in (p.target, p.reconstruction, p.variation))
    rows = []
    for preview in shown:
        cells = []
        for image in (preview.target, preview.reconstruction, preview.variation):
            values = image.numpy()[::-4]
            cells.append(
                np.pad(values, ((0, GAP), (0, frames - values.shape[1] + GAP)), constant_values=-4.0)
            )
        rows.append(np.concatenate(cells, 1))
    with atomic_path(path) as partial:
        matplotlib.image.imsave(
            partial, np.concatenate(rows), vmin=-4.0, vmax=-0.5, cmap="magma", format="png"
        )


def _say(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(without_nan(values)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
