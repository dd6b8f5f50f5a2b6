"""Fixtures that several test files share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aae.notes.bank import NoteBank
from datasets.build import build
from tests.support.orchestra_bank import write_orchestra_bank
from tests.support.synth import write_philharmonia

if TYPE_CHECKING:
    from gui.state.performer import Performer
    from gui.window.main_window import MainWindow
    from tests.support.notebook import Notebook

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is loaded: tests need no screen


@pytest.fixture(scope="session")
def philharmonia_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 72 synthesised notes in the Philharmonia's naming; do not change it."""
    folder = tmp_path_factory.mktemp("recordings") / "philharmonia"
    write_philharmonia(folder)
    return folder


@pytest.fixture(scope="session")
def bank_path(philharmonia_folder: Path) -> Path:
    """A NoteBank of these notes, with the default front end; do not change it."""
    path = philharmonia_folder.parent / "notes.h5"
    for _event in build(philharmonia_folder, "philharmonia", path, workers=1):
        pass
    return path


@pytest.fixture
def bank(bank_path: Path) -> Iterator[NoteBank]:
    """The same bank, open."""
    with NoteBank.open(bank_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def orchestra_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A NoteBank of 240 notes to be recognised; whoever first needs its recogniser leaves it beside it."""
    return write_orchestra_bank(tmp_path_factory.mktemp("orchestra") / "notes.h5")


@pytest.fixture
def notebook() -> "Notebook":
    """In place of an engine."""
    from tests.support.notebook import Notebook

    return Notebook()


@pytest.fixture
def performer(notebook: "Notebook") -> "Performer":
    """Plays on the notebook."""
    return notebook.performer()


@pytest.fixture(scope="module")
def shared_window(qapp: object, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[MainWindow]":
    """One window for all tests of a file: opening a model takes a second."""
    from tests.support.desktop.window import opened

    made = opened(tmp_path_factory.mktemp("desktop"))
    yield made
    made.close()
