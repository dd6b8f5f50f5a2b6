"""Where a note's samples come from: a whole waveform, or frames that are decoded as it plays. Qt-free.

All of it is called by the feeder thread alone.
"""

from abc import ABC, abstractmethod

import numpy as np
from torch import Tensor

from aae.bundle import Bundle
from aae.decoding import DecodedNote, NoteDecoder, NoteInParts, NoteRequest
from mcnn.compiled import Floats
from mcnn.inverter import Hints
from mcnn.level import REFERENCE_LEVEL_DB
from mcnn.primed import PrimedMcnn
from mcnn.streaming import Voice, Voices

FIRST_FRAMES, PART_FRAMES = 32, 64
"""Frames of a note that are decoded at once: fewer cost nearly as much, and notes of a chord that began with
few would all need their next ones in the same block."""
BLOCKS_IN_HAND = 24
"""A note that can sound for longer without decoding needs none yet."""
ONSET_LOG10 = REFERENCE_LEVEL_DB / 20 - 32 / 20
"""Peak log-mel of a frame, at the reference level, from which a note counts as begun."""
WINDOW_REACH_FRAMES = 3
"""So many frames see an onset before it is there."""
LONGEST_SEARCH = 24
"""Frames after which a note begins even if all of them were silent."""


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

    def decode(self, n_frames: int = PART_FRAMES) -> None:
        """Makes its next frames; the last ones finish it."""
        self._push(self.note.decode(self.frame, self.frame + n_frames))

    def begin(self) -> None:
        """Makes its first frames; silence before the onset is passed over."""
        part = self.note.decode(self.frame, self.frame + FIRST_FRAMES)
        late = onset_frame(part.log_mel[:, :LONGEST_SEARCH])
        self.frame += late
        self._push(_without_first(part, late))

    def _push(self, part: DecodedNote) -> None:
        self.voice.push(part.log_mel[None], part.hints)
        self.frame += part.log_mel.shape[1]
        if self.is_decoded:
            self.voice.finish()


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

    def begin(self, request: NoteRequest, start_s: float = 0.0) -> StreamedSource | None:
        """A new note; None if all places are taken.

        Args:
            request: The note.
            start_s: Where in the note to begin.
        """
        note = self._decoder.begin(request)
        voice = self._voices.begin()
        if voice is None:
            return None
        source = StreamedSource(note, voice, self._frame_s, start_s)
        if start_s:
            source.decode(FIRST_FRAMES)
        else:
            source.begin()
        self._sources.append(source)
        return source

    def advance(self, n_samples: int) -> None:
        """Makes the next block of all notes; `StreamedSource.take` then hands it out."""
        self._sources = [source for source in self._sources if not source.is_over]
        for source in self._sources:
            while not source.is_decoded and source.voice.n_ready < n_samples:
                source.decode()
        if self._sources:
            block = self._voices.read(n_samples)
            for source in self._sources:
                source.row = block[source.voice.number]

    def prepare(self, block: int) -> bool:
        """Decodes on where a note will need it soonest; False where all have enough.

        Args:
            block: Samples that are read at once.
        """
        going = [s for s in self._sources if not s.is_decoded and not s.is_over]
        poor = [s for s in going if s.voice.n_ready < block * BLOCKS_IN_HAND]
        if not poor:
            return False
        min(poor, key=lambda source: source.voice.n_ready).decode()
        return True


def onset_frame(log_mel: Tensor) -> int:
    """The frame to start from, of `(mels, frames)`: 0 unless the note begins late."""
    begun = (log_mel.amax(0) > ONSET_LOG10).nonzero()
    if not len(begun) or int(begun[0]) == 0:
        return 0
    return min(int(begun[0]) + WINDOW_REACH_FRAMES - 1, log_mel.shape[1] - 1)


def _without_first(part: DecodedNote, n_frames: int) -> DecodedNote:
    """The same without its first frames."""
    known = part.hints
    hints = Hints(
        None if known.f0_hz is None else known.f0_hz[:, n_frames:],
        known.inharmonicity,
        None if known.noise is None else known.noise[:, :, n_frames:],
        known.seeds,
    )
    return DecodedNote(part.log_mel[:, n_frames:], hints, part.level_db)
