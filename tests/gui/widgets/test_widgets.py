"""Widgets by pytest-qt, offscreen, around the shipped model; sound goes to a clock that plays to nobody."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("PyQt6.QtWidgets", reason="Qt's libraries are not installed", exc_type=ImportError)

from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QImage
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QListWidget,
    QMenuBar,
    QPushButton,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aae.rendering.manifest import read_manifest
from gui import theme
from gui.dialogs.render_dialog import RenderDialog
from gui.state.latent_path import LatentPath
from gui.state.presets import SUFFIX
from gui.state.saved_session import SavedSession, read_session
from gui.state.session import Session
from gui.widgets.piano import Piano
from gui.widgets.variation_panel import VariationDial
from gui.widgets.weight_slider import WeightSlider
from gui.window.context import WindowSettings
from gui.window.main_window import MainWindow
from gui.window.open_model import OpenModel
from tests.support.desktop.real_desktop import wait_for
from tests.support.desktop.window import model_of, opened
from tests.support.synth import recording, tone, write_wav


@pytest.fixture
def window(shared_window: MainWindow) -> MainWindow:
    """The window as it was when it opened."""
    session = model_of(shared_window).instrument.session
    session.load(Session(model_of(shared_window).instrument.session.info).sound)
    session.settle()
    session._undo.clear()
    shared_window.activateWindow()  # a dialog of another test may have been the active one
    model_of(shared_window).instrument.points.show_all()
    model_of(shared_window).space.set_path(LatentPath())
    return shared_window


@pytest.fixture
def model(window: MainWindow) -> OpenModel:
    return model_of(window)


def test_a_slider_is_drawn_out_and_tells(qtbot: QtBot) -> None:
    slider = WeightSlider("violin")
    qtbot.addWidget(slider)
    slider.resize(400, 30)
    slider.show()
    told: list[float] = []
    slider.weight_changed.connect(told.append)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(40, 15))
    qtbot.mouseMove(slider, QPoint(200, 15))
    with qtbot.waitSignal(slider.settled):
        qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(200, 15))
    assert told[-1] == pytest.approx(1.0, abs=0.02)
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert told[-1] == pytest.approx(0.95, abs=0.02)
    with qtbot.waitSignal(slider.solo_asked):
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(390, 15))
    slider.show_state(0.3, True, False, False, 1.0)
    assert slider.weight == 0.3
    assert "locked" in slider.accessibleDescription()
    assert len(told) == len([value for value in told if value != 0.3])


def test_every_key_of_the_piano_is_where_it_is_drawn(qtbot: QtBot) -> None:
    piano = Piano()
    qtbot.addWidget(piano)
    piano.set_range(22, 117)
    piano.resize(1000, 120)
    for pitch in range(piano.low, piano.high):
        spot = piano.place_of(pitch)
        assert piano.key_at(spot.center().x(), spot.bottom() - 3) == pitch
    pressed: list[tuple[int, int]] = []
    piano.pressed.connect(lambda pitch, velocity: pressed.append((pitch, velocity)))
    spot = piano.place_of(61)
    for y in (spot.top() + 1, spot.bottom() - 1):
        qtbot.mousePress(piano, Qt.MouseButton.LeftButton, pos=QPoint(round(spot.center().x()), round(y)))
        with qtbot.waitSignal(piano.released):
            qtbot.mouseRelease(piano, Qt.MouseButton.LeftButton)
    assert [pitch for pitch, _ in pressed] == [61, 61]
    assert pressed[0][1] < 50 < 120 < pressed[1][1]
    qtbot.keyClick(piano, Qt.Key.Key_Right)
    qtbot.keyClick(piano, Qt.Key.Key_Return)
    assert pressed[-1][0] == 62


def test_the_dial_turns_without_end(qtbot: QtBot) -> None:
    dial = VariationDial()
    qtbot.addWidget(dial)
    dial.show_variation(7.95)
    turned: list[float] = []
    dial.turned.connect(turned.append)
    qtbot.keyClick(dial, Qt.Key.Key_Up)
    assert sum(turned) == pytest.approx(0.1)
    qtbot.keyClick(dial, Qt.Key.Key_PageDown)
    assert sum(turned) == pytest.approx(-0.9)


def test_every_control_has_a_name_and_can_be_reached(window: MainWindow) -> None:
    kinds = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QListWidget)
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, kinds) or isinstance(widget, QScrollBar):
            continue
        owner = widget.parent()
        if isinstance(owner, QLineEdit | QComboBox | QAbstractSpinBox | QTabBar | QMenuBar):
            continue  # a part of what has a name
        words = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert widget.accessibleName() or words, f"{type(widget).__name__} in {owner} has no name"


def test_one_drag_is_one_step_back_and_all_panels_show_it(
    qtbot: QtBot, window: MainWindow, model: OpenModel
) -> None:
    session = model.instrument.session
    slider = model.mix.panels["instrument"].sliders["clarinet"]
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(10, 15))
    for x in range(20, slider.width() // 2, 20):
        qtbot.mouseMove(slider, QPoint(x, 15))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 15))
    assert "clarinet" in window.frame.header.title.text()
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "clarinet" not in window.frame.header.title.text()
    assert slider.weight == 0.0
    assert not session.can_undo
    window.commands.redo()
    assert slider.weight > 0.2


def test_search_leaves_what_was_searched_for(qtbot: QtBot, model: OpenModel) -> None:
    panel = model.mix.panels["instrument"]
    qtbot.keyClicks(panel.search, "clar")
    shown = [label for label, slider in panel.sliders.items() if not slider.isHidden()]
    assert shown == ["bass-clarinet", "clarinet"]
    assert not model.instrument.performer.held, "letters that are typed must not play"


def test_a_click_on_a_point_goes_there_and_plays(qtbot: QtBot, window: MainWindow, model: OpenModel) -> None:
    instrument, view = model.instrument, model.space.view
    spot = view.place_on_screen(1234)
    index = view._pick(spot)
    assert index is not None
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    latent = tuple(float(value) for value in instrument.points.latents[index])
    assert instrument.session.sound.latent == latent
    qtbot.waitUntil(lambda: model.space.preview.preview is not None, timeout=60_000)
    window.commands.reset_view()
    instrument.session.set_latent((9.0, 9.0, 9.0))  # the cursor must not lie before the point
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, spot.toPoint())
    assert instrument.performer.shown is not None
    assert instrument.performer.shown.mix == instrument.session.info.complete(instrument.points.mix(index))
    assert instrument.performer.shown.midi_pitch == int(instrument.points.midi_pitch[index])


def test_the_space_is_drawn_fluently_and_in_colour(model: OpenModel) -> None:
    view = model.space.view
    image: QImage = view.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colours) > 200


def test_a_path_is_recorded_played_and_saved(
    qtbot: QtBot, window: MainWindow, model: OpenModel, tmp_path: Path
) -> None:
    view = model.space.view
    model.space.record.setChecked(True)
    start = view.cursor_on_screen().toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 12):
        qtbot.mouseMove(view, start + QPoint(6 * step, -3 * step))
        qtbot.wait(15)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(66, -33))
    model.space.record.setChecked(False)
    assert len(view.path.points) >= 2
    window.files.write_path(tmp_path / "path.wav")
    qtbot.waitUntil((tmp_path / "path.wav").is_file, timeout=30_000)
    waveform, rate = soundfile.read(tmp_path / "path.wav")
    assert rate == 44_100
    assert 0.01 < np.abs(waveform).max() < 1.0


def test_presets_are_saved_and_taken_again(model: OpenModel) -> None:
    session = model.instrument.session
    session.set_only("instrument", {"cello": 0.6, "flute": 0.4})
    session.set_variation(12.5)
    kept = session.sound
    model.presets.save("Half and half")
    session.surprise()
    model.presets.load("Half and half")
    assert session.sound == kept
    (path,) = model.presets._folder.folder.glob(f"*{SUFFIX}")
    assert json.loads(path.read_text("utf-8"))["name"] == "Half and half"


def test_a_file_that_is_dropped_becomes_a_point(
    qtbot: QtBot, window: MainWindow, model: OpenModel, tmp_path: Path
) -> None:
    write_wav(tmp_path / "mine.wav", recording(tone(330.0, 0.8)))
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("broken.wav", "mine.wav")])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, mime, buttons, modifiers)
    with qtbot.waitSignal(model.recordings.failed, timeout=60_000) as failed:
        window.dropEvent(drop)
    assert "broken.wav" in str(failed.args)
    qtbot.waitUntil(lambda: bool(model.recordings.recordings), timeout=60_000)
    (mine,) = model.recordings.recordings
    assert mine.midi_pitch == 64
    assert mine.measured_pitch == pytest.approx(64.02, abs=0.2)
    assert model.space.view.marks == [("mine", mine.latent)]
    assert model.recordings.panel.pitch.currentText() == "E4"
    model.recordings.correct_pitch(0, 65)
    shown = model.instrument.performer.shown
    assert shown is not None
    assert shown.midi_pitch == 65
    model.recordings.go_to(0)
    assert model.instrument.session.sound.latent == mine.latent
    assert window.context.saved.recent[0].endswith("mine.wav")


def test_the_button_above_the_recordings_opens_files(
    qtbot: QtBot, model: OpenModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "mine.wav", recording(tone(330.0, 0.8)))
    chosen = [str(tmp_path / "mine.wav")], ""
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: chosen)
    (button,) = [b for b in model.recordings.panel.findChildren(QPushButton) if "Open audio" in b.text()]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(model.recordings.recordings), timeout=60_000)


def test_a_note_is_saved_as_it_is_shown(
    qtbot: QtBot, window: MainWindow, model: OpenModel, tmp_path: Path
) -> None:
    performer, view = model.instrument.performer, model.space.preview
    window.commands.play_again()
    qtbot.waitUntil(
        lambda: view.preview is not None and view.preview.request is performer.shown, timeout=60_000
    )
    preview = view.preview
    assert preview is not None
    window.files.write_note(tmp_path / "note.wav")
    qtbot.waitUntil((tmp_path / "note.wav").is_file, timeout=60_000)
    waveform, rate = soundfile.read(tmp_path / "note.wav", dtype="float32")
    assert rate == 44_100
    assert np.abs(waveform - preview.waveform).max() < 1e-6


def test_a_window_that_is_closed_while_it_renders_leaves_whole_files(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(tmp_path)
    dialog = RenderDialog(model_of(window).instrument, tmp_path / "out", window)
    window.dialogs.shown.append(dialog)
    dialog.notes.setText("C3-C6")
    dialog.show()
    with qtbot.waitSignal(dialog.task.progressed, timeout=60_000):
        dialog.begin()
    window.close()
    assert not dialog.task.is_running
    rows = read_manifest(tmp_path / "out")
    assert 0 < len(rows) < 37
    for row in rows:
        assert soundfile.info(tmp_path / "out" / row["file"]).duration == pytest.approx(
            row["duration_s"], abs=1e-4
        )
    assert {path.name for path in (tmp_path / "out").glob("*.wav")} == {row["file"] for row in rows}


def test_the_sound_is_rendered_as_an_instrument_of_a_sampler(
    qtbot: QtBot, window: MainWindow, model: OpenModel, tmp_path: Path
) -> None:
    dialog = RenderDialog(model.instrument, tmp_path / "out", window)
    dialog.notes.setText("C4,E4")
    dialog.format.setCurrentText("SFZ")
    with qtbot.waitSignal(dialog.task.ended, timeout=200_000):
        dialog.begin()
    assert "Done" in dialog.words.text()
    (sfz,) = (tmp_path / "out").glob("*.sfz")
    assert sfz.read_text("utf-8").count("<region>") == 2
    dialog.close()


def test_a_midi_channel_is_chosen_in_the_menu(window: MainWindow, model: OpenModel) -> None:
    window.menus.midi_channels[9].trigger()
    assert [n for n, action in window.menus.midi_channels.items() if action.isChecked()] == [9]
    assert model.controllers.midi.channel == window.context.saved.midi_channel == 9
    window.menus.midi_channels[None].trigger()
    assert model.controllers.midi.channel is None


def test_what_was_open_is_there_again(qtbot: QtBot, tmp_path: Path) -> None:
    first = opened(tmp_path)
    model_of(first).instrument.session.set_only("instrument", {"tuba": 1.0})
    first.commands.toggle_follow()
    sound = model_of(first).instrument.session.sound
    first.state.keep()
    wait_for(lambda: read_session(tmp_path / "session.json").sound == sound)
    crashed = read_session(tmp_path / "session.json")
    assert not crashed.ended
    first.close()
    assert read_session(tmp_path / "session.json").ended
    again = opened(tmp_path, crashed)
    assert model_of(again).instrument.session.sound == sound
    assert again.frame.header.follow.isChecked()
    again.commands.toggle_theme()
    assert theme.current() is theme.LIGHT
    again.close()


def test_a_model_that_is_missing_is_said_and_the_window_lives(qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow(
        SavedSession(), WindowSettings(state_path=tmp_path / "s.json", preset_folder=tmp_path)
    )
    qtbot.addWidget(window)
    window.show()
    window.load(tmp_path / "nothing.safetensors")
    qtbot.waitUntil(lambda: "no model file" in window.frame.words.text(), timeout=60_000)
    window.commands.undo()
    window.commands.play_again()
