"""A fixed template that draws the partials of a note into a log-mel.

A steady sinusoid is, in a magnitude spectrogram, the main lobe of the analysis window around its frequency;
seen through the mel filters it touches about a dozen bands. That response is tabulated once per front end,
on a grid of `STEP_CENTS`, so drawing a note is a table look-up: any f0 curve, any inharmonicity, no network
weights.

Source: the harmonic-plus-noise idea is DDSP's (Engel et al., ICLR 2020, arXiv 2001.04643), here in the
log-mel domain; the inharmonic series is Fletcher's `f_k = k f0 sqrt(1 + B k²)`.
"""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mcnn.compiled import compiled
from mcnn.network.window_lobe import hann_lobe
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

STEP_CENTS = 5.0
"""Grid of the table; between two rows the response is interpolated linearly."""
MIN_HZ = 16.0
"""First row of the table: below C0 and below every trained note."""
TAPS = 12
"""Mel bands that one partial touches."""


def lobe_table(config: SpectrogramConfig) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Responses of the mel bands to unit sinusoids on a logarithmic frequency grid.

    Args:
        config: The front end.

    Returns:
        `start` `(rows,)`: the first band touched; `taps` `(rows, TAPS)`: the mel magnitudes from there on.
    """
    n_rows = int(1200 * np.log2(config.sample_rate / 2 / MIN_HZ) / STEP_CENTS) + 2
    frequencies = MIN_HZ * 2 ** (np.arange(n_rows) * STEP_CENTS / 1200)
    bins = np.arange(config.n_bins)
    filters = Spectrogram(config).mel_filters.numpy()
    lobes = np.abs(hann_lobe(bins - frequencies[:, None] * config.n_fft / config.sample_rate))
    responses = lobes.astype(np.float32) @ filters.T
    centres = responses @ np.arange(config.n_mels) / np.maximum(responses.sum(1), 1e-9)
    start = np.clip(np.round(centres).astype(np.int64) - TAPS // 2, 0, config.n_mels - TAPS)
    taps = np.take_along_axis(responses, start[:, None] + np.arange(TAPS), axis=1)
    return start, taps


@compiled
def _draw(amplitude: Floats, position: Floats, start: Ints, taps: Floats, out: Floats) -> None:
    """Adds every partial's lobe to its frame."""
    last = taps.shape[0] - 1
    for frame in range(amplitude.shape[0]):
        for k in range(amplitude.shape[1]):
            row = int(position[frame, k])
            if row < 0 or row >= last:
                break
            high = amplitude[frame, k] * (position[frame, k] - np.float32(row))
            low = amplitude[frame, k] - high
            bands = out[frame, start[row] : start[row] + TAPS]
            for j in range(TAPS):
                bands[j] += low * taps[row, j]
            bands = out[frame, start[row + 1] : start[row + 1] + TAPS]
            for j in range(TAPS):
                bands[j] += high * taps[row + 1, j]


@compiled
def _draw_backward(
    amplitude: Floats,
    position: Floats,
    start: Ints,
    taps: Floats,
    grad: Floats,
    grad_amplitude: Floats,
    grad_position: Floats,
) -> None:
    """Gradients of `_draw` with respect to the amplitudes and the table positions."""
    last = taps.shape[0] - 1
    for frame in range(amplitude.shape[0]):
        for k in range(amplitude.shape[1]):
            row = int(position[frame, k])
            if row < 0 or row >= last:
                break
            fraction = position[frame, k] - np.float32(row)
            below, above = np.float32(0), np.float32(0)
            bands = grad[frame, start[row] : start[row] + TAPS]
            for j in range(TAPS):
                below += bands[j] * taps[row, j]
            bands = grad[frame, start[row + 1] : start[row + 1] + TAPS]
            for j in range(TAPS):
                above += bands[j] * taps[row + 1, j]
            grad_amplitude[frame, k] = below + fraction * (above - below)
            grad_position[frame, k] = amplitude[frame, k] * (above - below)


class _DrawOnCpu(torch.autograd.Function):
    """The compiled drawing for CPU tensors, frames shared out over threads."""

    @staticmethod
    def forward(
        ctx: Any, amplitude: Tensor, position: Tensor, start: Tensor, taps: Tensor, n_mels: int
    ) -> Tensor:
        ctx.save_for_backward(amplitude, position, start, taps)
        out = torch.zeros(amplitude.shape[0], n_mels)
        tables = start.numpy(), taps.numpy()
        a, p, o = amplitude.detach().numpy(), position.detach().numpy(), out.numpy()
        _share_out(len(o), lambda part: _draw(a[part], p[part], *tables, o[part]))
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        amplitude, position, start, taps = ctx.saved_tensors
        grad_amplitude, grad_position = torch.zeros_like(amplitude), torch.zeros_like(position)
        tables = start.numpy(), taps.numpy()
        a, p, g = amplitude.detach().numpy(), position.detach().numpy(), grads[0].contiguous().numpy()
        ga, gp = grad_amplitude.numpy(), grad_position.numpy()
        _share_out(
            len(g), lambda part: _draw_backward(a[part], p[part], *tables, g[part], ga[part], gp[part])
        )
        return grad_amplitude, grad_position, None, None, None


def _share_out(n_frames: int, work: Callable[[slice], None]) -> None:
    """Gives every thread a run of frames; the compiled loops hold no interpreter lock."""
    n_threads = torch.get_num_threads()
    if n_threads == 1 or n_frames < 512:
        work(slice(0, n_frames))
        return
    edges = [n_frames * i // n_threads for i in range(n_threads + 1)]
    with ThreadPoolExecutor(n_threads, thread_name_prefix="partials") as pool:
        list(pool.map(work, [slice(a, b) for a, b in itertools.pairwise(edges)]))


def draw_reference(amplitude: Tensor, position: Tensor, start: Tensor, taps: Tensor, n_mels: int) -> Tensor:
    """The same drawing in plain torch operations, for accelerators; see `PartialTemplate`."""
    inside = (position >= 0) & (position < taps.shape[0] - 1)
    row = torch.where(inside, position, 0.0).detach().floor().long()
    fraction = torch.where(inside, position, 0.0) - row
    amplitude = torch.where(inside, amplitude, 0.0)
    offsets = torch.arange(taps.shape[1], device=amplitude.device)
    out = amplitude.new_zeros(amplitude.shape[0], n_mels)
    for weight, rows in ((1 - fraction, row), (fraction, row + 1)):
        bands = (start[rows][..., None] + offsets).flatten(1)
        out = out.scatter_add(1, bands, ((amplitude * weight)[..., None] * taps[rows]).flatten(1))
    return out


class PartialTemplate(nn.Module):
    """Draws partials of given amplitudes at given frequencies as mel magnitudes. No weights.

    Args:
        config: The front end whose mels are drawn.
        n_partials: Highest partial drawn.
    """

    start: Tensor
    taps: Tensor
    order: Tensor

    def __init__(self, config: SpectrogramConfig, n_partials: int) -> None:
        super().__init__()
        self.n_mels = config.n_mels
        start, taps = lobe_table(config)
        self.register_buffer("start", torch.from_numpy(start), persistent=False)
        self.register_buffer("taps", torch.from_numpy(taps), persistent=False)
        self.register_buffer("order", torch.arange(1, n_partials + 1, dtype=torch.float32), persistent=False)

    def forward(self, amplitude: Tensor, f0_hz: Tensor, inharmonicity: Tensor) -> Tensor:
        """Mel magnitudes of a harmonic sound.

        Args:
            amplitude: `(batch, frames, partials)`, linear; a unit sinusoid has 1.
            f0_hz: `(batch, frames)`; 0 where there is no pitch.
            inharmonicity: `(batch,)`, Fletcher's coefficient B.

        Returns:
            `(batch, frames, mels)`.
        """
        stretch = torch.log2(self.order) + 0.5 * torch.log2(1 + inharmonicity[:, None] * self.order**2)
        octaves = torch.log2(f0_hz.clamp_min(1e-3) / MIN_HZ)
        position = (octaves[..., None] + stretch[:, None]) * (1200 / STEP_CENTS)
        position = torch.where(f0_hz[..., None] > 0, position, -1.0)
        flat = amplitude.float().flatten(0, 1).contiguous(), position.float().flatten(0, 1).contiguous()
        if amplitude.device.type == "cpu":
            drawn = _DrawOnCpu.apply(*flat, self.start, self.taps, self.n_mels)  # type: ignore[no-untyped-call]
        else:
            drawn = draw_reference(*flat, self.start, self.taps, self.n_mels)
        return torch.as_tensor(drawn).view(*amplitude.shape[:2], self.n_mels)
