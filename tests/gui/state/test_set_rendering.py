"""A set of notes as the desktop orders it."""

import pytest

from gui.state.session import Session
from gui.state.set_rendering import job_of, output_settings
from tests.support.fake_synthesizer import INFO


def test_a_job_is_the_present_sound_at_every_pitch() -> None:
    session = Session(INFO)
    session.set_variation(17.0)
    job = job_of(session, [60, 64], 3)
    assert (job.midi_pitches, job.n_variations, job.seed) == ([60, 64], 3, 17)
    assert job.latent == session.sound.latent
    assert job.mixes == [session.full_mix()]


@pytest.mark.parametrize(
    ("format", "level", "looped"), [("wav", "natural", False), ("sf2", "lufs:-23", True)]
)
def test_samplers_get_even_levels_and_loops(format: str, level: str, looped: bool) -> None:
    output = output_settings(format)  # type: ignore[arg-type]
    assert (output.level, output.looped) == (level, looped)
