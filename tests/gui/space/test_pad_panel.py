"""The pad in the window: dragged, stepped, filled from all around it, in its place and in a tab."""

from pathlib import Path

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="Qt's libraries are not installed", exc_type=ImportError)

from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QImage, QMouseEvent
from PyQt6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from gui import theme
from gui.dialogs.help_dialog import SHORTCUTS
from gui.space.pad_panel import CornerButton
from gui.state.latent_pad import LatentPad
from gui.state.latent_path import LatentPath
from gui.state.saved_session import read_session
from gui.state.session import Session
from gui.window.main_window import COMPACT_HEIGHT, MainWindow
from gui.window.open_model import OpenModel
from tests.support.desktop.real_desktop import wait_for
from tests.support.desktop.window import model_of, opened

LEFT = Qt.MouseButton.LeftButton
POINTS = ((-1.0, 1.0, 0.5), (1.0, 1.0, 0.5), (-1.0, -1.0, 0.5), (1.0, -1.0, 0.5))
"""Of corners 1 to 4: the pad is then a square of two units."""


@pytest.fixture
def window(shared_window: MainWindow) -> MainWindow:
    """The window with four corners, as if it had just opened."""
    session = model_of(shared_window).instrument.session
    session.load(Session(model_of(shared_window).instrument.session.info).sound, LatentPad(), LatentPath())
    for number, latent in enumerate(POINTS, 1):
        session.set_corner(number, latent, f"point {number}")
    session.settle()
    session._undo.clear()
    model_of(shared_window).space.record.setChecked(False)
    model_of(shared_window).pad.stop_picking()
    shared_window.resize(1440, 900)
    return shared_window


@pytest.fixture
def model(window: MainWindow) -> OpenModel:
    return model_of(window)


def session_of(window: MainWindow) -> Session:
    return model_of(window).instrument.session


def spot(window: MainWindow, x: float, y: float) -> QPoint:
    return model_of(window).pad.surface.place_on_screen(x, y).toPoint()


def choose(button: CornerButton, words: str) -> None:
    """An entry of a corner's menu."""
    button.choices.aboutToShow.emit()
    menus = [button.choices, *button.choices.findChildren(QMenu)]
    (action,) = [a for m in menus for a in m.actions() if words in a.text().replace("&", "")]
    assert action.isEnabled()
    action.trigger()


def test_the_puck_is_dragged_and_the_cursor_goes_along(
    qtbot: QtBot, window: MainWindow, model: OpenModel
) -> None:
    session, surface = session_of(window), model.pad.surface
    qtbot.mousePress(surface, LEFT, pos=spot(window, 0.0, 1.0))
    assert session.sound.latent == pytest.approx(POINTS[0], abs=0.03)
    for i in range(1, 11):
        qtbot.mouseMove(surface, spot(window, i / 10, 1.0))
    qtbot.mouseRelease(surface, LEFT, pos=spot(window, 1.0, 1.0))
    assert session.sound.latent == pytest.approx(POINTS[1], abs=0.03)
    shown = model.instrument.performer.shown
    assert shown is not None
    assert shown.latent == session.sound.latent, "what is heard is where the puck was let go"
    window.commands.undo()
    assert not session.can_undo, "one drag is one step"
    window.commands.redo()
    assert session.pad.place == pytest.approx((1.0, 1.0), abs=0.02)


def test_with_shift_the_puck_is_dragged_finely(qtbot: QtBot, window: MainWindow, model: OpenModel) -> None:
    session, surface = session_of(window), model.pad.surface
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(surface, LEFT, pos=spot(window, 0.5, 0.5))
    before = session.pad.place
    far = spot(window, 1.0, 0.5)
    move = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(far), surface.mapToGlobal(QPointF(far)), LEFT, LEFT, shift
    )
    surface.mouseMoveEvent(move)
    qtbot.mouseRelease(surface, LEFT, pos=far)
    assert session.pad.x - before[0] == pytest.approx(0.1, abs=0.01)
    assert session.pad.y == pytest.approx(before[1])


def test_arrow_keys_move_the_puck_and_home_is_the_middle(
    qtbot: QtBot, window: MainWindow, model: OpenModel
) -> None:
    session, surface = session_of(window), model.pad.surface
    qtbot.keyClick(surface, Qt.Key.Key_Home)
    qtbot.keyClick(surface, Qt.Key.Key_Right)
    qtbot.keyClick(surface, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert session.pad.place == (0.55, 0.51)
    assert session.sound.latent == pytest.approx((0.1, 0.02, 0.5))
    window.commands.undo()
    assert session.pad.place == (0.55, 0.5), "each key is a step back"
    for _ in range(30):
        qtbot.keyClick(surface, Qt.Key.Key_Left)
    assert session.pad.x == 0.0
    assert "0 % from the left" in surface.accessibleDescription()
    qtbot.mouseDClick(surface, LEFT, pos=spot(window, 0.9, 0.9))
    assert session.pad.place == (0.5, 0.5)


def test_the_keyboard_reaches_the_pad(qtbot: QtBot, window: MainWindow, model: OpenModel) -> None:
    window.activateWindow()
    model.mix.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert window.focusWidget() is model.pad.surface
    session = session_of(window)
    session.set_variation(41.0)
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    corner = session.pad.corners[1]
    assert corner is not None
    assert (corner.latent, corner.name) == (session.sound.latent, "variation 41")
    assert "variation 41" in model.pad.corners[1].accessibleDescription()
    assert {"B", "Ctrl+1 … Ctrl+4"} <= {keys for keys, _ in SHORTCUTS}


def test_a_corner_is_taken_from_a_point_that_is_clicked(
    qtbot: QtBot, window: MainWindow, model: OpenModel
) -> None:
    instrument, view, session = model.instrument, model.space.view, session_of(window)
    session.set_latent((9.0, 9.0, 9.0))  # the cursor must not lie before the point
    place = view.place_on_screen(1234)
    index = view._pick(place)
    assert index is not None
    choose(model.pad.corners[2], "Next point clicked")
    assert "corner 3" in view.waiting_words
    assert model.pad.corners[2].isChecked()
    before = session.sound
    qtbot.mouseClick(view, LEFT, pos=place.toPoint())
    corner = session.pad.corners[2]
    assert corner is not None
    assert corner.latent == tuple(float(value) for value in instrument.points.latents[index])
    tags = instrument.points.tags(index)
    assert corner.name == f"{tags['note']} {tags['instrument']}"
    assert session.sound == before
    assert instrument.performer.shown is not None
    assert instrument.performer.shown.latent == corner.latent, "it is heard"
    assert not view.waiting_words
    choose(model.pad.corners[0], "Next point clicked")
    window.commands.stop_all()
    assert not view.waiting_words
    choose(model.pad.corners[0], "Next point clicked")
    qtbot.mouseClick(view, LEFT, pos=QPoint(3, view.height() - 3))
    assert not view.waiting_words, "a click beside all points leaves it"
    assert not model.pad.corners[0].isChecked()


def test_what_else_a_corner_can_be(window: MainWindow, model: OpenModel) -> None:
    session, buttons = session_of(window), model.pad.corners
    session.set_latent((0.5, 0.25, -0.5))
    choose(buttons[0], "From the cursor")
    assert session.pad.corners[0] is not None
    assert session.pad.corners[0].latent == (0.5, 0.25, -0.5)
    model.instrument.performer.note_on(69)
    model.instrument.performer.note_off(69)
    session.set_latent((0.0, 0.0, 0.0))
    choose(buttons[1], "From the latest note")
    assert session.pad.corners[1] is not None
    assert session.pad.corners[1].latent == (0.5, 0.25, -0.5)
    assert session.pad.corners[1].name == "note A4"
    model.space.view.marks = [("mine", (1.0, 2.0, 3.0))]
    choose(buttons[2], "mine")
    model.space.view.marks = []
    choose(buttons[2], "Go there")
    assert session.sound.latent == (1.0, 2.0, 3.0)
    choose(buttons[2], "Empty it")
    assert [corner is None for corner in session.pad.corners] == [False, False, True, False]
    model.pad.clear.click()
    assert session.pad.is_empty
    assert not model.pad.clear.isEnabled()
    before = session.sound
    model.pad.surface.to_place(0.0, 0.0)
    assert session.sound == before
    model.pad.fill.click()
    assert all(session.pad.corners)


def test_the_way_of_the_puck_is_recorded_as_a_path(
    qtbot: QtBot, window: MainWindow, model: OpenModel
) -> None:
    session, surface = session_of(window), model.pad.surface
    model.pad.surface.to_place(0.0, 0.5)
    model.space.record.setChecked(True)
    qtbot.mousePress(surface, LEFT, pos=spot(window, 0.0, 0.5))
    for i in range(1, 9):
        qtbot.mouseMove(surface, spot(window, i / 8, 0.5))
        qtbot.wait(10)
    qtbot.mouseRelease(surface, LEFT, pos=spot(window, 1.0, 0.5))
    model.space.record.setChecked(False)
    path = session.path
    assert path.at(0.0)[0] == pytest.approx(-1.0, abs=0.05)
    assert path.at(path.duration_s)[0] == pytest.approx(1.0, abs=0.05)
    assert model.space.play.isEnabled()
    window.commands.undo()
    assert not session.path.points, "undo covers the path"
    assert not model.space.play.isEnabled()
    window.commands.redo()
    assert session.path == path
    model.space.clear.click()
    assert not session.path.points
    window.commands.undo()
    assert session.path == path


def test_a_small_window_has_the_pad_among_the_tabs(
    qtbot: QtBot, window: MainWindow, model: OpenModel
) -> None:
    assert model.right.tabs.count() == 3
    assert model.pad.surface.isVisible()
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.height() < COMPACT_HEIGHT)
    assert [model.right.tabs.tabText(i) for i in range(4)] == [
        "Points",
        "Presets",
        "Recordings",
        "Pad",
    ]
    model.right.show_pad()
    assert model.pad.surface.isVisible()
    for button in model.pad.corners:
        assert button.geometry().bottom() < model.pad.height()
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: window.height() >= COMPACT_HEIGHT)
    assert model.right.tabs.count() == 3
    assert model.pad.surface.isVisible()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_pad_is_drawn_in_the_colours_of_the_theme(
    window: MainWindow, model: OpenModel, name: str
) -> None:
    theme.use(theme.THEMES[name])
    surface = model.pad.surface
    session_of(window).clear_pad()
    image: QImage = surface.grab().toImage()
    ratio = image.devicePixelRatio()
    middle = surface.place_on_screen(0.4, 0.9)
    background = image.pixelColor(round(middle.x() * ratio), round(middle.y() * ratio))
    assert background == QColor(theme.THEMES[name].space)
    session_of(window).set_corner(1, POINTS[0])
    surface.to_place(0.5, 0.5)
    puck = surface.place_on_screen(0.5, 0.5)
    image = surface.grab().toImage()
    assert image.pixelColor(round(puck.x() * ratio), round(puck.y() * ratio)) == QColor(
        theme.THEMES[name].accent
    )
    theme.use(theme.DARK)


def test_a_preset_and_a_new_start_bring_pad_and_path_back(
    qtbot: QtBot, window: MainWindow, model: OpenModel, tmp_path: Path
) -> None:
    session = session_of(window)
    model.pad.surface.to_place(0.2, 0.9)
    session.set_path(LatentPath.from_json([[0.0, 0.0, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0]]))
    kept = session.project
    model.presets.save("With a pad")
    session.clear_pad()
    session.set_path(LatentPath())
    session.set_variation(3.0)
    model.presets.load("With a pad")
    assert session.project == kept
    first = opened(tmp_path)
    session_of(first).load(kept.sound, kept.pad, kept.path)
    first.state.keep()
    wait_for(lambda: read_session(tmp_path / "session.json").pad == kept.pad)
    first.close()
    again = opened(tmp_path, read_session(tmp_path / "session.json"))
    assert session_of(again).project == kept
    assert not session_of(again).can_undo
    assert model_of(again).space.play.isEnabled()
    again.close()
