"""Playing an inverter that can stream: frames in, as they are decoded; blocks of any size out.

A stream's samples are those of `Inverter.forward` for the whole note, however its frames and samples
are split. Where the pitch is known, a note sounds as soon as a few frames are there: those of its first
samples and `lookahead` more, which the network sees of what comes next. Where f0 has a gap, samples wait for
the next voiced frame. Where no frame has a pitch, phases are integrated over the whole note: nothing is ready
before `finish`, which then makes all of it in one go (tens of milliseconds; best done outside the audio's
feeder).

Threads: there are no locks. All methods of a `NoteStream`, or of `Voices` and its notes, are called by one
thread at a time: the feeder that fills the audio device's buffer, not the device's callback. Different
objects may be used by different threads, also with the same inverter. The inverter's weights must not change
meanwhile.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mcnn.compiled import Floats
from mcnn.inversion.inverter import NO_CONDITIONING, InverterConditioning
from mcnn.network.config import Precision
from mcnn.streaming.contract import StreamingInverter, VoiceBank

LOAD_FRAMES = 16
"""Frames of the silent note that loads everything."""


class Voice:
    """One of the notes of `Voices`; made by `Voices.begin`."""

    def __init__(self, bank: VoiceBank, number: int) -> None:
        self._bank = bank
        self._knows: tuple[bool, bool] | None = None
        self._finished = self._stopped = False
        self.number = number
        """Its row in a block of `Voices.read`."""
        self.gain = 1.0
        """Factor of its samples in `Voices.mix`; it moves there within a block."""

    @property
    def is_over(self) -> bool:
        """Whether no more samples will come: all are read, or it was stopped."""
        return self._stopped or self._bank.is_over(self.number)

    @property
    def n_ready(self) -> int:
        """Samples that can be read before more frames must be pushed."""
        return 0 if self._stopped else self._bank.n_ready(self.number)

    def push(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> None:
        """Takes the note's next frames in.

        Args:
            log_mel: `(1, mels, frames)`, any number of frames.
            conditioning: Of the same frames. What is known of one part must be known of all; inharmonicity
                and seed are those of the first.

        Raises:
            ValueError: If the shape is another one, the parts do not fit together, or the note is finished.
        """
        shape, n_mels = tuple(log_mel.shape), self._bank.config.n_mels
        if len(shape) != 3 or shape[0] != 1 or shape[1] != n_mels:
            raise ValueError(f"log-mel of shape {shape}; expected (1, {n_mels}, frames)")
        knows = conditioning.f0_hz is not None, conditioning.noise is not None
        if self._knows not in (None, knows):
            raise ValueError(f"f0 and noise known: {knows} of these frames, {self._knows} of those before")
        if self._finished or self._stopped:
            raise ValueError("frames for a note that is finished")
        self._knows = knows
        if shape[2]:
            self._bank.push(self.number, log_mel.detach().float().cpu(), conditioning)

    def finish(self) -> None:
        """Says that the note ends with the last frame that was pushed."""
        if not self._finished and not self._stopped:
            self._finished = True
            self._bank.finish(self.number)

    def stop(self) -> None:
        """Ends the note at once; its place can be taken by another one."""
        self._stopped = True


class Voices:
    """Notes that sound together: the network runs once a block, for all of them.

    Args:
        inverter: On the CPU.
        n_voices: Notes at once.
        precision: What large layers are computed in; the inverter's own if not given. `bf16` pays for whole
            notes, hardly for blocks.
    """

    def __init__(
        self, inverter: StreamingInverter, n_voices: int = 16, precision: Precision | None = None
    ) -> None:
        self._bank = inverter.voice_bank(n_voices, precision)
        self._voices: list[Voice | None] = [None] * n_voices
        self._block: Floats = np.zeros((n_voices, 0), np.float32)
        self._gains: Floats = np.zeros(n_voices, np.float32)
        self.lookahead = self._bank.lookahead
        """Frames that must have arrived after those of which samples are made."""
        self._load()

    def _load(self) -> None:
        """Plays a note, so that loops are compiled, or loaded, before one has to sound in time."""
        config, voice = self._bank.config, self.begin()
        assert voice is not None
        silence = torch.full((1, config.n_mels, LOAD_FRAMES), math.log10(config.log_floor))
        voice.push(
            silence,
            InverterConditioning(torch.full((1, LOAD_FRAMES), 440.0), None, torch.zeros_like(silence)),
        )
        voice.finish()
        self.mix(config.hop_length)
        voice.stop()

    @property
    def playing(self) -> Sequence[Voice]:
        """Notes that are not over."""
        return [voice for voice in self._voices if voice is not None and not voice.is_over]

    def n_frames_for(self, n_samples: int) -> int:
        """Frames to push before so many samples of a note, from its beginning, can be read."""
        return self._bank.n_frames_for(n_samples)

    def begin(self) -> Voice | None:
        """A new note, in a free place; None if there is no place (`Voice.stop` makes one)."""
        for number, voice in enumerate(self._voices):
            if voice is None or voice.is_over:
                if voice is not None:
                    voice.stop()
                self._bank.begin(number)
                fresh = Voice(self._bank, number)
                self._voices[number] = fresh
                self._gains[number] = 1.0
                return fresh
        return None

    def read(self, n_samples: int) -> Floats:
        """The next samples of every note.

        Args:
            n_samples: Any number; the same one again costs no new memory.

        Returns:
            `(n_voices, n_samples)`, overwritten by the next call. Zeros where there is no note, after its
            end, and where frames are lacking: there the note goes on later.
        """
        if self._block.shape[1] != n_samples:
            self._block = np.zeros((len(self._voices), n_samples), np.float32)
        block = self._block
        block[:] = 0
        numbers = [voice.number for voice in self.playing]
        self._bank.read(numbers, [block[number] for number in numbers])
        return block

    def mix(self, n_samples: int) -> Floats:
        """The sum of the next samples of all notes, each times its gain: `(n_samples,)`.

        A gain that was changed is reached, in a straight line, at the end of the block.
        """
        block = self.read(n_samples)
        ramp = np.linspace(0.0, 1.0, n_samples + 1, dtype=np.float32)[1:]
        mixed = np.zeros(n_samples, np.float32)
        for number, voice in enumerate(self._voices):
            if voice is None:
                continue
            before, after = self._gains[number], np.float32(voice.gain)
            mixed += block[number] * (before + ramp * (after - before))
            self._gains[number] = after
        return mixed


class NoteStream(Voice):
    """One note by itself: its frames in, its samples out.

    Args:
        inverter: On the CPU.
        precision: What large layers are computed in; the inverter's own if not given.
    """

    def __init__(self, inverter: StreamingInverter, precision: Precision | None = None) -> None:
        super().__init__(inverter.voice_bank(1, precision), 0)

    def n_frames_for(self, n_samples: int) -> int:
        """Frames to push before so many samples, from the beginning, can be read."""
        return self._bank.n_frames_for(n_samples)

    def read(self, n_samples: int) -> Floats:
        """The next samples, `(n_samples,)`; fewer where the note is over or frames are lacking."""
        block = np.zeros(min(n_samples, self.n_ready), np.float32)
        if len(block):
            self._bank.read([0], [block])
        return block
