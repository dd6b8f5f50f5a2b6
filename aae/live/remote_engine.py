"""An engine in a process of its own, where no painting holds it up.

Python runs one thread of a process at a time: beside a busy window, sound would come too late. `RemoteEngine`
has the methods of `Engine` and sends each call through a pipe; statuses come back many times a second, and
the last one is kept until the window asks. A process that ends by itself is started again.
"""

import contextlib
import multiprocessing
import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aae.live.engine_process import run_engine
from aae.live.status import Device, SoundStatus
from aae.synthesis.finishing import RELEASE_S
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats
from mcnn.errors import InputError

MAX_RESTARTS = 3
SHUTDOWN_TIMEOUT_S = 10.0
"""After which a process that does not end is killed."""
STARTING = SoundStatus(Device("starting …", is_silent=True))


class RemoteEngine:
    """Plays notes of one model in another process, which opens the model and the sound device itself.

    The process is started at once; `wait` for it.

    Args:
        path: The model file.
        sample_rate: Its samples per second.
        warm_up: A note that is made unheard, so that the first one that counts is as quick as others.
        on_failure: Called with one line that says what went wrong, by the thread that listens to the process.
    """

    def __init__(
        self,
        path: Path,
        sample_rate: int,
        warm_up: NoteRequest,
        on_failure: Callable[[str], object] = lambda _message: None,
    ) -> None:
        self.sample_rate = sample_rate
        self._path, self._warm_up, self._on_failure = path, warm_up, on_failure
        self._volume = 1.0
        self._sending, self._ready = threading.Lock(), threading.Event()
        self._status, self._peak = STARTING, 0.0
        self._problem = ""
        self._is_closing = self._is_playing = False
        self._start_process()
        self._thread = threading.Thread(target=self._listen, name="sound-status", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Returns when notes can be played.

        Raises:
            InputError: If they cannot.
        """
        self._ready.wait()
        if self._problem:
            raise InputError(self._problem)

    @property
    def volume(self) -> float:
        """Factor of all that is heard."""
        return self._volume

    @volume.setter
    def volume(self, factor: float) -> None:
        self._volume = factor
        self._call("set_volume", factor)

    def start(self) -> None:
        """Begins to play."""
        self._is_playing = True
        self._call("start")

    def close(self) -> None:
        """Ends the process."""
        self._is_closing = True
        self._send("close")
        self._process.join(SHUTDOWN_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
        self._thread.join(SHUTDOWN_TIMEOUT_S)

    def status(self) -> SoundStatus:
        """Its state now; `peak` is that since the last call."""
        peak, self._peak = self._peak, 0.0
        return replace(self._status, peak=peak)

    def note_on(self, key: Hashable, request: NoteRequest, gain: float = 1.0) -> None:
        """Presses a key; one that is down already begins anew."""
        self._call("note_on", key, request, gain)

    def note_off(self, key: Hashable, release_s: float = RELEASE_S) -> None:
        """Lets a key go."""
        self._call("note_off", key, release_s)

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""
        self._call("stop_all")

    def play(self, key: Hashable, waveform: Floats) -> None:
        """Plays a waveform `(samples,)` as if it were a note."""
        self._call("play", key, waveform)

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a note that sounds over to another sound, at the same place in time."""
        self._call("replace", key, request)

    def _start_process(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        arguments = far_end, self._path, self._warm_up
        self._process = context.Process(
            target=run_engine, args=arguments, name="clariolin-sound", daemon=True
        )
        self._process.start()
        far_end.close()

    def _call(self, method: str, *arguments: Any) -> None:
        """Calls a method of the engine; does nothing while there is none, or the pipe would fill up."""
        if self._ready.is_set():
            self._send(method, *arguments)

    def _send(self, method: str, *arguments: Any) -> None:
        with self._sending, contextlib.suppress(OSError):  # where the process has ended: `_listen` sees it
            self._pipe.send((method, *arguments))

    def _listen(self) -> None:
        """Receives what the process sends; starts it again where it ends by itself."""
        for _ in range(1 + MAX_RESTARTS):
            with contextlib.suppress(EOFError, OSError):
                while True:
                    self._receive(*self._pipe.recv())
            if self._is_closing or self._problem:
                break
            self._ready.clear()
            self._status = STARTING
            self._on_failure("the sound ended unexpectedly; it is being started again")
            with self._sending:
                self._start_process()
        else:
            self._problem = "the sound cannot be started: its process ends again and again"
            self._on_failure(self._problem)
        self._ready.set()

    def _receive(self, kind: str, value: Any) -> None:
        if kind == "status":
            self._peak = max(self._peak, value.peak)
            self._status = value
        elif kind == "ready":
            self._send("set_volume", self._volume)
            if self._is_playing:
                self._send("start")
            self._ready.set()
            self._status = value  # who reads that it is there may play at once
        elif kind == "problem":
            self._problem = value
            self._ready.set()
        else:
            self._on_failure(value)
