"""Whole notes, rendered on a thread of their own: for the ear and for the eye. Qt-free."""

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

SETTLE_S = 0.08
"""A note is shown when no other one was struck for as long: fast playing is not slowed by its pictures."""
Ready = Callable[[Floats | None], object]


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
    """A worker with two baskets: notes to be heard, which all are made, and the newest note to be shown.

    Args:
        synthesizer: Used by this worker alone.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._spectrogram = Spectrogram(synthesizer.info.spectrogram)
        self._asked: deque[tuple[NoteRequest, Ready]] = deque()
        self._to_show: NoteRequest | Floats | None = None
        self._shown_from_s = 0.0
        self._made: tuple[NoteRequest, Floats] | None = None
        self._wake = threading.Event()
        self._ending = False
        self.portrait: NotePreview | None = None
        """The note that was shown last; replaced in one step."""
        self.on_failure: Callable[[str], object] = lambda _message: None
        self._thread = threading.Thread(target=self._run, name="whole-notes", daemon=True)
        self._thread.start()

    def ask(self, request: NoteRequest, ready: Ready) -> None:
        """Has a note rendered; `ready` is called on the worker's thread, with None if that failed."""
        self._asked.append((request, ready))
        self._wake.set()

    def show(self, note: NoteRequest | Floats) -> None:
        """Has a portrait made of a note or of a waveform; what was to be shown before is passed over."""
        self._shown_from_s = time.monotonic() + SETTLE_S
        self._to_show = note
        self._wake.set()

    def close(self) -> None:
        """Ends the thread."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending:
            self._wake.clear()
            while self._asked and not self._ending:
                request, ready = self._asked.popleft()
                ready(self._render(request))
            to_wait_s = self._shown_from_s - time.monotonic()
            if to_wait_s <= 0:
                shown, self._to_show = self._to_show, None
                if shown is not None:
                    self._portray(shown)
            if not self._asked:
                self._wake.wait(0.5 if self._to_show is None else max(to_wait_s, 0.001))

    def _render(self, request: NoteRequest) -> Floats | None:
        if self._made is not None and self._made[0] == request:
            return self._made[1]
        try:
            (waveform,) = self._synthesizer.render([request])
        except Exception as error:
            self.on_failure(str(error))
            return None
        self._made = request, waveform
        return waveform

    def _portray(self, shown: NoteRequest | Floats) -> None:
        request = shown if isinstance(shown, NoteRequest) else None
        waveform = self._render(shown) if isinstance(shown, NoteRequest) else shown
        if waveform is not None and len(waveform):
            with torch.inference_mode():
                log_mel = self._spectrogram(torch.from_numpy(waveform)[None])[0].numpy()
            self.portrait = NotePreview(request, waveform, log_mel)
