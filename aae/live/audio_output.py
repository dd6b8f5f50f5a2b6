"""The seam to the sound device: PortAudio where there is one, otherwise a clock. Qt-free.

Neither a missing library, nor a missing device, nor a sound server that dies may end the desktop.
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
"""Samples that the device asks for at once."""
Fill = Callable[[Floats], None]
"""Writes the next samples, `(samples,)`; called from the device's own thread, and must be quick."""


class AudioOutput(ABC):
    """Something that asks for samples at an even pace."""

    name: str
    """What a person is told of it."""
    is_silent = False
    latency_s = 0.0
    """From a sample's handing over to its sounding."""
    n_late = 0
    """Blocks that the device had to do without because it was not answered in time."""

    @abstractmethod
    def start(self, fill: Fill, lost: Callable[[], None]) -> None:
        """Begins to ask for samples.

        Args:
            fill: Called for every block.
            lost: Called if the device goes away.
        """

    @abstractmethod
    def stop(self) -> None:
        """Asks for no more; returns when the last call has ended."""


class SilentOutput(AudioOutput):
    """Takes samples at the pace at which they would sound.

    Args:
        sample_rate: Samples per second.
        why: What a person should know.
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
