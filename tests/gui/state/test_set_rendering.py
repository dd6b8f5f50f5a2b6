"""A set of notes as the desktop orders it."""

from gui.state.session import Session
from gui.state.set_rendering import job_of
from tests.support.fake_synthesizer import INFO


def test_a_job_is_the_present_sound_at_every_pitch() -> None:
    session = Session(INFO)
    session.set_variation(17.0)
    job = job_of(session, [60, 64], 3)
    assert (job.midi_pitches, job.n_variations, job.seed) == ([60, 64], 3, 17)
    assert job.latent == session.sound.latent
    assert job.mixes == [session.full_mix()]
