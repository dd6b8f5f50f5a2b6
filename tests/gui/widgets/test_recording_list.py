"""Recordings that are dropped in heaps: read one after the other, with a bar that says how far it is."""

from pathlib import Path

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="Qt's libraries are not installed", exc_type=ImportError)

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from gui.window.main_window import MainWindow
from gui.window.open_model import OpenModel
from tests.support.desktop.window import model_of
from tests.support.synth import recording, tone, write_wav


@pytest.fixture(scope="module")
def window(shared_window: MainWindow) -> MainWindow:
    return shared_window


@pytest.fixture
def model(window: MainWindow) -> OpenModel:
    return model_of(window)


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    """A folder of five recordings and one file that is none."""
    for i in range(5):
        write_wav(tmp_path / f"note-{i}.wav", recording(tone(220.0 * 2 ** (i / 12), 0.6)))
    (tmp_path / "note-2b.wav").write_bytes(b"no sound")
    return tmp_path


def test_the_bar_goes_from_0_to_100_and_leaves(
    qtbot: QtBot, window: MainWindow, model: OpenModel, heap: Path
) -> None:
    panel = model.recordings.panel
    seen: list[tuple[int, str]] = []
    panel.bar.valueChanged.connect(lambda value: seen.append((value, panel.bar_words.text())))
    model.right.tabs.setCurrentIndex(0)
    window.files.open_files([heap])
    assert model.right.tabs.currentWidget() is panel
    assert panel.reading.isVisible()
    qtbot.waitUntil(lambda: not model.recordings.is_reading, timeout=60_000)
    assert not panel.reading.isVisible()
    values = [value for value, _ in seen]
    assert values == sorted(values)
    assert values[-1] == 100
    assert len(set(values)) > 10, "parts of files count"
    assert any("of 6, note-" in words and "left" in words for _, words in seen)
    assert [r.name for r in model.recordings.recordings] == [f"note-{i}" for i in range(5)]


def test_the_rest_of_a_heap_is_left_out_by_a_button(
    qtbot: QtBot, window: MainWindow, model: OpenModel, heap: Path
) -> None:
    for _ in range(len(model.recordings.recordings)):
        model.recordings.remove(0)
    (stop,) = [b for b in model.recordings.panel.findChildren(QPushButton) if b.text() == "Stop"]
    window.files.open_files([heap])
    qtbot.waitUntil(lambda: bool(model.recordings.recordings), timeout=60_000)
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not model.recordings.is_reading, timeout=60_000)
    assert 1 <= len(model.recordings.recordings) <= 3
    assert not model.recordings.panel.reading.isVisible()
