"""A recording re-made note by note, each laid where it was played.

Notes that follow each other without a pause are cross-faded. What is between notes is silence.

Conventions: finished blocks are float32 at the model's sample rate, `(samples, 1)` or left and right.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from aae.synthesis.limiter import PHRASE_KNEE, soft_limit
from aae.transform.note_analysis import AnalysedNote, Floats
from aae.transform.resynthesis import Resynthesizer
from aae.transform.segments import Segment
from aae.transform.stereo import StereoImage, measure_image, spread

OVERLAP_S = 0.03
_TOUCHING_S = 0.02


@dataclass(frozen=True)
class NoteFacts:
    """A note of the recording and the note that replaces it.

    Attributes:
        start_s: Where it begins in the recording.
        duration_s: How long it is.
        played_pitch: MIDI number of the played note; None if no pitch was heard.
        tuning_cents: How far it was from that.
        midi_pitch: What it was made at.
        latent: The point of the latent space it was made from.
        trained: Whether the training data had this note of this combination.
    """

    start_s: float
    duration_s: float
    played_pitch: int | None
    tuning_cents: float | None
    midi_pitch: int | None
    latent: tuple[float, ...]
    trained: bool


@dataclass(frozen=True)
class RemadeBlock:
    """A finished part of the result, and the notes that were laid since the one before."""

    block: Floats
    notes: tuple[NoteFacts, ...]


def remake_phrase(
    stretches: Iterable[Segment], remaker: Resynthesizer, *, stereo: bool = True
) -> Iterator[RemadeBlock]:
    """The re-made recording, block by block.

    Args:
        stretches: What was heard, see `aae.transform.segments`.
        remaker: Makes the notes.
        stereo: Whether two channels in are two channels out.
    """
    layer: _Layer | None = None
    for stretch in stretches:
        if layer is None:
            layer = _Layer(remaker, stretch.block.shape[1] if stereo else 1)
        for note in stretch.notes:
            image = None
            if layer.channels == 2:
                image = measure_image(stretch.of_note(note), remaker.config.sample_rate)
            layer.add(note, image)
        yield layer.take(stretch.settled)
    if layer is not None:
        yield layer.take(None)


class _Layer:
    """The result from the first sample that is not finished yet."""

    def __init__(self, remaker: Resynthesizer, channels: int) -> None:
        self.channels = channels
        self._remaker = remaker
        self._sample_rate = remaker.config.sample_rate
        self._start = 0
        self._sound = np.zeros((0, channels), np.float32)
        self._waiting: tuple[AnalysedNote, StereoImage | None] | None = None
        self._number = 0
        self._facts: list[NoteFacts] = []

    def add(self, note: AnalysedNote, image: StereoImage | None) -> None:
        """Lays the note before this one, of which it is now known how it ends."""
        if self._waiting is not None:
            self._lay(*self._waiting, following=note)
        self._waiting = (note, image)

    def take(self, settled: int | None) -> RemadeBlock:
        """The finished part of the result, up to a sample; None finishes everything."""
        if settled is None:
            if self._waiting is not None:
                self._lay(*self._waiting, following=None)
            self._waiting = None
            settled = self._start + len(self._sound)
        elif self._waiting is not None:
            settled = self._waiting[0].start
        n_ready = max(0, settled - self._start)
        self._reach(self._start + n_ready)
        ready, self._sound = self._sound[:n_ready], self._sound[n_ready:]
        self._start += n_ready
        facts, self._facts = tuple(self._facts), []
        return RemadeBlock(soft_limit(ready, PHRASE_KNEE), facts)

    def _lay(self, note: AnalysedNote, image: StereoImage | None, following: AnalysedNote | None) -> None:
        touches = following is not None and following.start - note.end < _TOUCHING_S * self._sample_rate
        after = round(OVERLAP_S * self._sample_rate) if touches else 0
        made = self._remaker.remake(note, after=after, number=self._number)
        self._number += 1
        sound = made.waveform[:, None] if image is None else spread(made.waveform, image)
        first = note.start - self._start
        self._reach(note.start + len(sound))
        self._sound[first : first + len(sound)] += sound
        tuning = note.tuning_cents
        self._facts.append(
            NoteFacts(
                start_s=round(note.start / self._sample_rate, 4),
                duration_s=round(len(note.waveform) / self._sample_rate, 4),
                played_pitch=note.midi_pitch,
                tuning_cents=None if tuning is None else round(tuning, 1),
                midi_pitch=made.midi_pitch,
                latent=made.latent,
                trained=made.trained,
            )
        )

    def _reach(self, end: int) -> None:
        """Makes room up to a sample."""
        missing = end - self._start - len(self._sound)
        if missing > 0:
            self._sound = np.concatenate([self._sound, np.zeros((missing, self.channels), np.float32)])
