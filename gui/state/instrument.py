"""A model that is open and ready to play: everything behind the window, Qt-free."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from aae.live.audio_output import AudioOutput
from aae.live.engine_process import synthesizer_of, warm_engine
from aae.live.remote_engine import RemoteEngine
from aae.live.status import SoundEngine
from aae.live.whole_notes import OfflineRenderer
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.note_analysis import NoteAnalyser

from .performer import Performer
from .recordings import Recording, read_recording
from .session import Session
from .sound import Sound
from .space_points import SpacePoints


@dataclass
class Instrument:
    """One model with its session, its engine and its points."""

    path: Path
    loaded: LoadedModel
    synthesizer: Synthesizer
    session: Session
    whole: OfflineRenderer
    engine: SoundEngine
    points: SpacePoints
    performer: Performer
    inverter: str
    """Name of the way from log-mel to sound, as the command line calls it."""

    def new_synthesizer(self) -> Synthesizer:
        """Another door to the same model, for another thread."""
        chosen = choose_inverter(self.inverter, self.loaded)
        return Synthesizer(self.loaded, chosen.inverter, chosen.notice)

    def read(self, path: Path, told: Callable[[float], object] = lambda _share: None) -> Recording:
        """Opens a recording; takes a moment, and tells how much of it is done, 0 to 1.

        Raises:
            InputError: If it cannot be used.
        """
        return read_recording(path, NoteAnalyser(self.synthesizer), told)

    def close(self) -> None:
        """Ends its threads."""
        self.engine.close()
        self.whole.close()


def open_instrument(
    path: Path,
    sound: Sound | None = None,
    say: Callable[[str], object] = lambda _words: None,
    output: AudioOutput | None = None,
) -> Instrument:
    """Opens a model and everything that plays it; takes seconds.

    Args:
        path: A model file.
        sound: What to begin with.
        say: Told what is being done.
        output: A sound device for an engine in this process; if not given, the engine has a process and the
            system's device of its own.

    Raises:
        InputError: If the model file cannot be used.
    """
    torch.set_num_threads(1)
    say("Opening the model …")
    loaded = load_model(path)
    synthesizer, inverter = synthesizer_of(loaded)
    session = Session(synthesizer, sound)
    first, sample_rate = session.request(60), loaded.info.spectrogram.sample_rate
    remote = RemoteEngine(path, sample_rate, first) if output is None else None
    with contextlib.ExitStack() as undo:
        if remote is not None:
            undo.callback(remote.close)
        say("Preparing the sound; the first time takes a minute …")
        warm_up, _ = synthesizer_of(loaded)
        warm_up.render([first])
        points = SpacePoints(loaded.info, loaded.latents)
        _warm_up_picture()
        whole = OfflineRenderer(synthesizer)
        engine: SoundEngine
        if remote is not None:
            remote.wait()
            engine = remote
        else:
            assert output is not None
            engine = warm_engine(loaded, whole, output, first)
        performer = Performer(session, engine, whole)
        undo.pop_all()
    return Instrument(path, loaded, synthesizer, session, whole, engine, points, performer, inverter)


def _warm_up_picture() -> None:
    """Compiles, or loads, the loop that draws points."""
    import numpy as np

    from ..space.point_renderer import draw_points

    one = np.zeros((1, 2))
    pixels = np.zeros((8, 8, 4), np.uint8)
    draw_points(pixels, one, np.ones(1), np.ones(1, np.bool_), np.zeros((1, 3), np.uint8), 2.0, (0, 0, 0))
