"""An engine in a process of its own, where no painting holds it up. Qt-free.

Python runs one thread of a process at a time: beside a busy window, sound would come too late. `RemoteEngine`
has the methods of `Engine` and sends what it is told through a pipe; what comes back is a status, many times
a second, which is kept until the window looks. A process that ends by itself is begun again.
"""

import contextlib
import multiprocessing
import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aae.live.engine_process import run_engine
from aae.live.envelope import RELEASE_S
from aae.live.status import Device, SoundStatus
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats
from mcnn.errors import InputError

MAX_RESTARTS = 3
PATIENCE_S = 10.0
"""That the process has to end in."""
NOT_THERE = SoundStatus(Device("starting …", is_silent=True))


class RemoteEngine:
    """Plays notes of one model in another process, which opens the model and the sound device itself.

    It begins at once to start; `wait` for it.

    Args:
        path: The model file.
        sample_rate: Its samples per second.
        first: A note that is made unheard, so that the first one that counts is as quick as others.
    """

    def __init__(self, path: Path, sample_rate: int, first: NoteRequest) -> None:
        self.sample_rate = sample_rate
        self.on_failure: Callable[[str], object] = lambda _message: None
        self._path, self._first = path, first
        self._volume = 1.0
        self._sending, self._ready = threading.Lock(), threading.Event()
        self._status, self._peak = NOT_THERE, 0.0
        self._problem = ""
        self._ending = self._plays = False
        self._begin()
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
        self._tell("set_volume", factor)

    def start(self) -> None:
        """Begins to play."""
        self._plays = True
        self._tell("start")

    def close(self) -> None:
        """Ends the process."""
        self._ending = True
        self._send("close")
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
        self._thread.join(PATIENCE_S)

    def status(self) -> SoundStatus:
        """How it is now."""
        peak, self._peak = self._peak, 0.0
        return replace(self._status, peak=peak)

    def note_on(self, key: Hashable, request: NoteRequest, gain: float = 1.0) -> None:
        """Presses a key; one that is down already is struck again."""
        self._tell("note_on", key, request, gain)

    def note_off(self, key: Hashable, release_s: float = RELEASE_S) -> None:
        """Lets a key go."""
        self._tell("note_off", key, release_s)

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""
        self._tell("stop_all")

    def play(self, key: Hashable, waveform: Floats) -> None:
        """Plays a waveform `(samples,)` as if it were a note."""
        self._tell("play", key, waveform)

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a note that sounds over to another sound, at the same place in time."""
        self._tell("replace", key, request)

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        told = there, self._path, self._first
        self._process = context.Process(target=run_engine, args=told, name="clariolin-sound", daemon=True)
        self._process.start()
        there.close()

    def _tell(self, *words: Any) -> None:
        """Sends what is to be done now; nothing while the process is not there, or the pipe would fill up."""
        if self._ready.is_set():
            self._send(*words)

    def _send(self, *words: Any) -> None:
        with self._sending, contextlib.suppress(OSError):  # where the process has ended: `_listen` sees it
            self._pipe.send(words)

    def _listen(self) -> None:
        """Takes what the process says; begins it again where it ends by itself."""
        for _ in range(1 + MAX_RESTARTS):
            with contextlib.suppress(EOFError, OSError):
                while True:
                    self._take(*self._pipe.recv())
            if self._ending or self._problem:
                break
            self._ready.clear()
            self._status = NOT_THERE
            self.on_failure("the sound ended unexpectedly; it is being started again")
            with self._sending:
                self._begin()
        else:
            self._problem = "the sound cannot be started: its process ends again and again"
            self.on_failure(self._problem)
        self._ready.set()

    def _take(self, what: str, value: Any) -> None:
        if what == "status":
            self._peak = max(self._peak, value.peak)
            self._status = value
        elif what == "ready":
            self._send("set_volume", self._volume)
            if self._plays:
                self._send("start")
            self._ready.set()
        elif what == "problem":
            self._problem = value
            self._ready.set()
        else:
            self.on_failure(value)
