"""The contact sheet: what it shows, in words and in pixels."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

from aae.rendering.contact_sheet import CONTACT_SHEET, draw_contact_sheet, sound_title
from aae.rendering.manifest import MANIFEST, read_manifest, write_manifest
from aae.rendering.render_set import render_notes
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig
from tests.support.fake_synthesizer import fake_synthesizer, serially
from tests.support.labels import SCRIPTS, SIGNS
from tests.support.rendered_sets import plan_notes


def _rendered(directory: Path, midi_pitches: list[int]) -> Path:
    synthesizer = fake_synthesizer()
    mixes = [{"instrument": {"violin": 0.5, "clarinet": 0.5}}]
    plan = plan_notes(synthesizer.info, Path(__file__), mixes, list(midi_pitches))
    for _ in render_notes(plan, directory, serially(synthesizer)):
        pass
    return directory


def test_sheet_is_one_picture_and_the_same_each_time(tmp_path: Path) -> None:
    directory = _rendered(tmp_path, [60, 64, 67])
    path = draw_contact_sheet(directory, SpectrogramConfig())
    assert path == directory / CONTACT_SHEET
    first = path.read_bytes()
    draw_contact_sheet(directory, SpectrogramConfig())
    assert path.read_bytes() == first


def test_higher_notes_are_drawn_higher(tmp_path: Path) -> None:
    """Two steady tones, two octaves apart: the brightest row of the right panel lies above the left one's."""
    directory = _rendered(tmp_path, [60, 84])
    picture = image.imread(draw_contact_sheet(directory, SpectrogramConfig()))[..., :3]
    is_panel = picture.max(axis=2) < 0.1
    columns = np.flatnonzero(is_panel.mean(axis=0) > 0.3)
    gap = int(np.argmax(np.diff(columns)))
    left, right = columns[: gap + 1], columns[gap + 1 :]
    dark_rows = np.flatnonzero(is_panel[:, left[len(left) // 2]])
    inside = slice(dark_rows[0], dark_rows[-1])

    def brightest(panel: np.ndarray) -> int:
        return int(np.argmax(picture[inside, panel[len(panel) // 2]].sum(axis=1)))

    assert brightest(right) < brightest(left) - 20


def test_labels_of_any_kind_are_drawn(tmp_path: Path) -> None:
    """A `$` is no mathematics, and a letter without a font no warning."""
    directory = _rendered(tmp_path, [60])
    (row,) = read_manifest(directory)
    write_manifest(directory, [row | {"mix": {"instrument": {label: 1.0}}} for label in SCRIPTS + SIGNS])
    assert draw_contact_sheet(directory, SpectrogramConfig(), most=40).stat().st_size > 10_000


def test_large_sets_are_sampled_evenly(tmp_path: Path) -> None:
    small = image.imread(
        draw_contact_sheet(_rendered(tmp_path, list(range(60, 66))), SpectrogramConfig(), most=2)
    )
    large = image.imread(draw_contact_sheet(tmp_path, SpectrogramConfig(), most=6))
    assert small.shape[1] < large.shape[1]


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ({"dynamics": {"forte": 1.0}, "instrument": {"violin": 1.0, "oboe": 0.0}}, "violin"),
        ({"instrument": {"violin": 0.5, "clarinet": 0.5}}, "violin 0.5 + clarinet 0.5"),
        ({"tag": {"metal": 1.0}}, "metal"),
        ({}, ""),
    ],
)
def test_titles(mix: dict[str, dict[str, float]], words: str) -> None:
    assert sound_title({"mix": mix}) == words


def test_what_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=MANIFEST):
        draw_contact_sheet(tmp_path, SpectrogramConfig())
    directory = _rendered(tmp_path / "set", [60])
    assert draw_contact_sheet(directory, SpectrogramConfig(sample_rate=16_000)).exists()
    (directory / "violin0.5-clarinet0.5_C4_v1.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"C4_v1.wav cannot be read"):
        draw_contact_sheet(directory, SpectrogramConfig())
    (directory / MANIFEST).write_text("")
    with pytest.raises(InputError, match="no rendered notes"):
        draw_contact_sheet(directory, SpectrogramConfig())
