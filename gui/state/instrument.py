"""A model that is open and ready to play: everything behind the window, Qt-free."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from aae.live.audio_output import AudioOutput
from aae.live.engine import Engine
from aae.live.engine_process import synthesizer_of
from aae.live.offline_renderer import NotePreview, OfflineRenderer
from aae.live.remote_engine import RemoteEngine
from aae.live.status import SoundEngine
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.note_analysis import NoteAnalyser

from .latent_path import LatentPath
from .note_files import path_waveform, suggested_name, write_wav
from .performer import Performer
from .recordings import Recording, read_recording
from .session import Session
from .sound import Sound
from .space_points import SpacePoints


@dataclass
class Instrument:
    """One model with its session, its engine and its points."""

    path: Path
    """The model file."""
    loaded: LoadedModel
    session: Session
    note_renderer: OfflineRenderer
    """Makes the picture of the last note."""
    engine: SoundEngine
    points: SpacePoints
    performer: Performer
    inverter: str
    """Name of the way from log-mel to sound, as the command line calls it."""
    notice: str | None
    """A line for the person, if that inverter is not the one that suits the model best."""

    def read(self, path: Path, on_progress: Callable[[float], object] = lambda _share: None) -> Recording:
        """Opens a recording; takes a moment, and reports the share that is done, 0 to 1.

        Raises:
            InputError: If it cannot be used.
        """
        return read_recording(path, NoteAnalyser(self._new_synthesizer()), on_progress)

    def file_name_of(self, preview: NotePreview) -> str:
        """A file name that tells what the note is."""
        return suggested_name(preview)

    def write_note(self, file: Path, preview: NotePreview) -> None:
        """Saves a note as it is shown.

        Raises:
            InputError: If it cannot be written there.
        """
        write_wav(file, preview.waveform, self.engine.sample_rate)

    def write_path(self, file: Path, path: LatentPath) -> None:
        """Renders the notes along a path into one file; takes seconds.

        Raises:
            InputError: If it cannot be written there.
        """
        waveform = path_waveform(self._new_synthesizer(), self.performer, path)
        write_wav(file, waveform, self.engine.sample_rate)

    def close(self) -> None:
        """Ends its threads."""
        self.engine.close()
        self.note_renderer.close()

    def _new_synthesizer(self) -> Synthesizer:
        """A synthesizer of its own for another thread."""
        chosen = choose_inverter(self.inverter, self.loaded)
        return Synthesizer(self.loaded, chosen.inverter, chosen.notice)


def open_instrument(
    path: Path,
    sound: Sound | None = None,
    on_progress: Callable[[str], object] = lambda _message: None,
    output: AudioOutput | None = None,
    on_failure: Callable[[str], object] = lambda _message: None,
) -> Instrument:
    """Opens a model and everything that plays it; takes seconds.

    Args:
        path: A model file.
        sound: What to begin with.
        on_progress: Called with a line for the person at each step.
        output: A sound device for an engine in this process; if not given, the engine has a process and the
            system's device of its own.
        on_failure: Called with one line that says what went wrong with the sound, by any thread.

    Raises:
        InputError: If the model file cannot be used.
    """
    torch.set_num_threads(1)
    on_progress("Opening the model …")
    loaded = load_model(path)
    synthesizer, inverter = synthesizer_of(loaded)
    session = Session(loaded.info, sound)
    first, sample_rate = session.request(60), loaded.info.spectrogram.sample_rate
    remote = RemoteEngine(path, sample_rate, first, on_failure) if output is None else None
    with contextlib.ExitStack() as undo:
        if remote is not None:
            undo.callback(remote.close)
        on_progress("Preparing the sound; the first time takes a minute …")
        warm_up, _ = synthesizer_of(loaded)
        warm_up.render([first])
        points = SpacePoints(loaded.info, loaded.latents)
        renderer = OfflineRenderer(synthesizer, on_failure)
        engine: SoundEngine
        if remote is not None:
            remote.wait()
            engine = remote
        else:
            assert output is not None
            engine = local = Engine(loaded, renderer.submit, output, on_failure)
            local.warm_up(first)
        performer = Performer(session, engine, renderer)
        undo.pop_all()
    notice = synthesizer.notice
    return Instrument(path, loaded, session, renderer, engine, points, performer, inverter, notice)
