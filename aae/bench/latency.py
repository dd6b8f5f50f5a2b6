"""Latency of a note's first block and polyphony: the figures of `clariolin bench` about playing live.

Everything a player does is in it: the decoder makes a note's frames part by part, the inverter streams them
(`mcnn.streaming.voices`), one thread does both. Compiling and the first touch of memory come before: a player
has them behind it when it starts.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from typing import get_args

from aae.bench.inversion import torch_threads
from aae.bench.notes import random_requests
from aae.bench.speed import Timing
from aae.model.model_file import LoadedModel
from aae.synthesis.decoding import NoteDecoder, NoteInParts
from aae.synthesis.request import NoteRequest
from mcnn.network.config import Precision
from mcnn.plain import Settings
from mcnn.streaming.contract import StreamingInverter
from mcnn.streaming.voices import Voices

BLOCK = 512
"""Samples that a sound device asks for at once."""
PART_FRAMES = 32
"""Frames of a note that are decoded at once where many sound: fewer cost nearly as much."""
BLOCKS_AHEAD = 24
"""A note that can sound for longer without decoding needs none yet."""
N_VOICES = 16
WARM_UP_NOTES = 20
WARM_UP_BLOCKS = 100


class LatencyRow(Settings):
    """Playing live in one precision, of decoder and inverter alike, on one thread."""

    precision: Precision
    first_block: Timing
    """From a note's request until its first block can be heard."""
    block: Timing
    """Of a block of all voices."""
    margin: float
    """Share of a block's length that is left in 99 of 100 blocks; negative if it is too short for them."""


class LatencyBench(Settings):
    """Latency and polyphony of one model on this machine."""

    block_samples: int
    block_ms: float
    """Its length: the time there is to make it."""
    n_voices: int
    rows: tuple[LatencyRow, ...]

    def row(self, precision: Precision) -> LatencyRow:
        """The row of a precision."""
        return next(row for row in self.rows if row.precision == precision)


def bench_latency(
    loaded: LoadedModel,
    inverter: StreamingInverter,
    n_notes: int = 500,
    n_blocks: int = 1000,
    progress: Callable[[int], object] = lambda done: None,
) -> LatencyBench:
    """Times first blocks of random notes, one after the other, and blocks of many notes at once.

    Args:
        loaded: An opened model file.
        inverter: Makes its log-mels sound.
        n_notes: Notes whose first block is timed, in either precision.
        n_blocks: Blocks of all voices that are timed.
        progress: Called with the number of measurements done, of `2 * (n_notes + n_blocks)`.
    """
    config = loaded.info.spectrogram
    block_s = BLOCK / config.sample_rate
    requests = random_requests(loaded.info, n_notes + WARM_UP_NOTES)
    rows, done = [], 0
    with torch_threads(1):
        for precision in get_args(Precision):
            decoder = NoteDecoder(loaded, precision)
            voices = Voices(inverter, N_VOICES, precision)
            first = [_first_block(decoder, voices, request) for request in requests][WARM_UP_NOTES:]
            progress(done := done + n_notes)
            band = _Band(
                decoder, Voices(inverter, N_VOICES, precision), random_requests(loaded.info, n_notes)
            )
            blocks = [band.play_block() for _ in range(n_blocks + WARM_UP_BLOCKS)][WARM_UP_BLOCKS:]
            progress(done := done + n_blocks)
            block = Timing.of(blocks)
            margin = 1.0 - block.p99_ms / (1000 * block_s)
            rows.append(
                LatencyRow(precision=precision, first_block=Timing.of(first), block=block, margin=margin)
            )
    return LatencyBench(block_samples=BLOCK, block_ms=1000 * block_s, n_voices=N_VOICES, rows=tuple(rows))


def _first_block(decoder: NoteDecoder, voices: Voices, request: NoteRequest) -> float:
    """Seconds from a request to its first block."""
    started = time.perf_counter()
    sounding = _Sounding(decoder.begin(request), voices)
    sounding.decode(voices.n_frames_for(BLOCK))
    while sounding.is_underfed:  # a sound without pitch is made as a whole
        sounding.decode(PART_FRAMES)
    voices.mix(BLOCK)
    seconds = time.perf_counter() - started
    sounding.voice.stop()
    return seconds


class _Sounding:
    """A note that sounds, decoded part by part.

    Args:
        note: Its frames.
        voices: Where it takes a place.
    """

    def __init__(self, note: NoteInParts, voices: Voices) -> None:
        voice = voices.begin()
        assert voice is not None, "a place is free: as many notes as places"
        self.note, self.voice = note, voice
        self._frame = 0

    @property
    def is_underfed(self) -> bool:
        """Whether frames must be decoded before its next block can be read."""
        return self.voice.n_ready < BLOCK and not self.is_decoded

    @property
    def is_decoded(self) -> bool:
        """Whether all its frames are made."""
        return self._frame == self.note.n_frames

    def decode(self, n_frames: int) -> None:
        """Makes its next frames; the last ones finish the note."""
        stop = min(self._frame + n_frames, self.note.n_frames)
        part = self.note.decode(self._frame, stop)
        self.voice.push(part.log_mel[None], part.conditioning)
        self._frame = stop
        if self.is_decoded:
            self.voice.finish()


class _Band:
    """As many notes as there are voices, all the time: where one ends, the next begins.

    It decodes ahead, as a player does: a part a block, of the note that has the fewest frames ready.

    Args:
        decoder: Of the model.
        voices: All of them are used.
        requests: The notes, again and again.
    """

    def __init__(self, decoder: NoteDecoder, voices: Voices, requests: Sequence[NoteRequest]) -> None:
        self.decoder, self.voices = decoder, voices
        self._requests = itertools.cycle(requests)
        self._sounding: list[_Sounding] = []

    def play_block(self) -> float:
        """Seconds for one block; a note that begins, if one does, included."""
        started = time.perf_counter()
        self._sounding = [one for one in self._sounding if not one.voice.is_over]
        if len(self._sounding) < N_VOICES:
            self._sounding.append(_Sounding(self.decoder.begin(next(self._requests)), self.voices))
        late = [one for one in self._sounding if one.is_underfed]
        for one in late or self._next():
            one.decode(PART_FRAMES)
        while late := [one for one in late if one.is_underfed]:
            late[0].decode(PART_FRAMES)
        self.voices.mix(BLOCK)
        return time.perf_counter() - started

    def _next(self) -> list[_Sounding]:
        """The note to be decoded further while none is late; none if all have enough."""
        wanting = [
            one for one in self._sounding if not one.is_decoded and one.voice.n_ready < BLOCK * BLOCKS_AHEAD
        ]
        return sorted(wanting, key=lambda one: one.voice.n_ready)[:1]
