"""Outputs of an engine: the sound device, a clock where there is none, or a script that reads samples.

Neither a missing library, nor a missing device, nor a sound server that dies may end the program.
"""

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from mcnn.compiled import Floats

BLOCK = 512
"""Samples that an output asks for at once."""
Fill = Callable[[Floats], None]
"""Writes the next samples, `(samples,)`; called by the device's own thread, and must be quick."""


class AudioOutput(ABC):
    """Asks for the samples of an engine, block by block."""

    name: str
    """What a person is told of it."""
    is_silent = False
    why = ""
    """Why it is silent."""
    is_offline = False
    """Whether it waits for samples as long as they take to be made."""
    latency_s = 0.0
    """From a sample's handing over to its sounding, in seconds."""
    n_late = 0
    """Blocks that the device had to do without because it was not answered in time."""

    @abstractmethod
    def start(self, fill: Fill, lost: Callable[[], None]) -> None:
        """Begins to ask for samples.

        Args:
            fill: Called for every block.
            lost: Called if the device goes away.

        Raises:
            OSError: If the device cannot be started.
        """

    @abstractmethod
    def stop(self) -> None:
        """Asks for no more; returns when the last call has ended."""


class SilentOutput(AudioOutput):
    """Takes samples at the pace at which they would sound, on a thread of its own.

    Args:
        sample_rate: Samples per second.
        why: Why nothing sounds, for a person.
    """

    name = "no sound"
    is_silent = True

    def __init__(self, sample_rate: int, why: str) -> None:
        self.why = why
        self._block_s = BLOCK / sample_rate
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fill: Fill, lost: Callable[[], None]) -> None:
        """Begins to ask for samples."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, args=(fill,), name="silent-output", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Asks for no more."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, fill: Fill) -> None:
        block: Floats = np.zeros(BLOCK, np.float32)
        due = time.monotonic()
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            fill(block)
            due = max(due + self._block_s, time.monotonic() - 10 * self._block_s)


class RecordingOutput(AudioOutput):
    """Takes samples when it is read, as fast as they can be made: no device, no clock, no thread."""

    name = "recording"
    is_offline = True

    def __init__(self) -> None:
        self._fill: Fill | None = None
        self._left: Floats = np.zeros(0, np.float32)
        """The end of the last block, which was not read yet."""

    def start(self, fill: Fill, lost: Callable[[], None]) -> None:
        """Makes it readable."""
        self._fill = fill

    def stop(self) -> None:
        """Does nothing."""

    def read(self, n_samples: int) -> Floats:
        """What sounds next, `(n_samples,)`; makes it meanwhile, in whole blocks of `BLOCK` samples.

        Raises:
            RuntimeError: If no engine was started on it.
        """
        if self._fill is None:
            raise RuntimeError("the engine of this output is not started")
        blocks, n_ready = [self._left], len(self._left)
        while n_ready < n_samples:
            block: Floats = np.zeros(BLOCK, np.float32)
            self._fill(block)
            blocks.append(block)
            n_ready += BLOCK
        ready = np.concatenate(blocks)
        self._left = ready[n_samples:]
        return ready[:n_samples]


class DeviceOutput(AudioOutput):
    """The system's standard output, through PortAudio.

    Args:
        sample_rate: Samples per second.

    Raises:
        OSError: If there is no PortAudio, or no device that can be opened.
    """

    def __init__(self, sample_rate: int) -> None:
        import sounddevice

        self._fill: Fill | None = None
        self._lost: Callable[[], None] | None = None
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=sample_rate,
                blocksize=BLOCK,
                channels=_channels(sounddevice),
                dtype="float32",
                latency="low",
                callback=self._call,
                finished_callback=self._finished,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise OSError(str(error)) from error
        self._errors = sounddevice.PortAudioError
        self._ending = False
        self._mono: Floats = np.zeros(BLOCK, np.float32)
        self.latency_s = float(self._stream.latency)
        device = sounddevice.query_devices(self._stream.device)
        self.name = str(device["name"])

    def start(self, fill: Fill, lost: Callable[[], None]) -> None:
        """Begins to ask for samples."""
        self._fill, self._lost = fill, lost
        try:
            self._stream.start()
        except self._errors as error:
            raise OSError(str(error)) from error

    def stop(self) -> None:
        """Asks for no more."""
        self._ending = True
        with contextlib.suppress(self._errors):
            self._stream.abort()
            self._stream.close()

    def _call(self, out: Floats, frames: int, _time: Any, status: Any) -> None:
        if len(self._mono) != frames:
            self._mono = np.zeros(frames, np.float32)
        assert self._fill is not None
        self.n_late += bool(status.output_underflow)
        self._fill(self._mono)
        out[:] = self._mono[:, None]

    def _finished(self) -> None:
        if not self._ending and self._lost is not None:
            self._lost()


def open_output(sample_rate: int) -> AudioOutput:
    """The system's sound output, or, where there is none, one that stays silent and says why."""
    try:
        return DeviceOutput(sample_rate)
    except ImportError:
        return SilentOutput(sample_rate, "sound needs the 'gui' extra: pip install 'clariolin[gui]'")
    except OSError as error:
        missing = "PortAudio" in str(error) and "not found" in str(error)
        hint = " (Debian: apt-get install libportaudio2)" if missing else ""
        return SilentOutput(sample_rate, f"no sound device: {error}{hint}")


def _channels(sounddevice: Any) -> int:
    """2 where the standard device has as many: some drivers play mono on the left alone."""
    try:
        device = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError):
        return 1
    return min(2, int(device["max_output_channels"])) or 1
