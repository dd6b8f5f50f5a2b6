"""The other end of `RemoteEngine`: a process that opens a model and the sound device, and plays. Qt-free."""

import contextlib
import signal
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from aae.live.audio_output import AudioOutput, open_output
from aae.live.engine import Engine
from aae.live.priority import HURRY, hurry
from aae.live.whole_notes import OfflineRenderer
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.decoding import NoteRequest
from aae.synthesis.inverters import FALLBACK, TRAINED, choose_inverter
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError

STATUS_S = 0.016
"""Between two statuses."""
SWITCH_INTERVAL_S = 5e-5
"""Threads that want to go on wait no longer for one another; Python's own 5 ms are half a block."""


def run_engine(pipe: Connection, path: Path, first: NoteRequest) -> None:
    """What the process does: plays what it is told, until told to close or left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the window's to answer
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    hurry(HURRY)
    sending = threading.Lock()

    def say(what: str, value: Any) -> None:
        with sending, contextlib.suppress(OSError):
            pipe.send((what, value))

    try:
        engine, whole = open_engine(path, first)
    except InputError as error:
        say("problem", str(error))
        return
    engine.on_failure = whole.on_failure = lambda message: say("failure", message)
    ending = threading.Event()

    def tell() -> None:
        last = None
        while not ending.wait(STATUS_S):
            status = engine.status()
            if status != last:
                say("status", status)
            last = status

    say("status", engine.status())
    say("ready", None)
    teller = threading.Thread(target=tell, name="status", daemon=True)
    teller.start()
    with contextlib.suppress(EOFError, OSError):  # the window is gone
        while (words := pipe.recv())[0] != "close":
            name, *values = words
            getattr(engine, name)(*values)
    ending.set()
    teller.join()
    engine.close()
    whole.close()


def open_engine(path: Path, first: NoteRequest) -> tuple[Engine, OfflineRenderer]:
    """Opens a model to play it on the system's sound device, and nothing else.

    Args:
        path: A model file.
        first: A note that is made unheard.

    Raises:
        InputError: If the model file cannot be used.
    """
    torch.set_num_threads(1)
    loaded = load_model(path)
    synthesizer, _ = synthesizer_of(loaded)
    whole = OfflineRenderer(synthesizer)
    return warm_engine(loaded, whole, open_output(loaded.info.spectrogram.sample_rate), first), whole


def synthesizer_of(loaded: LoadedModel) -> tuple[Synthesizer, str]:
    """What renders whole notes, and the name of its way from log-mel to sound."""
    name, chosen = TRAINED, choose_inverter(TRAINED, loaded)
    if not chosen.inverter.can_stream:
        name, chosen = FALLBACK, choose_inverter(FALLBACK, loaded)
    return Synthesizer(loaded, chosen.inverter, chosen.notice), name


def warm_engine(
    loaded: LoadedModel, whole: OfflineRenderer, output: AudioOutput, first: NoteRequest
) -> Engine:
    """An engine that has made a note unheard."""
    engine = Engine(loaded, whole, output)
    engine.warm_up(first)
    return engine
