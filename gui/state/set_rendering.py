"""Rendering the present sound over many notes into a folder, as `clariolin render` does. Qt-free."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aae.rendering.format_names import FormatName
from aae.rendering.note_task import SerialRenderer
from aae.rendering.output import OutputSettings
from aae.rendering.plan import RenderJob, plan_jobs
from aae.rendering.render_set import NoteReady, render_notes
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from mcnn.inversion.names import InverterName

from .instrument import Instrument
from .session import Session


@dataclass(frozen=True)
class SetSettings:
    """Settings of a whole set of notes."""

    format: FormatName
    inverter: InverterName
    folder: Path
    """Of the files."""


def job_of(session: Session, midi_pitches: list[int], n_variations: int) -> RenderJob:
    """The present sound at several pitches, with variations of each that lie near it."""
    sound = session.sound
    return RenderJob([session.full_mix()], midi_pitches, n_variations, sound.latent, sound.seed)


def render_set(instrument: Instrument, job: RenderJob, settings: SetSettings) -> Iterator[NoteReady]:
    """Writes the notes of a job and their manifest, one note a step; those that are there already are kept.

    Raises:
        InputError: For notes that the model cannot take, and a folder that cannot be written.
    """
    chosen = choose_inverter(settings.inverter, instrument.loaded)
    synthesizer = Synthesizer(instrument.loaded, chosen.inverter, chosen.notice)
    plan = plan_jobs(
        synthesizer.info,
        instrument.path,
        [job],
        inverter=settings.inverter,
        output=OutputSettings.for_format(settings.format),
    )
    return render_notes(plan, settings.folder, lambda _n_notes: SerialRenderer(synthesizer))
