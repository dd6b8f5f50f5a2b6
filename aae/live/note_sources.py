"""Sources of a note's samples: a whole waveform, or frames that are decoded while it plays.

`StreamBank.decode_onsets` and `decode` change nothing; they are called by the decoding thread. All else is
called by the producer thread alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aae.model.model_file import LoadedModel
from aae.synthesis.attack_shaping import attack_gain
from aae.synthesis.decoding import DecodedNote, NoteDecoder, NoteInParts
from aae.synthesis.finishing import level_correction_db, onset_frame
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats
from mcnn.inversion.inverter import InverterConditioning
from mcnn.spectral.level import REFERENCE_LEVEL_DB
from mcnn.streaming.contract import StreamingInverter
from mcnn.streaming.voices import Voice, Voices

FIRST_FRAMES, PART_FRAMES = 32, 64
"""Frames of a note that are decoded at once, first and then: fewer cost nearly as much."""
MAX_START_DISTANCE_FRAMES = 16
"""Notes that start no further from each other are decoded together, from the first one's frame on."""
MAX_SEARCH_FRAMES = 24
"""Frames that are searched for an onset; a note begins after them even if all were silent."""


class Source(ABC):
    """A note's samples, block by block."""

    duration_s: float
    """Of the whole note, in seconds."""
    level_correction_db = 0.0
    """Added to the level at which the note was decoded; a note that follows this one takes it over."""

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
    """A waveform that is there as a whole.

    Args:
        waveform: `(samples,)`.
        sample_rate: Samples per second.
        start: Number of the first sample to play.
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


@dataclass(frozen=True)
class NoteOnset:
    """A note's first frames."""

    note: NoteInParts
    part: DecodedNote
    start: int
    """The frame of the note with which they begin."""


class StreamedSource(Source):
    """A note of a `StreamBank`, decoded and inverted while it plays.

    Args:
        onset: Its first frames.
        voice: Its place among those that are inverted.
        frame_s: Seconds a frame.
        sample_rate: Samples per second.
        start_s: Where in the note to begin; at 0, silence before the onset is passed over.
        correction_db: Level correction of the note that it follows, where it does not begin at 0.
    """

    def __init__(
        self,
        onset: NoteOnset,
        voice: Voice,
        frame_s: float,
        sample_rate: int,
        start_s: float,
        correction_db: float = 0.0,
    ) -> None:
        part, start = onset.part, onset.start
        self.note, self.voice = onset.note, voice
        self.is_awaited = False
        """Whether its next frames are being decoded."""
        self.duration_s = self.note.n_frames * frame_s
        self.block: Floats = np.zeros(0, np.float32)
        """Its samples of the block that the bank made last."""
        frame = min(round(start_s / frame_s), self.note.n_frames - 1)
        n_skipped = frame - start if frame else onset_frame(part.log_mel[:, :MAX_SEARCH_FRAMES])
        n_skipped = min(n_skipped, part.log_mel.shape[1] - 1)
        self.frame = start + n_skipped
        """Number of the next frame that it lacks."""
        part = _without_first(part, n_skipped)
        self.level_correction_db = correction_db if frame else level_correction_db(part.log_mel)
        gain_db = self.note.level_db - REFERENCE_LEVEL_DB + self.level_correction_db
        self.gain = np.float32(10.0 ** (gain_db / 20.0))
        attack_ms = None if frame else part.attack_ms
        self._attack = attack_gain(part.log_mel.numpy(), attack_ms, 1.0 / frame_s, sample_rate)
        self.push(part)

    @property
    def is_over(self) -> bool:
        """Whether all was played."""
        return self.voice.is_over

    @property
    def is_decoded(self) -> bool:
        """Whether it has all its frames."""
        return self.frame >= self.note.n_frames

    def needs(self, n_samples: int) -> bool:
        """Whether frames must be decoded before so many samples can sound."""
        return not self.is_decoded and not self.is_over and self.voice.n_ready < n_samples

    def take(self, n_samples: int) -> Floats:
        """Its samples of the block that the bank made last."""
        block: Floats = self.block[:n_samples] * self.gain
        attack, self._attack = self._attack[:n_samples], self._attack[n_samples:]
        block[: len(attack)] *= attack
        return block

    def stop(self) -> None:
        """Ends it."""
        self.voice.stop()

    def push(self, part: DecodedNote) -> None:
        """Takes its next frames in; the last ones end it."""
        self.is_awaited = False
        if self.is_over:
            return
        self.voice.push(part.log_mel[None], part.conditioning)
        self.frame += part.log_mel.shape[1]
        if self.is_decoded:
            self.voice.finish()


class StreamBank:
    """Notes that are decoded and inverted while they sound.

    Args:
        loaded: An opened model file.
        inverter: Its own.
        n_voices: Notes at once, at most.
    """

    def __init__(self, loaded: LoadedModel, inverter: StreamingInverter, n_voices: int) -> None:
        self._decoder = NoteDecoder(loaded)
        self._voices = Voices(inverter, n_voices)
        self._frame_s = 1.0 / loaded.info.spectrogram.frame_rate_hz
        self._sample_rate = loaded.info.spectrogram.sample_rate
        self._sources: list[StreamedSource] = []

    def decode_onsets(self, starts: Sequence[tuple[NoteRequest, float]]) -> list[NoteOnset]:
        """First frames of some notes: quicker than one after the other. On the decoding thread.

        Args:
            starts: Each note, and where in it to begin, in seconds; best near one another.
        """
        notes = self._decoder.begin_all([request for request, _ in starts])
        frames = [
            min(round(start_s / self._frame_s), n.n_frames - 1)
            for n, (_, start_s) in zip(notes, starts, strict=True)
        ]
        onsets: dict[int, NoteOnset] = {}
        left = sorted(range(len(notes)), key=frames.__getitem__)
        while left:
            start = frames[left[0]]
            group = [i for i in left if frames[i] <= start + MAX_START_DISTANCE_FRAMES]
            # All of them have the same frame to go on from, and will be decoded together again.
            stop = frames[group[-1]] + FIRST_FRAMES
            parts = NoteInParts.decode_together([notes[i] for i in group], start, stop)
            for i, part in zip(group, parts, strict=True):
                onsets[i] = NoteOnset(notes[i], part, start)
            left = left[len(group) :]
        return [onsets[i] for i in range(len(notes))]

    def begin(
        self, onset: NoteOnset, start_s: float = 0.0, follows: Source | None = None
    ) -> StreamedSource | None:
        """A new note; None if all places are taken.

        Args:
            onset: Its first frames.
            start_s: Where in the note to begin, in seconds.
            follows: Source of the note that it takes over from.
        """
        voice = self._voices.begin()
        if voice is None:
            return None
        correction_db = 0.0 if follows is None else follows.level_correction_db
        source = StreamedSource(onset, voice, self._frame_s, self._sample_rate, start_s, correction_db)
        self._sources.append(source)
        return source

    def underfed(self, n_samples: int, max_notes: int) -> list[StreamedSource]:
        """Notes that need frames before so many samples can sound and await none, soonest first.

        Args:
            n_samples: A note that can sound for as long needs nothing yet.
            max_notes: At most so many. All of them go on from the same frame.
        """
        underfed = [source for source in self._sources if source.needs(n_samples) and not source.is_awaited]
        underfed.sort(key=lambda source: source.voice.n_ready)
        return [source for source in underfed if source.frame == underfed[0].frame][:max_notes]

    def decode(self, sources: Sequence[StreamedSource]) -> list[DecodedNote]:
        """The next frames of notes that go on from the same one. On the decoding thread."""
        frame = sources[0].frame
        return NoteInParts.decode_together([source.note for source in sources], frame, frame + PART_FRAMES)

    def push(self, sources: Sequence[StreamedSource], parts: Sequence[DecodedNote]) -> None:
        """Takes decoded frames in, each part for its source."""
        for source, part in zip(sources, parts, strict=True):
            source.push(part)

    def can_advance(self, n_samples: int) -> bool:
        """Whether no note lacks frames for the next samples."""
        return not any(source.needs(n_samples) for source in self._sources)

    def advance(self, n_samples: int) -> None:
        """Makes the next block of all notes; `StreamedSource.take` then hands it out."""
        self._sources = [source for source in self._sources if not source.is_over]
        if self._sources:
            block = self._voices.read(n_samples)
            for source in self._sources:
                source.block = block[source.voice.number]


def _without_first(part: DecodedNote, n_frames: int) -> DecodedNote:
    """The same without its first frames."""
    known = part.conditioning
    conditioning = InverterConditioning(
        None if known.f0_hz is None else known.f0_hz[:, n_frames:],
        known.inharmonicity,
        None if known.noise is None else known.noise[:, :, n_frames:],
        known.seeds,
    )
    return DecodedNote(part.log_mel[:, n_frames:], conditioning, part.level_db, part.attack_ms)
