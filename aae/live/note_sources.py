"""Where a note's samples come from: a whole waveform, or frames that are decoded as it plays. Qt-free.

Decoding is for any thread: it changes nothing. All else is called by the feeder thread alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from aae.analysis.attack import attack_gain
from aae.analysis.modulation import frame_levels_db
from aae.model.model_file import LoadedModel
from aae.synthesis.decoding import DecodedNote, NoteDecoder, NoteInParts, NoteRequest
from mcnn.compiled import Floats
from mcnn.inversion.inverter import InverterConditioning
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.spectral.level import REFERENCE_LEVEL_DB
from mcnn.streaming.voices import Voice, Voices

FIRST_FRAMES, PART_FRAMES = 32, 64
"""Frames of a note that are decoded at once: fewer cost nearly as much."""
NEAR_FRAMES = 16
"""Notes that begin no further from each other are decoded together, from the first one's frame on."""
ONSET_LOG10 = REFERENCE_LEVEL_DB / 20 - 32 / 20
"""Peak log-mel of a frame, at the reference level, from which a note counts as begun."""
WINDOW_REACH_FRAMES = 3
"""So many frames see an onset before it is there."""
FRAME_OVER_LEVEL_DB = 4.2
"""What the loudest frame of a note is over the level that it will have."""
MAX_LIFT_DB = 12.0
HAS_PEAKED_DB = 1.0
"""A note whose first frames end so far under their peak will hardly become louder."""
MAX_SEARCH_FRAMES = 24
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


@dataclass(frozen=True)
class NoteOnset:
    """A note's first frames."""

    note: NoteInParts
    part: DecodedNote
    start: int
    """The frame of the note with which they begin."""


class StreamedSource(Source):
    """A note of a `StreamBank`.

    Args:
        beginning: Its first frames.
        voice: Its place among those that are inverted.
        frame_s: Seconds a frame.
        sample_rate: Samples per second.
        start_s: Where in the note to begin; at 0, silence before the onset is passed over.
        lift_db: Of the note that it goes on from, if it does not begin at its beginning.
    """

    def __init__(
        self,
        beginning: NoteOnset,
        voice: Voice,
        frame_s: float,
        sample_rate: int,
        start_s: float,
        lift_db: float = 0.0,
    ) -> None:
        part, start = beginning.part, beginning.start
        self.note, self.voice = beginning.note, voice
        self.is_awaited = False
        """Whether its next frames are being decoded."""
        self.duration_s = self.note.n_frames * frame_s
        self.row: Floats = np.zeros(0, np.float32)
        frame = min(round(start_s / frame_s), self.note.n_frames - 1)
        late = frame - start if frame else onset_frame(part.log_mel[:, :MAX_SEARCH_FRAMES])
        late = min(late, part.log_mel.shape[1] - 1)
        self.frame = start + late
        """The next one that it lacks."""
        part = _without_first(part, late)
        self.lift_db = lift_db if frame else level_correction_db(part.log_mel)
        """What it is made louder by: short notes come out under the level that they are to have."""
        gain_db = self.note.level_db - REFERENCE_LEVEL_DB + self.lift_db
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
        """Whether all its frames are made."""
        return self.frame >= self.note.n_frames

    def needs(self, n_samples: int) -> bool:
        """Whether frames must be decoded before so many samples can sound."""
        return not self.is_decoded and not self.is_over and self.voice.n_ready < n_samples

    def take(self, n_samples: int) -> Floats:
        """Its part of the block that the bank has read."""
        block: Floats = self.row[:n_samples] * self.gain
        attack, self._attack = self._attack[:n_samples], self._attack[n_samples:]
        block[: len(attack)] *= attack
        return block

    def stop(self) -> None:
        """Ends it."""
        self.voice.stop()

    def push(self, part: DecodedNote) -> None:
        """Takes its next frames in; the last ones finish it."""
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
        n_voices: Notes at once.
    """

    def __init__(self, loaded: LoadedModel, inverter: SourceFilterMcnn, n_voices: int) -> None:
        self._decoder = NoteDecoder(loaded)
        self._voices = Voices(inverter, n_voices)
        self._frame_s = 1.0 / loaded.info.spectrogram.frame_rate_hz
        self._sample_rate = loaded.info.spectrogram.sample_rate
        self._sources: list[StreamedSource] = []

    def decode_beginnings(self, asked: Sequence[tuple[NoteRequest, float]]) -> list[NoteOnset]:
        """First frames of some notes: quicker than one after the other.

        Args:
            asked: Each note, and where in it to begin, in seconds; best near one another.
        """
        notes = self._decoder.begin_all([request for request, _ in asked])
        frames = [
            min(round(start_s / self._frame_s), n.n_frames - 1)
            for n, (_, start_s) in zip(notes, asked, strict=True)
        ]
        made: dict[int, NoteOnset] = {}
        left = sorted(range(len(notes)), key=frames.__getitem__)
        while left:
            start = frames[left[0]]
            group = [i for i in left if frames[i] <= start + NEAR_FRAMES]
            # All of them have the same frame to go on from, and will be decoded together again.
            stop = frames[group[-1]] + FIRST_FRAMES
            parts = NoteInParts.decode_together([notes[i] for i in group], start, stop)
            for i, part in zip(group, parts, strict=True):
                made[i] = NoteOnset(notes[i], part, start)
            left = left[len(group) :]
        return [made[i] for i in range(len(notes))]

    def begin(
        self, beginning: NoteOnset, start_s: float = 0.0, follows: Source | None = None
    ) -> StreamedSource | None:
        """A new note; None if all places are taken.

        Args:
            beginning: What was decoded of it.
            start_s: Where in the note to begin.
            follows: What it takes over from.
        """
        voice = self._voices.begin()
        if voice is None:
            return None
        lift_db = follows.lift_db if isinstance(follows, StreamedSource) else 0.0
        source = StreamedSource(beginning, voice, self._frame_s, self._sample_rate, start_s, lift_db)
        self._sources.append(source)
        return source

    def poor(self, n_samples: int, at_once: int) -> list[StreamedSource]:
        """Notes that need frames before so many samples can sound and await none, soonest first.

        Args:
            n_samples: A note that can sound as long needs nothing yet.
            at_once: Notes at most. All of them go on from the same frame.
        """
        poor = [source for source in self._sources if source.needs(n_samples) and not source.is_awaited]
        poor.sort(key=lambda source: source.voice.n_ready)
        return [source for source in poor if source.frame == poor[0].frame][:at_once]

    def decode(self, sources: Sequence[StreamedSource]) -> list[DecodedNote]:
        """The next frames of notes that go on from the same one, and are awaited meanwhile."""
        frame = sources[0].frame
        return NoteInParts.decode_together([source.note for source in sources], frame, frame + PART_FRAMES)

    def push(self, sources: Sequence[StreamedSource], parts: Sequence[DecodedNote]) -> None:
        """Takes in what `decode` made."""
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
                source.row = block[source.voice.number]


def onset_frame(log_mel: Tensor) -> int:
    """The frame to start from, of `(mels, frames)`: 0 unless the note begins late."""
    begun = (log_mel.amax(0) > ONSET_LOG10).nonzero()
    if not len(begun) or int(begun[0]) == 0:
        return 0
    return min(int(begun[0]) + WINDOW_REACH_FRAMES - 1, log_mel.shape[1] - 1)


def level_correction_db(log_mel: Tensor) -> float:
    """How far a note stays under the reference level, of its first frames `(mels, frames)`; 0 if it grows."""
    levels_db = frame_levels_db(log_mel.numpy())
    if levels_db.max() - levels_db[-1] < HAS_PEAKED_DB:
        return 0.0
    return float(np.clip(REFERENCE_LEVEL_DB + FRAME_OVER_LEVEL_DB - levels_db.max(), 0.0, MAX_LIFT_DB))


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
