"""Renders whole notes on a thread of its own: those that cannot be streamed, and the one that is shown."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.compiled import Floats
from mcnn.spectral.spectrogram import Spectrogram

PREVIEW_DELAY_S = 0.08
"""A note is shown once no other was played for as long: fast playing is not slowed down by its pictures."""
IDLE_S = 0.5
OnWaveform = Callable[[Floats | None], object]
"""Takes a rendered note `(samples,)`; None if it could not be rendered."""
RenderNote = Callable[[NoteRequest, OnWaveform], object]
"""Renders a whole note, now or later, on any thread, and hands it over."""


@dataclass(frozen=True)
class NotePreview:
    """A note as it is shown."""

    request: NoteRequest | None
    """None for a recording."""
    waveform: Floats
    """`(samples,)`."""
    log_mel: npt.NDArray[np.float32]
    """`(mels, frames)` of the waveform."""


class OfflineRenderer:
    """A thread with two tasks: all notes that are to be heard, then the newest of those that are to be shown.

    Its methods may be called by any thread.

    Args:
        synthesizer: Used by the renderer's thread alone.
        on_failure: Called by that thread with one line where a note cannot be rendered.
    """

    def __init__(
        self, synthesizer: Synthesizer, on_failure: Callable[[str], object] = lambda _message: None
    ) -> None:
        self._synthesizer = synthesizer
        self._on_failure = on_failure
        self._spectrogram = Spectrogram(synthesizer.info.spectrogram)
        self._to_hear: deque[tuple[NoteRequest, OnWaveform]] = deque()
        self._to_show: NoteRequest | Floats | None = None
        self._show_at_s = 0.0
        self._last: tuple[NoteRequest, Floats] | None = None
        self._wake = threading.Event()
        self._is_closing = False
        self.preview: NotePreview | None = None
        """The note that was shown last; replaced in one step."""
        self._thread = threading.Thread(target=self._run, name="offline-renderer", daemon=True)
        self._thread.start()

    def submit(self, request: NoteRequest, on_waveform: OnWaveform) -> None:
        """Has a note rendered; `on_waveform` is called by the renderer's thread."""
        self._to_hear.append((request, on_waveform))
        self._wake.set()

    def show(self, note: NoteRequest | Floats) -> None:
        """Has `preview` made of a note or of a waveform `(samples,)`; it replaces one that still waits."""
        self._show_at_s = time.monotonic() + PREVIEW_DELAY_S
        self._to_show = note
        self._wake.set()

    def close(self) -> None:
        """Ends the thread."""
        self._is_closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.clear()
            while self._to_hear and not self._is_closing:
                request, on_waveform = self._to_hear.popleft()
                on_waveform(self._render(request))
            delay_s = self._show_at_s - time.monotonic()
            if delay_s <= 0:
                shown, self._to_show = self._to_show, None
                if shown is not None:
                    self._make_preview(shown)
            if not self._to_hear:
                self._wake.wait(IDLE_S if self._to_show is None else max(delay_s, 0.001))

    def _render(self, request: NoteRequest) -> Floats | None:
        """A note's waveform; the last one is kept, for a note is mostly heard and shown."""
        if self._last is not None and self._last[0] == request:
            return self._last[1]
        try:
            (waveform,) = self._synthesizer.render([request])
        except Exception as error:
            self._on_failure(str(error))
            return None
        self._last = request, waveform
        return waveform

    def _make_preview(self, shown: NoteRequest | Floats) -> None:
        request = shown if isinstance(shown, NoteRequest) else None
        waveform = self._render(shown) if isinstance(shown, NoteRequest) else shown
        if waveform is not None and len(waveform):
            with torch.inference_mode():
                log_mel = self._spectrogram(torch.from_numpy(waveform)[None])[0].numpy()
            self.preview = NotePreview(request, waveform, log_mel)
