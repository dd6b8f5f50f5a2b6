"""What ships must be musical: right pitch, whole notes, no clicks, no clipping, silence at the end."""

from pathlib import Path

import numpy as np
import pytest

from aae.analysis.defects import NoteDefects, measure_defects
from aae.analysis.pitch_trackers import NeuralTracker
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer

ASSETS = Path(__file__).parents[1] / "assets"
MODEL = ASSETS / "orchestra.safetensors"
NOTES = [
    ("violin", 69),
    ("cello", 48),
    ("flute", 79),
    ("clarinet", 60),
    ("trumpet", 67),
    ("tuba", 36),
    ("contrabassoon", 34),
    ("guitar", 55),
]


@pytest.fixture(scope="module")
def synthesizer() -> Synthesizer:
    return Synthesizer.open(MODEL)


@pytest.fixture(scope="module")
def waveforms(synthesizer: Synthesizer) -> dict[str, np.ndarray]:
    info = synthesizer.info
    requests = {
        name: NoteRequest(
            pitch,
            info.complete({"instrument": {name: 1.0}}),
            info.random_latent(seed),
            seed,
        )
        for seed, (name, pitch) in enumerate(NOTES)
    }
    return dict(zip(requests, synthesizer.render(list(requests.values())), strict=True))


@pytest.mark.parametrize(("instrument", "midi_pitch"), NOTES)
def test_shipped_model_plays_the_asked_note(
    waveforms: dict[str, np.ndarray], instrument: str, midi_pitch: int
) -> None:
    cents = NeuralTracker().read(waveforms[instrument], 44_100, midi_pitch).cents
    assert abs(cents) < 25


@pytest.mark.parametrize(("instrument", "midi_pitch"), NOTES)
def test_shipped_model_s_notes_are_whole(
    waveforms: dict[str, np.ndarray], instrument: str, midi_pitch: int
) -> None:
    found: NoteDefects = measure_defects(waveforms[instrument], 44_100)
    pieces = (found.is_silent, found.is_split, found.has_blip)
    edges = (found.has_click, found.is_truncated, found.is_clipped)
    assert not any(pieces + edges), found
    assert found.end_db < -30


def test_shipped_model_knows_the_orchestra_and_is_small(synthesizer: Synthesizer) -> None:
    assert len(synthesizer.info.vocabularies["instrument"]) == 19
    assert set(synthesizer.info.vocabularies) == {"instrument", "technique", "dynamics", "duration"}
    assert synthesizer.info.latent_size == 3
    assert MODEL.stat().st_size < 30e6


def test_points_of_the_latent_space_sound_different(synthesizer: Synthesizer) -> None:
    mix = synthesizer.info.complete({"instrument": {"violin": 1.0}})
    near, far = (
        synthesizer.log_mel([NoteRequest(69, mix, latent)], n_frames=100)[0][:, :90]
        for latent in ((-1.5, -1.5, -1.5), (1.5, 1.5, 1.5))
    )
    assert float((near - far).abs().mean()) * 20 > 1.0


def test_every_shipped_model_has_a_card_with_data_licence_recipe_and_limits() -> None:
    for path in ASSETS.glob("*.safetensors"):
        card = path.with_suffix(".md").read_text("utf-8")
        for heading in ("## Data", "## Licence", "## Recipe", "## Figures", "## Limits"):
            assert heading in card, f"{path.name}: {heading}"
