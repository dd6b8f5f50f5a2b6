"""Notes that the source-filter MCNN plays together: frames in, samples out, each note at its own place.

The network runs once for the new frames of all notes; everything else is a few loops a note. The memory is
made once: what a block still allocates is small (views, tables of spans), but for notes without a pitch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from mcnn.compiled import Floats
from mcnn.inversion.inverter import InverterConditioning
from mcnn.network.config import Precision
from mcnn.network.excitation import FINE_OVERLAP, FINE_STEPS
from mcnn.network.partial_spectrum import Series
from mcnn.network.source_filter import SourceFilterMcnn, pitch_waves
from mcnn.streaming.cached_network import NO_END, ROW, START, STOP, CachedNetwork
from mcnn.streaming.contract import VoiceBank
from mcnn.streaming.overlap_add_synthesis import OverlapAddSynthesis
from mcnn.streaming.voice_frames import VoiceFrames

MAX_FRAMES = 192
"""Frames of all notes together that the network takes at once: its weights then pass the caches but once."""
DRAWN_FRAMES = 16
"""Frames of all notes together that are drawn and transformed at once: they fit a cache."""
AHEAD = FINE_OVERLAP // 2
"""Drawn frames that must have been added after the one a sample follows, before it is complete."""


@dataclass
class _Slot:
    """One note's state beside its frames and what the network remembers."""

    frames: VoiceFrames
    sums: Floats
    spare: Floats
    n_spare: int = 0
    series: Series | None = None
    """None until it is known that the note has a pitch."""
    noise_start: int = 0
    end: int = NO_END
    """Its length in frames, once that is known."""
    fed: int = 0
    """Frames that the network was given."""
    made: int = 0
    """Frames of which samples were made."""
    read: int = 0
    """Samples that went out."""
    parts: list[tuple[Tensor, InverterConditioning]] = field(default_factory=list)
    """All that arrived, while no pitch was seen."""
    whole: Floats | None = None
    """The waveform of a note without a pitch."""


class SourceFilterBank(VoiceBank):
    """The voice bank of a source-filter MCNN.

    Args:
        network: Its weights must not change meanwhile.
        n_voices: Notes at once.
        precision: What its large layers are computed in.
    """

    def __init__(self, network: SourceFilterMcnn, n_voices: int, precision: Precision = "f32") -> None:
        self._network = network
        self._cached = CachedNetwork(network, n_voices, MAX_FRAMES, precision)
        super().__init__(network.config, self._cached.lookahead)
        self._given: Floats = self._cached.features.numpy()
        self._synthesis = OverlapAddSynthesis(network.excitations, network.shape.most_gain, DRAWN_FRAMES)
        most_spare = (self.lookahead + FINE_OVERLAP) * self.config.hop_length
        self._slots = [
            _Slot(
                VoiceFrames(self.config, self._cached.n_features),
                np.zeros((FINE_OVERLAP, self._synthesis.hop), np.float32),
                np.zeros(most_spare, np.float32),
            )
            for _ in range(n_voices)
        ]

    def begin(self, voice: int) -> None:
        """Begins a note in place of another one."""
        old = self._slots[voice]
        old.frames.reset()
        old.sums[:] = 0
        self._cached.reset(voice)
        self._slots[voice] = _Slot(old.frames, old.sums, old.spare)

    @torch.inference_mode()
    def push(self, voice: int, log_mel: Tensor, conditioning: InverterConditioning) -> None:
        """Takes frames of a note in: `(1, mels, frames)` and what is known of them."""
        slot = self._slots[voice]
        if conditioning.f0_hz is not None and slot.series is None and bool((conditioning.f0_hz > 0).any()):
            stiffness = 0.0 if conditioning.inharmonicity is None else float(conditioning.inharmonicity[0])
            slot.series = self._network.excitations.partials.series(stiffness)
            slot.noise_start = self._network.excitations.noise.start(conditioning.seed(0))
            for part in slot.parts:
                self._take(slot, *part)
            slot.parts.clear()
        if slot.series is None:
            slot.parts.append((log_mel, conditioning))
        else:
            self._take(slot, log_mel, conditioning)

    def _take(self, slot: _Slot, log_mel: Tensor, conditioning: InverterConditioning) -> None:
        assert conditioning.f0_hz is not None
        slot.frames.push(log_mel[0], pitch_waves(conditioning.f0_hz)[0], conditioning, slot.made)

    @torch.inference_mode()
    def finish(self, voice: int) -> None:
        """Says that a note has all its frames. One without a pitch is made now, as a whole."""
        slot = self._slots[voice]
        if slot.series is not None:
            slot.frames.finish()
            slot.end = slot.frames.stop
            return
        slot.end = sum(part.shape[2] for part, _ in slot.parts)
        if not slot.parts:
            slot.whole = np.zeros(0, np.float32)
            return
        log_mel = torch.cat([part for part, _ in slot.parts], 2)
        conditioning = _join([conditioning for _, conditioning in slot.parts])
        slot.whole = self._network(log_mel, conditioning)[0].numpy()
        slot.parts.clear()

    def is_over(self, voice: int) -> bool:
        """Whether all of a note went out."""
        slot = self._slots[voice]
        return slot.end != NO_END and slot.read == slot.end * self.config.hop_length

    def n_ready(self, voice: int) -> int:
        """Samples that can be read of a note before more frames must be pushed."""
        slot = self._slots[voice]
        if slot.end != NO_END:
            return slot.end * self.config.hop_length - slot.read
        frames = slot.frames.sure - self.lookahead
        return max((frames * FINE_STEPS - AHEAD) * self._synthesis.hop - slot.read, 0)

    def n_frames_for(self, n_samples: int) -> int:
        """Frames of which a note's first samples are made, if it does not end before."""
        return self._frames_of(n_samples) + self.lookahead

    def _frames_of(self, n_samples: int) -> int:
        """Frames whose gains its first samples need."""
        if not n_samples:
            return 0
        return (-(-n_samples // self._synthesis.hop) + AHEAD - 1) // FINE_STEPS + 1

    @torch.inference_mode()
    def read(self, voices: Sequence[int], rows: Sequence[Floats]) -> list[int]:
        """Writes the next samples of some notes.

        Args:
            voices: Which, each once.
            rows: Where to, `(samples,)` for each of them.

        Returns:
            How many samples each row got: fewer than it holds where a note is over or frames are lacking.
        """
        slots = [self._slots[voice] for voice in voices]
        counts = [min(self.n_ready(voice), len(row)) for voice, row in zip(voices, rows, strict=True)]
        rows = [row[:count] for row, count in zip(rows, counts, strict=True)]
        filled = [_take_ready(slot, row) for slot, row in zip(slots, rows, strict=True)]
        goals = [self._goal(slot, count) for slot, count in zip(slots, counts, strict=True)]
        while True:
            late = [i for i in range(len(slots)) if slots[i].made < goals[i]]
            if not late:
                break
            self._make(voices, late, goals, filled, rows)
        for slot, count in zip(slots, counts, strict=True):
            slot.read += count
        return counts

    def _goal(self, slot: _Slot, count: int) -> int:
        """Frames that must have been made before so many more samples can be read."""
        if slot.whole is not None:
            return slot.made
        goal = self._frames_of(slot.read + count)
        return goal if slot.end == NO_END else min(goal, slot.end)

    def _make(
        self,
        voices: Sequence[int],
        late: list[int],
        goals: list[int],
        filled: list[int],
        rows: list[Floats],
    ) -> None:
        """One run of the network, and what follows from it for each note that is late."""
        given, room = [], MAX_FRAMES
        for i in late:
            slot = self._slots[voices[i]]
            wanted = min(goals[i] + self.lookahead, slot.frames.stop) - slot.fed
            count = max(min(wanted, room), 0)
            first, row = slot.fed - slot.frames.base, MAX_FRAMES - room
            self._given[row : row + count] = slot.frames.features[first : first + count]
            slot.fed += count
            room -= count
            given.append((voices[i], count, slot.end))
        gains, spans = self._cached.advance(given)
        batch: list[_Piece] = []
        n_frames = 0
        for span, i in zip(spans.tolist(), late, strict=True):
            slot, start = self._slots[voices[i]], span[START]
            while start < span[STOP]:
                stop = min(start + DRAWN_FRAMES - n_frames, span[STOP])
                row = span[ROW] + start - span[START]
                own = gains[0][row : row + stop - start], gains[1][row : row + stop - start]
                self._shape(slot, own, start, stop, n_frames)
                batch.append((i, slot, start, stop, n_frames))
                n_frames += stop - start
                start = stop
                if n_frames == DRAWN_FRAMES:
                    self._add_up(batch, n_frames, filled, rows)
                    n_frames = 0
        self._add_up(batch, n_frames, filled, rows)

    def _shape(self, slot: _Slot, gains: tuple[Floats, Floats], start: int, stop: int, row: int) -> None:
        """Scaled spectra of a note's new frames."""
        frames, series = slot.frames, slot.series
        assert series is not None
        noise = slot.noise_start + start * FINE_STEPS if frames.has_noise else -1
        span = start - frames.base, stop - frames.base, frames.sure - frames.base - 1
        waves = series.stretch, series.start
        self._synthesis.shape(frames.known, waves, span, noise, gains, row * FINE_STEPS)

    def _add_up(self, batch: list["_Piece"], n_frames: int, filled: list[int], rows: list[Floats]) -> None:
        """Samples of what was shaped; empties the batch."""
        if n_frames:
            self._synthesis.transform(n_frames * FINE_STEPS)
        for i, slot, start, stop, row in batch:
            filled[i], slot.n_spare = self._synthesis.add_up(
                slice(row * FINE_STEPS, (row + stop - start) * FINE_STEPS),
                start * FINE_STEPS,
                slot.end * FINE_STEPS if stop == slot.end else NO_END,
                slot.sums,
                rows[i],
                filled[i],
                slot.spare,
                slot.n_spare,
            )
            slot.made = stop
        batch.clear()


_Piece: TypeAlias = tuple[int, _Slot, int, int, int]
"""Some frames that are drawn together with others: which of the notes read, its state, first frame and end,
and the row they begin at."""


def _take_ready(slot: _Slot, row: Floats) -> int:
    """Moves samples that are made already into a row; returns how many."""
    if slot.whole is not None:
        row[:] = slot.whole[slot.read : slot.read + len(row)]
        return len(row)
    count = min(slot.n_spare, len(row))
    row[:count] = slot.spare[:count]
    slot.n_spare -= count
    slot.spare[: slot.n_spare] = slot.spare[count : count + slot.n_spare].copy()
    return count


def _join(parts: list[InverterConditioning]) -> InverterConditioning:
    """InverterConditioning of parts of one note as those of the whole."""
    f0_hz = [part.f0_hz for part in parts if part.f0_hz is not None]
    noise = [part.noise for part in parts if part.noise is not None]
    return InverterConditioning(
        torch.cat(f0_hz, 1) if f0_hz else None,
        parts[0].inharmonicity,
        torch.cat(noise, 2) if noise else None,
        (parts[0].seed(0),),
    )
