"""Where a note's samples come from: a whole waveform, or frames that are decoded as it plays. Qt-free.

All of it is called by the feeder thread alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

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
"""Frames of a note that are decoded at once: fewer cost nearly as much."""
NEAR_FRAMES = 16
"""Notes that begin no further from each other are decoded together, from the first one's frame on."""
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

    def needs(self, n_samples: int) -> bool:
        """Whether frames must be decoded before so many samples can sound."""
        return not self.is_decoded and not self.is_over and self.voice.n_ready < n_samples

    def take(self, n_samples: int) -> Floats:
        """Its part of the block that the bank has read."""
        return self.row[:n_samples] * self.gain

    def stop(self) -> None:
        """Ends it."""
        self.voice.stop()

    def begin(self, part: DecodedNote, start: int) -> None:
        """Takes its first frames in, from frame `start` on; silence before the onset is passed over."""
        late = self.frame - start if self.frame else onset_frame(part.log_mel[:, :LONGEST_SEARCH])
        self.frame = start + late
        self.push(_without_first(part, late))

    def push(self, part: DecodedNote) -> None:
        """Takes its next frames in; the last ones finish it."""
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
        (source,) = self.begin_all([(request, start_s)])
        return source

    def begin_all(self, asked: Sequence[tuple[NoteRequest, float]]) -> list[StreamedSource | None]:
        """Some notes, each with where in it to begin: quicker than one after the other."""
        sources: list[StreamedSource | None] = []
        notes = self._decoder.begin_all([request for request, _ in asked])
        for note, (_, start_s) in zip(notes, asked, strict=True):
            voice = self._voices.begin()
            sources.append(None if voice is None else StreamedSource(note, voice, self._frame_s, start_s))
        fresh = sorted((source for source in sources if source is not None), key=lambda s: s.frame)
        try:
            self._decode_first(fresh)
        except Exception:
            for source in fresh:
                source.stop()
            raise
        return sources

    def _decode_first(self, fresh: list[StreamedSource]) -> None:
        while fresh:
            start = fresh[0].frame
            group = [source for source in fresh if source.frame <= start + NEAR_FRAMES]
            # All of them have the same frame to go on from, and will be decoded together again.
            stop = group[-1].frame + FIRST_FRAMES
            parts = NoteInParts.decode_together([source.note for source in group], start, stop)
            for source, part in zip(group, parts, strict=True):
                source.begin(part, start)
            self._sources += group
            fresh = fresh[len(group) :]

    def advance(self, n_samples: int) -> None:
        """Makes the next block of all notes; `StreamedSource.take` then hands it out."""
        self._sources = [source for source in self._sources if not source.is_over]
        while self.prepare(n_samples, len(self._sources)):
            pass
        if self._sources:
            block = self._voices.read(n_samples)
            for source in self._sources:
                source.row = block[source.voice.number]

    def n_poor(self, n_samples: int) -> int:
        """Notes that need frames before so many samples can sound."""
        return sum(source.needs(n_samples) for source in self._sources)

    def prepare(self, n_samples: int, at_once: int) -> int:
        """Decodes on where it will be needed soonest.

        Args:
            n_samples: A note that can sound as long needs nothing yet.
            at_once: For how many notes at most.

        Returns:
            For how many it was done; 0 if all have enough.
        """
        poor = [source for source in self._sources if source.needs(n_samples)]
        if not poor:
            return 0
        frame = min(poor, key=lambda source: source.voice.n_ready).frame
        group = sorted((s for s in poor if s.frame == frame), key=lambda s: s.voice.n_ready)[:at_once]
        notes = [source.note for source in group]
        parts = NoteInParts.decode_together(notes, frame, frame + PART_FRAMES)
        for source, part in zip(group, parts, strict=True):
            source.push(part)
        return len(group)


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
