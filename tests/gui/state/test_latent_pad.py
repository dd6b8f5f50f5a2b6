"""The pad without a screen: where the puck leads, what undo covers, what presets and sessions keep."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from gui.state.latent_pad import Corner, LatentPad
from gui.state.latent_path import LatentPath, PathPoint
from gui.state.performer import MIN_PAD_MOVE
from gui.state.presets import SUFFIX, Preset, PresetFolder, preset_of, read_preset
from gui.state.saved_session import SavedSession, read_session, write_session
from gui.state.session import Session
from mcnn.errors import InputError
from tests.support.fake_synthesizer import INFO
from tests.support.notebook import Notebook

POINTS = ((0.0, 4.0, 1.0), (4.0, 4.0, 1.0), (0.0, 0.0, 1.0), (4.0, 0.0, 1.0))
"""Of corners 1 to 4: the pad is then a square of four units."""
PATH = LatentPath((PathPoint(0.0, (0.0, 0.0, 0.0)), PathPoint(1.5, (1.0, 0.5, -0.25))))


def pad_of(*corners: tuple[float, ...] | None, x: float = 0.5, y: float = 0.5) -> LatentPad:
    pad = LatentPad(x=x, y=y)
    for number, latent in enumerate(corners, 1):
        pad = pad.with_corner(number, None if latent is None else Corner(latent=latent))
    return pad


@pytest.fixture
def session() -> Session:
    return Session(INFO)


def fill(session: Session) -> None:
    for number, latent in enumerate(POINTS, 1):
        session.set_corner(number, latent, f"point {number}")


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (0.25, 0.75), (1.0, 0.5), (0.3, 0.9)])
def test_the_puck_is_bilinear_between_four_corners(x: float, y: float) -> None:
    pad = pad_of(*POINTS, x=x, y=y)
    assert pad.latent() == pytest.approx((4 * x, 4 * y, 1.0))
    assert sum(pad.weights()) == pytest.approx(1.0)


def test_in_a_corner_the_puck_is_that_corner_exactly() -> None:
    corners = [tuple(np.random.default_rng(i).standard_normal(3)) for i in range(4)]
    for corner, place in zip(corners, ((0, 1), (1, 1), (0, 0), (1, 0)), strict=True):
        assert pad_of(*corners, x=place[0], y=place[1]).latent() == corner


def test_two_neighbours_are_a_crossfade_whatever_the_other_way() -> None:
    for y in (0.0, 0.4, 1.0):
        assert pad_of(POINTS[0], POINTS[1], x=0.25, y=y).latent() == pytest.approx((1.0, 4.0, 1.0))
    for x in (0.0, 0.4, 1.0):
        assert pad_of(None, POINTS[1], None, POINTS[3], x=x, y=0.75).latent() == pytest.approx((4, 3, 1))


def test_two_opposite_corners_and_the_middle_between_them() -> None:
    for x in (0.0, 0.5, 1.0):
        assert pad_of(POINTS[0], None, None, POINTS[3], x=x, y=x).latent() == pytest.approx((2, 2, 1))
    assert pad_of(POINTS[0], None, None, POINTS[3], x=0.0, y=1.0).latent() == POINTS[0]


def test_the_share_of_an_empty_corner_goes_to_its_neighbours() -> None:
    pad = pad_of(POINTS[0], POINTS[1], POINTS[2], x=1.0, y=0.0)
    assert pad.weights() == pytest.approx((0.0, 0.5, 0.5, 0.0))


def test_one_corner_is_everywhere_and_none_leads_nowhere() -> None:
    for x, y in ((0.0, 0.0), (0.5, 0.5), (1.0, 0.0)):
        assert pad_of(None, None, POINTS[2], x=x, y=y).latent() == POINTS[2]
    assert LatentPad().latent() is None
    assert LatentPad().weights() == (0.0, 0.0, 0.0, 0.0)


def test_beyond_an_edge_the_puck_stays_at_it() -> None:
    assert LatentPad().with_puck(-3.0, 1.5).place == (0.0, 1.0)


def test_corners_are_counted_from_1_to_4_and_are_of_one_space() -> None:
    for number in (0, 5):
        with pytest.raises(ValueError, match="1 to 4"):
            LatentPad().with_corner(number, Corner(latent=(0.0,)))
    with pytest.raises(ValidationError, match="several spaces"):
        pad_of((0.0, 1.0), (0.0, 1.0, 2.0))
    with pytest.raises(ValidationError):
        Corner(latent=(float("nan"),))


def test_choosing_a_corner_leaves_the_sound_and_moving_the_puck_goes_there(session: Session) -> None:
    before = session.sound
    fill(session)
    assert session.sound == before
    assert not session.pad.leads_to(session.sound.latent)
    session.move_puck(0.25, 0.5)
    assert session.sound.latent == pytest.approx((1.0, 2.0, 1.0))
    assert session.sound.variation is None
    assert session.pad.leads_to(session.sound.latent)


def test_a_puck_without_corners_moves_nothing_but_itself(session: Session) -> None:
    before = session.sound
    session.move_puck(0.0, 1.0)
    assert session.sound == before
    assert session.pad.place == (0.0, 1.0)


def test_a_corner_says_where_it_was_found(session: Session) -> None:
    session.set_variation(12.0)
    session.set_corner_here(1)
    session.set_latent((0.0, 0.0, 0.0))
    session.set_corner_here(2)
    assert [corner.name for corner in session.pad.corners if corner] == ["variation 12", "cursor"]


def test_chance_fills_what_is_empty_and_draws_anew_when_nothing_is(session: Session) -> None:
    session.set_corner(3, POINTS[2], "mine")
    session.fill_pad(np.random.default_rng(0))
    filled = session.pad
    assert all(filled.corners)
    assert filled.corners[2] == Corner(latent=POINTS[2], name="mine")
    session.fill_pad(np.random.default_rng(1))
    assert all(a != b for a, b in zip(session.pad.corners, filled.corners, strict=True))
    session.clear_pad()
    assert session.pad.is_empty


def test_undo_covers_the_pad_the_path_and_the_sound_that_went_with_them(session: Session) -> None:
    first = session.project
    fill(session)
    chosen = session.project
    for x in (0.1, 0.2, 0.3):
        session.move_puck(x, 0.5)
    session.settle()
    session.set_path(PATH)
    last = session.project
    session.set_path(LatentPath())
    session.undo()
    assert session.project == last
    session.undo()
    session.undo()
    assert session.project == chosen, "one drag is one step"
    for _ in range(4):
        session.undo()
    assert session.project == first
    assert not session.can_undo
    for _ in range(6):
        session.redo()
    assert session.project == last


def test_a_drag_on_the_pad_is_heard_by_its_way_on_the_pad_however_near_the_corners_are() -> None:
    session, notebook = Session(INFO), Notebook()
    performer = notebook.performer(session)
    for number in range(1, 5):
        session.set_corner(number, (1e-4 * number, 0.0, 0.0))
    n_steps = 40
    for i in range(n_steps + 1):
        session.move_puck(i / n_steps, 0.5)
        performer.puck_moved()
    performer.puck_released()
    assert 1 / MIN_PAD_MOVE * 0.6 < len(notebook.asked) <= 1 / MIN_PAD_MOVE + 2
    performer.cursor_moved()  # another kind of drag begins with a note
    performer.puck_moved()
    assert [what for what, *_ in notebook.asked[-2:]] == ["on", "on"]


def test_notes_that_follow_are_not_made_anew_when_only_a_corner_changes() -> None:
    session, notebook = Session(INFO), Notebook()
    replaced: list[Any] = []
    notebook.__dict__["replace"] = lambda key, request: replaced.append(request.latent)
    performer = notebook.performer(session)
    performer.follows = True
    performer.note_on(60)
    fill(session)
    assert not replaced
    session.move_puck(0.0, 0.0)
    assert replaced == [POINTS[2]]


def test_a_preset_brings_pad_and_path_back_as_one_step(session: Session, tmp_path: Path) -> None:
    folder = PresetFolder(tmp_path)
    fill(session)
    session.move_puck(0.1, 0.7)
    session.set_path(PATH)
    kept = session.project
    folder.save(preset_of(kept, "all", "m"))
    session.set_path(LatentPath())
    session.clear_pad()
    session.set_variation(5.0)
    changed = session.project
    loaded = folder.load("all")
    session.load(loaded.sound, loaded.pad, loaded.path)
    assert session.project == kept
    session.undo()
    assert session.project == changed
    folder.rename("all", "everything")
    assert folder.load("everything").pad == kept.pad
    assert folder.load("everything").path == kept.path


def test_a_preset_without_a_pad_leaves_pad_and_path(session: Session, tmp_path: Path) -> None:
    folder = PresetFolder(tmp_path)
    path = folder.save(preset_of(session.project, "old", "m"))
    assert not {"pad", "path"} & json.loads(path.read_text("utf-8")).keys()
    fill(session)
    session.set_path(PATH)
    before = session.project
    session.set_variation(9.0)
    loaded = folder.load("old")
    session.load(loaded.sound, loaded.pad, loaded.path)
    assert (session.pad, session.path) == (before.pad, before.path)


def test_pad_and_path_of_another_latent_space_are_left_out(session: Session) -> None:
    before = session.project
    foreign = LatentPath((PathPoint(0.0, (0.0, 1.0)), PathPoint(1.0, (1.0, 1.0))))
    session.load(session.sound, pad_of((0.0, 1.0)), foreign)
    session.begin_with(pad_of((0.0, 1.0)), foreign)
    assert session.project == before


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("pad", 3, "pad"),
        ("pad", {"corners": [None, None]}, "pad.corners"),
        ("pad", {"x": 1.5}, "pad.x Input should be less than or equal to 1"),
        ("pad", {"corners": [{"latent": [0, "a", 1]}, None, None, None]}, "pad.corners.0"),
        ("pad", {"corners": [{"latent": [0, 1]}, {"latent": [0]}, None, None]}, "several spaces"),
        ("pad", {"corners": [{"latent": [0, 1]}, None, None, None]}, "its pad has points of 2 numbers"),
        ("path", {"a": 1}, "a path is rows"),
        ("path", [[0.0]], "a path is rows"),
        ("path", [[0.0, 1, 2, 3], [1.0, 1, 2]], "one latent space"),
        ("path", [[1.0, 1, 2, 3], [0.0, 1, 2, 3]], "backwards"),
        ("path", [[0.0, 1, 2, 3], [1e6, 1, 2, 3]], "at most 120 s"),
        ("path", [[0.0, 1, 2], [1.0, 1, 2]], "its path has points of 2 numbers"),
        ("path", [[0.0, 1, 2, float("nan")]], "a path is rows"),
    ],
)
def test_a_wrong_pad_or_path_is_one_clear_line(
    key: str, value: object, reason: str, session: Session, tmp_path: Path
) -> None:
    folder = PresetFolder(tmp_path)
    path = folder.save(Preset("good", session.sound, "m", LatentPad(), PATH))
    content = json.loads(path.read_text("utf-8")) | {"name": "bad", key: value}
    bad = tmp_path / f"bad{SUFFIX}"
    bad.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match="damaged preset") as refused:
        read_preset(bad)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    assert folder.names() == ["good"]


def test_the_saved_session_holds_both(session: Session, tmp_path: Path) -> None:
    fill(session)
    session.move_puck(0.2, 0.3)
    saved = SavedSession(sound=session.sound, path=PATH.to_json(), pad=session.pad)
    write_session(tmp_path / "session.json", saved)
    again = read_session(tmp_path / "session.json")
    assert again == saved
    new = Session(INFO, again.sound)
    new.begin_with(again.pad, LatentPath.from_json(again.path))
    assert new.pad == session.pad
    assert new.path == PATH
    assert not new.can_undo
    assert new.pad.leads_to(new.sound.latent)
