"""Trains a model on a NoteBank for some minutes, and shows how it comes on.

`clariolin dataset build FOLDER --out notes.h5`, then
`python assets/examples/train_model.py notes.h5 my-run [MINUTES]`; the same command continues.
"""

import sys
from pathlib import Path

from aae.training.events import Finished, Started, Validated
from aae.training.recipe import load_config
from aae.training.trainer import Trainer


def main(notes: Path, run: Path, minutes: float) -> None:
    """Trains by the recipe of the shipped model; the best model so far is always in the run folder."""
    recipe = load_config("orchestra", ["training.batch_size=16"])
    for event in Trainer(recipe, notes, run).fit(max_minutes=minutes):
        match event:
            case Started():
                print(f"{event.n_train} notes to train on, {event.n_parameters:,} weights")
            case Validated():
                error_db = event.metrics["validation/mean_error_db"]
                print(f"step {event.step}: {error_db:.2f} dB on notes that are not trained on")
            case Finished():
                print(f"{event.reason}: {event.model_path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 10.0)
