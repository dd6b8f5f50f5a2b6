"""Where a note's samples come from: a whole waveform, or frames that are decoded as it plays. Qt-free.

All of it is called by the feeder thread alone.
"""

from abc import ABC, abstractmethod

import numpy as np
from torch import Tensor

from aae.bundle import Bundle
from aae.decoding import NoteDecoder, NoteInParts, NoteRequest
from mcnn.compiled import Floats
from mcnn.level import REFERENCE_LEVEL_DB
from mcnn.primed import PrimedMcnn
from mcnn.streaming import Voice, Voices

PART_FRAMES = 32
"""Frames of a note that are decoded at once: fewer cost nearly as much."""
BLOCKS_IN_HAND = 24
"""A note that can sound for longer without decoding needs none yet."""
ONSET_LOG10 = REFERENCE_LEVEL_DB / 20 - 32 / 20
"""Peak log-mel of a frame, at the reference level, from which a note counts as begun."""
WINDOW_REACH_FRAMES = 3
"""So many frames see an onset before it is there."""
SEARCHED_FRAMES = 24


class Source(ABC):
    """Gives a note's samples, block by block."""

    duration_s: float
    """Of the whole note."""

    @property
    @abstractmethod
    def is_over(self) -> bool:
        """Whether no more samples come."""

    @abstractmethod
    def take(self, n_samples: int) -> Floats:
        """The next samples; silence after the end."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it at once."""


class WaveSource(Source):
    """Plays a waveform.

    Args:
        waveform: `(samples,)`.
        sample_rate: Samples per second.
        start: Sample to begin with.
    """

    def __init__(self, waveform: Floats, sample_rate: int, start: int = 0) -> None:
        self._waveform = waveform
        self._position = start
        self.duration_s = len(waveform) / sample_rate

    @property
    def is_over(self) -> bool:
        """Whether all was played."""
        return self._position >= len(self._waveform)

    def take(self, n_samples: int) -> Floats:
        """The next samples."""
        block: Floats = np.zeros(n_samples, np.float32)
        part = self._waveform[self._position : self._position + n_samples]
        block[: len(part)] = part
        self._position += n_samples
        return block

    def stop(self) -> None:
        """Ends it."""
        self._position = len(self._waveform)


class StreamedSource(Source):
    """A note of a `StreamBank`."""

    def __init__(self, note: NoteInParts, voice: Voice, frame_s: float, start_s: float) -> None:
        self.note, self.voice = note, voice
        self.frame = min(round(start_s / frame_s), note.n_frames - 1)
        self.duration_s = note.n_frames * frame_s
        self.gain = np.float32(10.0 ** ((note.level_db - REFERENCE_LEVEL_DB) / 20.0))
        self.row: Floats = np.zeros(0, np.float32)

    @property
    def is_over(self) -> bool:
        """Whether all was played."""
        return self.voice.is_over

    @property
    def is_decoded(self) -> bool:
        """Whether all its frames are made."""
        return self.frame >= self.note.n_frames

    def take(self, n_samples: int) -> Floats:
        """Its part of the block that the bank has read."""
        return self.row[:n_samples] * self.gain

    def stop(self) -> None:
        """Ends it."""
        self.voice.stop()

    def decode(self, n_frames: int) -> None:
        """Makes its next frames; the last ones finish it."""
        part = self.note.decode(self.frame, min(self.frame + n_frames, self.note.n_frames))
        self.voice.push(part.log_mel[None], part.hints)
        self.frame += part.log_mel.shape[1]
        if self.is_decoded:
            self.voice.finish()

    def begin(self, n_frames: int) -> None:
        """Makes its first frames; silence before the onset is passed over."""
        stop = min(self.frame + max(n_frames, SEARCHED_FRAMES), self.note.n_frames)
        part = self.note.decode(self.frame, stop)
        late = onset_frame(part.log_mel)
        self.frame += late
        self.decode(n_frames)


class StreamBank:
    """Notes that are decoded and inverted while they sound.

    Args:
        bundle: An opened model file.
        inverter: Its own.
        n_voices: Notes at once.
    """

    def __init__(self, bundle: Bundle, inverter: PrimedMcnn, n_voices: int) -> None:
        self._decoder = NoteDecoder(bundle)
        self._voices = Voices(inverter, n_voices)
        self._frame_s = 1.0 / bundle.info.spectrogram.frame_rate_hz
        self._sources: list[StreamedSource] = []

    def begin(self, request: NoteRequest, block: int, start_s: float = 0.0) -> StreamedSource | None:
        """A new note; None if all places are taken.

        Args:
            request: The note.
            block: Samples that are read at once.
            start_s: Where in the note to begin.
        """
        note = self._decoder.begin(request)
        voice = self._voices.begin()
        if voice is None:
            return None
        source = StreamedSource(note, voice, self._frame_s, start_s)
        if start_s:
            source.decode(self._voices.n_frames_for(block))
        else:
            source.begin(self._voices.n_frames_for(block))
        self._sources.append(source)
        return source

    def advance(self, n_samples: int) -> None:
        """Makes the next block of all notes; `StreamedSource.take` then hands it out."""
        self._sources = [source for source in self._sources if not source.is_over]
        late = [s for s in self._sources if not s.is_decoded and s.voice.n_ready < n_samples]
        for source in late or self._next(n_samples):
            source.decode(PART_FRAMES)
        while late := [s for s in late if not s.is_decoded and s.voice.n_ready < n_samples]:
            late[0].decode(PART_FRAMES)
        if self._sources:
            block = self._voices.read(n_samples)
            for source in self._sources:
                source.row = block[source.voice.number]

    def _next(self, n_samples: int) -> list[StreamedSource]:
        """The note that has least in hand, while none is late."""
        poor = [s for s in self._sources if not s.is_decoded and s.voice.n_ready < n_samples * BLOCKS_IN_HAND]
        return sorted(poor, key=lambda source: source.voice.n_ready)[:1]


def onset_frame(log_mel: Tensor) -> int:
    """The frame to start from, of `(mels, frames)`: 0 unless the note begins late."""
    begun = (log_mel.amax(0) > ONSET_LOG10).nonzero()
    if not len(begun) or int(begun[0]) == 0:
        return 0
    return min(int(begun[0]) + WINDOW_REACH_FRAMES - 1, log_mel.shape[1] - 1)
