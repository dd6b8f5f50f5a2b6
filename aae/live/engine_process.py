"""The process of a `RemoteEngine`: it opens a model and the sound device, and plays what it is told."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from aae.live.audio_output import open_output
from aae.live.engine import Engine
from aae.live.offline_renderer import OfflineRenderer
from aae.live.priority import PROCESS_NICENESS, raise_priority
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.inverters import FALLBACK, TRAINED, choose_inverter
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError

STATUS_INTERVAL_S = 0.016
"""Between two statuses."""
SWITCH_INTERVAL_S = 5e-5
"""The longest that a thread keeps the interpreter's lock from others; Python's own 5 ms are half a block."""


def run_engine(pipe: Connection, path: Path, warm_up: NoteRequest) -> None:
    """Main function of the process: does what comes through the pipe, until `close` or the pipe's end.

    Args:
        pipe: Brings `(method of Engine, *arguments)`; takes `(kind, value)`, where the kind is `ready` (with
            the first status), `status`, `problem` (the process ends) or `failure`.
        path: A model file.
        warm_up: A note that is made unheard.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the window's to answer
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    raise_priority(PROCESS_NICENESS)
    sending = threading.Lock()

    def send(kind: str, value: Any) -> None:
        with sending, contextlib.suppress(OSError):
            pipe.send((kind, value))

    try:
        engine, renderer = open_engine(path, warm_up, lambda message: send("failure", message))
    except InputError as error:
        send("problem", str(error))
        return
    is_closing = threading.Event()

    def send_statuses() -> None:
        last = None
        while not is_closing.wait(STATUS_INTERVAL_S):
            status = engine.status()
            if status != last:
                send("status", status)
            last = status

    send("ready", engine.status())
    reporter = threading.Thread(target=send_statuses, name="status", daemon=True)
    reporter.start()
    with contextlib.suppress(EOFError, OSError):  # the window is gone
        while (call := pipe.recv())[0] != "close":
            method, *arguments = call
            getattr(engine, method)(*arguments)
    is_closing.set()
    reporter.join()
    engine.close()
    renderer.close()


def open_engine(
    path: Path, warm_up: NoteRequest, on_failure: Callable[[str], object]
) -> tuple[Engine, OfflineRenderer]:
    """Opens a model to play it on the system's sound device, and nothing else.

    Args:
        path: A model file.
        warm_up: A note that is made unheard.
        on_failure: Called with one line that says what went wrong, by any thread.

    Raises:
        InputError: If the model file cannot be used.
    """
    torch.set_num_threads(1)
    loaded = load_model(path)
    synthesizer, _ = synthesizer_of(loaded)
    renderer = OfflineRenderer(synthesizer, on_failure)
    engine = Engine(loaded, renderer.submit, open_output(loaded.info.spectrogram.sample_rate), on_failure)
    engine.warm_up(warm_up)
    return engine, renderer


def synthesizer_of(loaded: LoadedModel) -> tuple[Synthesizer, str]:
    """What renders whole notes, and the name of its way from log-mel to sound."""
    name, chosen = TRAINED, choose_inverter(TRAINED, loaded)
    if not chosen.inverter.can_stream:
        name, chosen = FALLBACK, choose_inverter(FALLBACK, loaded)
    return Synthesizer(loaded, chosen.inverter, chosen.notice), name
