import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from aae.model.coverage import Combination, Coverage
from gui.state.latent_path import LatentPath, PathPoint, PathRecorder
from gui.state.presets import SUFFIX, Preset, PresetFolder, read_preset
from gui.state.saved_session import SavedSession, read_session, write_session
from gui.state.session import Session
from gui.state.sound import AttributeMix, Sound, dial_latent
from mcnn.errors import InputError
from tests.support.fake_synthesizer import INFO, VOCABULARIES


@pytest.fixture
def session() -> Session:
    rows = (
        Combination(labels=("forte", "violin", "arco-normal"), low=55, high=100, count=9),
        Combination(labels=("piano", "clarinet", "normal"), low=50, high=90, count=4),
    )
    coverage = Coverage(attributes=tuple(VOCABULARIES), combinations=rows)
    return Session(INFO.model_copy(update={"coverage": coverage}))


def test_one_drag_blends_two_instruments_where_weights_are_normalised(session: Session) -> None:
    session.set_only("instrument", {"violin": 1.0})
    session.set_weight("instrument", "clarinet", 0.5)
    assert session.sound.heard()["instrument"] == {"violin": 0.5, "clarinet": 0.5}


def test_free_weights_go_up_to_2_and_no_further(session: Session) -> None:
    session.set_normalised("instrument", False)
    session.set_weight("instrument", "cello", 5.0)
    session.set_weight("instrument", "violin", 0.3)
    assert session.full_mix()["instrument"] == {"violin": 0.3, "cello": 2.0}


def test_a_locked_slider_moves_by_itself_alone() -> None:
    mix = AttributeMix(weights={"a": 0.5, "b": 0.5}).with_lock("a", True)
    assert mix.with_weight("c", 0.25).weights == {"a": 0.5, "b": 0.25, "c": 0.25}
    assert mix.with_weight("c", 0.9).weights == {"a": 0.5, "c": 0.5}
    assert mix.with_only({"d": 1.0}).weights == {"a": 0.5, "d": 0.5}


def test_solo_leaves_the_sliders_where_they_are() -> None:
    mix = AttributeMix(weights={"a": 0.7, "b": 0.3}).with_solo("b")
    assert mix.heard() == {"b": 1.0}
    assert mix.with_solo(None).heard() == {"a": 0.7, "b": 0.3}


def test_everything_can_be_undone_and_a_drag_is_one_step(session: Session) -> None:
    before = session.sound
    for weight in (0.1, 0.2, 0.3):
        session.set_weight("instrument", "cello", weight)
    session.settle()
    session.set_weight("instrument", "cello", 0.6)
    session.set_latent((1.0, 2.0, 3.0))
    after = session.sound
    for _ in range(3):
        session.undo()
    assert session.sound == before
    assert not session.can_undo
    for _ in range(3):
        session.redo()
    assert session.sound == after
    assert not session.can_redo


def test_listeners_hear_of_changes_and_of_nothing_else(session: Session) -> None:
    heard: list[Sound] = []
    session.subscribe(lambda: heard.append(session.sound))
    session.set_variation(3.0)
    session.set_variation(3.0)
    session.undo()
    assert len(heard) == 2


def test_the_dial_is_what_the_command_line_calls_a_seed(session: Session) -> None:
    session.set_variation(17.0)
    drawn = np.random.default_rng(17).standard_normal(3)
    assert session.sound.latent == pytest.approx(drawn)
    assert session.request(60).seed == 17


def test_between_two_variations_points_stay_as_likely() -> None:
    points = np.array([dial_latent(i + 0.5, 8) for i in range(400)])
    assert points.std() == pytest.approx(1.0, abs=0.05)
    near = np.subtract(dial_latent(4.0, 3), dial_latent(4.001, 3))
    assert np.abs(near).max() < 0.01


def test_a_surprise_was_trained_and_keeps_locks(session: Session) -> None:
    session.set_only("instrument", {"cello": 1.0})
    session.set_lock("instrument", "cello", True)
    session.surprise(np.random.default_rng(0))
    assert session.sound.heard()["instrument"] == {"cello": 1.0}
    assert set(session.sound.heard()["technique"]) <= {"arco-normal", "normal"}


def test_a_sound_of_another_model_is_fitted(session: Session) -> None:
    foreign = Sound(
        mixes={"instrument": AttributeMix(weights={"theremin": 0.5, "cello": 0.5}), "mood": AttributeMix()},
        latent=(0.0,) * 16,
    )
    session.load(foreign)
    assert session.sound.heard() == {"instrument": {"cello": 1.0}}
    assert len(session.sound.latent) == 3


def test_velocity_plays_dynamics(session: Session) -> None:
    session.velocity_plays_dynamics = True
    assert session.request(60, velocity=1).mix["dynamics"] == {"piano": 1.0}


def test_presets_come_back_as_they_were(session: Session, tmp_path: Path) -> None:
    folder = PresetFolder(tmp_path / "presets")
    session.set_weight("instrument", "clarinet", 0.5)
    session.set_lock("instrument", "clarinet", True)
    session.set_latent((0.1, -0.2, 0.3))
    saved = session.sound
    path = folder.save(Preset("Clariolin / one", saved, "orchestra.safetensors"))
    assert path.name == f"Clariolin - one{SUFFIX}"
    assert json.loads(path.read_text("utf-8"))["sound"]["latent"] == [0.1, -0.2, 0.3]
    assert folder.load("Clariolin / one").sound == saved
    folder.save(Preset("second", saved, ""))
    folder.rename("Clariolin / one", "first")
    assert folder.names() == ["first", "second"]
    with pytest.raises(InputError, match="already"):
        folder.rename("first", "second")
    folder.remove("first")
    assert folder.names() == ["second"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "no JSON"),
        ("[]", "not a preset"),
        ('{"format": "clariolin-preset", "version": 2}', "version 2"),
        ('{"format": "clariolin-preset", "version": 1, "sound": {"latent": [0]}}', "damaged"),
        (
            '{"format": "clariolin-preset", "version": 1, "sound": '
            '{"latent": [0], "mixes": {"a": {"weights": {"b": 3}}}}}',
            "between 0 and 2",
        ),
    ],
)
def test_a_file_that_is_no_preset_is_refused_and_hides_no_other(
    text: str, reason: str, session: Session, tmp_path: Path
) -> None:
    folder = PresetFolder(tmp_path)
    folder.save(Preset("good", session.sound, ""))
    bad = tmp_path / f"bad{SUFFIX}"
    bad.write_text(text, "utf-8")
    with pytest.raises(InputError, match=reason):
        read_preset(bad)
    assert folder.names() == ["good"]


def test_sounds_are_values() -> None:
    with pytest.raises(ValidationError):
        Sound(mixes={}, latent=(float("nan"),))


def test_a_session_is_found_again_and_a_damaged_one_costs_nothing(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "state" / "session.json"
    assert read_session(path) == SavedSession()
    saved = SavedSession(model="m.safetensors", sound=session.sound, ended=False)
    for i in range(12):
        saved = saved.with_recent(Path(f"{i % 11}.wav"))
    write_session(path, saved)
    assert read_session(path) == saved
    assert len(saved.recent) == 10
    assert saved.recent[0] == "0.wav"
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")
    assert read_session(path) == SavedSession()


def test_a_path_is_thinned_to_its_corners_and_played_at_its_speed() -> None:
    recorder = PathRecorder()
    for i in range(101):
        time_s = 5.0 + i / 50
        x = min(i, 50) / 50
        y = max(i - 50, 0) / 50
        assert recorder.add(time_s, (x, y, 0.0))
    path = recorder.finish()
    assert [point.time_s for point in path.points] == pytest.approx([0.0, 1.0, 2.0])
    assert path.at(0.5) == pytest.approx((0.5, 0.0, 0.0))
    assert path.at(9.0) == pytest.approx((1.0, 1.0, 0.0))
    assert [time_s for time_s, _ in path.notes(0.5)] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])
    again = LatentPath.from_json(path.to_json())
    assert again == path or again.at(1.5) == pytest.approx(path.at(1.5))
    assert not recorder.add(200.0, (0.0, 0.0, 0.0))


def test_a_path_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="backwards"):
        LatentPath.from_json([[1.0, 0.0], [0.5, 0.0]])
    assert LatentPath((PathPoint(0.0, (1.0,)),)).notes(0.1) == [(0.0, (1.0,))]


def test_a_recordings_point_is_played_with_its_take_until_the_point_moves() -> None:
    session = Session(INFO.model_copy(update={"model": INFO.model.model_copy(update={"take_size": 2})}))
    latent = tuple(0.1 * i for i in range(session.info.latent_size))
    session.set_latent(latent, (0.5, -0.5))
    assert session.request(60).take == (0.5, -0.5)
    session.load(Sound.model_validate_json(session.sound.model_dump_json()))
    assert session.request(60).take == (0.5, -0.5)
    session.set_latent(latent)
    assert session.request(60).take is None
    session.load(session.sound.changed(take=(1.0, 2.0, 3.0)))
    assert session.request(60).take is None
