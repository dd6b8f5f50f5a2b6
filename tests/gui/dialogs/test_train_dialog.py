"""Training from the desktop: real processes on a small library."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="Qt's libraries are not installed", exc_type=ImportError)

from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aae.model.model_file import load_model
from gui.dialogs.train_dialog import TrainDialog
from tests.support.desktop.real_desktop import wait_for

pytestmark = pytest.mark.timeout(600)
PATIENCE_S = 500.0
RECIPE = """
[model]
encoder_width = 16
decoder_width = 32
[training]
batch_size = 8
fewest_steps = 1
epochs = 2
"""


def ended(dialog: TrainDialog) -> bool:
    QApplication.processEvents()
    return dialog.start.isEnabled()


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path, philharmonia_folder: Path, bank_path: Path) -> TrainDialog:
    """Its bank is there already, as from an earlier start: the build then only says what it found."""
    made = TrainDialog(["auto", "philharmonia"])
    qtbot.addWidget(made)
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE, "utf-8")
    made.preset = str(recipe)
    made.folder.setText(str(philharmonia_folder))
    made.format.setCurrentText("philharmonia")
    made.run_folder.setText(str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    shutil.copy2(bank_path, tmp_path / "run" / "notes.h5")
    return made


def test_a_folder_becomes_a_model_that_can_be_played(dialog: TrainDialog, tmp_path: Path) -> None:
    ready: list[Path] = []
    dialog.model_ready.connect(ready.append)
    dialog.begin()
    assert dialog.stop.isEnabled()
    wait_for(lambda: ended(dialog), PATIENCE_S)
    assert "72 notes of 72 recordings" in dialog.found.text()
    assert "ready" in dialog.words.text()
    assert len(dialog.curve.values) == 2
    assert not dialog.picture.pixmap().isNull()
    dialog.play.click()
    assert load_model(ready[0]).info.provenance
    assert (tmp_path / "run" / "checkpoint.pt").is_file()


def test_a_folder_that_is_none_is_said(dialog: TrainDialog, tmp_path: Path) -> None:
    dialog.folder.setText(str(tmp_path / "nowhere"))
    dialog.begin()
    assert "Choose a folder" in dialog.words.text()
    (tmp_path / "empty").mkdir()
    dialog.folder.setText(str(tmp_path / "empty"))
    dialog.begin()
    wait_for(lambda: ended(dialog))
    assert "empty" in dialog.words.text() or "recordings" in dialog.words.text()
    assert dialog.start.isEnabled()


def test_closing_the_dialog_ends_the_training(dialog: TrainDialog) -> None:
    dialog.begin()
    wait_for(lambda: (dialog.process is not None and dialog.process.processId()) or None)
    assert dialog.process is not None
    dialog.close()
    assert dialog.process.processId() == 0
