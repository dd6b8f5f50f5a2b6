"""The frames of one note that have arrived, in the arrays that `OverlapAddSynthesis` and the network read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mcnn.compiled import Doubles, Floats, compiled
from mcnn.fast_math import exponential
from mcnn.inversion.inverter import InverterConditioning
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import SILENT_MEL
from mcnn.streaming.overlap_add_synthesis import Known

LOG_10 = np.float32(np.log(10.0))
NOTHING: Floats = np.zeros((0, 0), np.float32)


class VoiceFrames:
    """Frames of one note after the other; the memory is kept, and grows only for notes longer than that.

    Args:
        config: The front end.
        n_features: Features of a frame, as the network's entry takes them.
    """

    def __init__(self, config: SpectrogramConfig, n_features: int) -> None:
        self._config = config
        self._sizes = n_features, config.n_mels
        self._allocate(config.max_frames)
        self.reset()

    def reset(self) -> None:
        """Begins a note."""
        self.base = 0
        """Number of the first frame that is still kept."""
        self.stop = 0
        """Frames that arrived."""
        self.sure = 0
        """Frames whose f0 is known: within a gap it depends on what comes after."""
        self.has_noise = False

    @property
    def known(self) -> Known:
        """The arrays that `OverlapAddSynthesis.shape` reads, from frame `base` on."""
        return self.tonal, self.noisy, self.f0_hz, self.turns

    @property
    def _arrays(self) -> list[NDArray[Any]]:
        return [self.features, *self.known]

    def push(self, log_mel: Tensor, pitch: Tensor, conditioning: InverterConditioning, used: int) -> None:
        """Takes frames in.

        Args:
            log_mel: `(mels, frames)`.
            pitch: The pitch as `source_filter.pitch_waves`, `(waves, frames)`.
            conditioning: Of the same, batch 1, with f0.
            used: Frames before this one are not needed any more.
        """
        count = log_mel.shape[1]
        self._make_room(count, used)
        new = slice(self.stop - self.base, self.stop - self.base + count)
        # A decoder makes frames row by row and shows them as columns: then this copies nothing.
        log_mels: Floats = log_mel.T.contiguous().numpy()
        noise: Floats = (
            NOTHING if conditioning.noise is None else conditioning.noise[0].T.contiguous().numpy()
        )
        self.has_noise = self.has_noise or conditioning.noise is not None
        floor = np.float32(self._config.log_floor)
        rows = self.features[new], self.tonal[new], self.noisy[new]
        self.features[new, 2 * len(log_mel) :] = pitch.T.numpy()
        _take(log_mels, noise, floor, *rows)
        assert conditioning.f0_hz is not None
        self.f0_hz[new] = conditioning.f0_hz[0].numpy()
        self.stop += count
        self._fill_gaps(new)

    def finish(self) -> None:
        """Says that the note ends with the last frame; its pitch is held from the last voiced one."""
        if self.sure < self.stop and self.sure:
            gap = slice(self.sure - self.base, self.stop - self.base)
            self.f0_hz[gap] = self.f0_hz[gap.start - 1]
            self._count_turns(gap.stop)

    def _fill_gaps(self, new: slice) -> None:
        """Interpolates f0 between voiced frames up to the last voiced one, as `excitation.fill_unvoiced`."""
        voiced = new.start + np.flatnonzero(self.f0_hz[new] > 0)
        if not len(voiced):
            return
        start, stop = self.sure - self.base, int(voiced[-1]) + 1
        if len(voiced) < stop - start:
            known = np.concatenate([[start - 1], voiced]) if self.sure else voiced
            self.f0_hz[start:stop] = np.interp(np.arange(start, stop), known, self.f0_hz[known])
        self._count_turns(stop)

    def _count_turns(self, stop: int) -> None:
        """Cycles up to each frame that has become sure, as `partial_spectrum.count_turns`."""
        start = self.sure - self.base
        if not self.sure:
            self.turns[0], start = 0.0, 1
        steps = self.f0_hz[start:stop].astype(np.float64) + self.f0_hz[start - 1 : stop - 1]
        steps *= 0.5 / self._config.frame_rate_hz
        self.turns[start:stop] = self.turns[start - 1] + np.cumsum(steps)
        self.sure = self.base + stop

    def _make_room(self, count: int, used: int) -> None:
        kept = slice(max(min(used, self.sure) - 1 - self.base, 0), self.stop - self.base)
        size = kept.stop - kept.start + count
        if kept.stop + count <= len(self.features):
            return
        old = self._arrays
        if size > len(self.features):
            self._allocate(2 * size)
        for new, array in zip(self._arrays, old, strict=True):
            new[: kept.stop - kept.start] = array[kept].copy()
        self.base += kept.start

    def _allocate(self, n_frames: int) -> None:
        n_features, n_mels = self._sizes
        # `zeros` would leave it to the first note to fetch the memory.
        self.features: Floats = np.full((n_frames, n_features), 0, np.float32)
        self.tonal: Floats = np.full((n_frames, n_mels), 0, np.float32)
        self.noisy: Floats = np.full((n_frames, n_mels), 0, np.float32)
        self.f0_hz: Floats = np.full(n_frames, 0, np.float32)
        self.turns: Doubles = np.full(n_frames, 0, np.float64)


@compiled
def _take(
    log_mel: Floats, noise: Floats, floor: np.float32, features: Floats, tonal: Floats, noisy: Floats
) -> None:
    """Makes the features of `SourceFilterMcnn.features` and the two parts' magnitudes, frame by frame."""
    n_mels = log_mel.shape[1]
    for t in range(len(log_mel)):
        row, told, rest, random = log_mel[t], features[t], tonal[t], noisy[t]
        for c in range(n_mels):
            told[c] = np.float32(0.5) * (row[c] + np.float32(2))
            mel = exponential(LOG_10 * row[c]) - floor
            rest[c] = mel if mel >= np.float32(SILENT_MEL) * floor else np.float32(0)
        if len(noise):
            share, told = noise[t], told[n_mels:]
            for c in range(n_mels):
                told[c] = share[c]
                random[c] = rest[c] * share[c]
                rest[c] -= random[c]
        else:
            told[n_mels : 2 * n_mels] = 0
            random[:] = 0
