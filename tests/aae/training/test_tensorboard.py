from pathlib import Path

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from aae.training.events import Validated
from aae.training.previews import Preview
from aae.training.recipe import load_config
from aae.training.tensorboard import TrainingLog, picture
from aae.training.trainer import Trainer
from tests.support.toy_bank import CONFIG, write_toy_bank

SETTINGS = [
    "model.encoder_width=16",
    "model.decoder_width=16",
    "training.batch_size=8",
    "training.fewest_steps=1",
    "training.epochs=2",
]


def test_curves_pictures_and_sounds_reach_tensorboard(tmp_path: Path) -> None:
    bank = write_toy_bank(tmp_path / "toy.h5")
    log = TrainingLog(tmp_path / "run", CONFIG, every=1)
    for event in Trainer(load_config("orchestra", SETTINGS), bank, tmp_path / "run", "cpu").fit():
        log.consume(event)
        if isinstance(event, Validated):
            assert len(event.previews) == 6
    written = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload().Tags()
    assert {"loss/reconstruction", "validation/reconstruction"} <= set(written["scalars"])
    assert len(written["images"]) == 6
    assert len(written["audio"]) == 12


def test_a_picture_shows_silence_dark_and_low_notes_below() -> None:
    quiet = torch.full((CONFIG.n_mels, 5), -4.0)
    loud_below = quiet.clone()
    loud_below[0] = 0.0
    image = picture(Preview("A4", loud_below, quiet, quiet), CONFIG)
    assert image.shape == (1, CONFIG.n_mels, 23)
    assert image[0, -1, :5].tolist() == [1.0] * 5
    assert image[0, 0, :5].tolist() == [0.0] * 5
