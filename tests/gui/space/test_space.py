"""The latent space as a picture: known places, known colours."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from aae.model.model_info import ModelInfo
from gui.space.point_renderer import draw_points
from gui.state.camera import Camera, LatentAxes, pick
from gui.state.point_colors import label_color, octave_color
from gui.state.space_points import OCTAVE, SpacePoints

SIZE = (400.0, 300.0)


def test_the_middle_of_the_space_is_the_middle_of_the_picture() -> None:
    pixels, near = Camera(yaw=1.0, pitch=0.5).project(np.zeros((1, 3)), SIZE)
    assert pixels[0] == pytest.approx([200.0, 150.0])
    assert near[0] == pytest.approx(1.0)


def test_right_is_right_up_is_up_and_near_is_large() -> None:
    straight = Camera(yaw=0.0, pitch=0.0)
    pixels, near = straight.project(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]), SIZE)
    assert pixels[0, 0] > 200
    assert pixels[1, 1] < 150
    assert near[2] > 1.0 == near[0]


def test_a_pixel_leads_back_to_the_point_that_is_seen_there() -> None:
    camera = Camera(yaw=0.7, pitch=-0.4, zoom=1.7, pan_x=0.3, pan_y=-0.2)
    point = np.array([0.4, -1.1, 0.8])
    pixels, near = camera.project(point[None], SIZE)
    assert camera.unproject(pixels[0, 0], pixels[0, 1], near[0], SIZE) == pytest.approx(point)
    moved, _ = camera.panned(10, 20, SIZE).project(point[None], SIZE)
    assert moved[0] - pixels[0] == pytest.approx([10, 20])


def test_the_frontmost_of_the_shown_is_picked() -> None:
    pixels = np.array([[10.0, 10.0], [11.0, 10.0], [80.0, 10.0]])
    near = np.array([1.0, 1.2, 2.0])
    everything = np.ones(3, np.bool_)
    assert pick(pixels, near, everything, 10.0, 11.0, 3.0) == 1
    assert pick(pixels, near, np.array([True, False, True]), 10.0, 11.0, 3.0) == 0
    assert pick(pixels, near, everything, 40.0, 40.0, 3.0) is None


def test_a_ball_has_its_colour_and_hides_what_is_behind_it() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    places, near = np.array([[20.0, 20.0], [20.0, 20.0], [5.0, 5.0]]), np.array([1.3, 0.8, 1.3])
    colours = np.array([[200, 100, 50], [0, 255, 0], [0, 0, 255]], np.uint8)
    shown = np.array([True, True, False])
    draw_points(pixels, places, near, shown, colours, 6.0, (0, 0, 0))
    blue, green, red, _ = (int(value) for value in pixels[20, 20])
    assert red > 1.6 * green > green > 1.5 * blue
    assert not pixels[5, 5].any()
    assert not pixels[0, 39].any()


def test_balls_beyond_the_edges_cost_nothing_but_themselves() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    places = np.array([[-50.0, 3.0], [1e6, 1e6], [0.0, 0.0]])
    draw_points(
        pixels, places, np.ones(3), np.ones(3, np.bool_), np.full((3, 3), 255, np.uint8), 2.0, (0, 0, 0)
    )
    assert pixels[0, 0, 0] > 100
    assert not pixels[7, 7].any()


def test_latents_of_three_are_the_space_and_larger_ones_keep_what_is_not_shown() -> None:
    rng = np.random.default_rng(0)
    three = LatentAxes(rng.standard_normal((50, 3)).astype(np.float32))
    assert three.latent(np.array([1.0, 2.0, 3.0]), (0.0, 0.0, 0.0)) == pytest.approx((1.0, 2.0, 3.0))
    many = rng.standard_normal((500, 8)).astype(np.float32) * np.linspace(3, 0.1, 8, dtype=np.float32)
    axes = LatentAxes(many)
    here = tuple(float(value) for value in many[0])
    place = axes.shown(many[:1])[0]
    assert axes.latent(place, here) == pytest.approx(here)
    moved = np.array(axes.latent(place + np.array([0.5, 0.0, 0.0]), here)) - here
    assert np.linalg.norm(moved) == pytest.approx(0.5)
    assert LatentAxes(many[:, :2]).shown(many[:1, :2])[0, 2] == 0.0


@pytest.fixture
def points() -> SpacePoints:
    info = SimpleNamespace(latent_size=3, vocabularies={"instrument": ("cello", "violin")})
    columns: dict[str, npt.NDArray[np.generic]] = {
        "latent": np.arange(12, dtype=np.float32).reshape(4, 3),
        "midi_pitch": np.array([60, 61, 73, -1], np.int16),
        "instrument": np.array([0, 1, 1, -1], np.int16),
    }
    return SpacePoints(cast(ModelInfo, info), columns)


def test_points_know_what_they_are(points: SpacePoints) -> None:
    assert points.tags(1) == {"note": "C#4", "instrument": "violin"}
    assert points.tags(3) == {"note": "unpitched"}
    assert points.mix(1) == {"instrument": {"violin": 1.0}}


def test_the_legend_counts_and_filters_across_colourings(points: SpacePoints) -> None:
    assert [(label, count) for label, _, count in points.legend(True)] == [
        ("cello", 1),
        ("violin", 2),
        ("not given", 1),
    ]
    points.show("violin", False)
    assert points.shown.tolist() == [True, False, False, True]
    points.colour_by = OCTAVE
    assert [label for label, _, _ in points.legend(True)] == ["unpitched", "octave 4", "octave 5"]
    points.show_only("octave 4")
    assert points.shown.tolist() == [True, False, False, False]
    points.show_only("octave 4")
    assert points.shown.tolist() == [True, False, False, True]
    points.show_all()
    assert points.shown.all()


@pytest.mark.parametrize("dark", [True, False])
def test_colours_differ(dark: bool) -> None:
    colours = np.array([label_color(i, 31, dark) for i in range(31)], float)
    distances = np.linalg.norm(colours[:, None] - colours[None], axis=2) + 1000 * np.eye(31)
    assert distances.min() > 12
    assert len({octave_color(octave, 0, 8, dark) for octave in range(9)}) == 9
