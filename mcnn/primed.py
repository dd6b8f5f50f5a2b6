"""The MCNN that ships: multi-head convolutional inversion of excitations that are in tune already.

As published, an MCNN must find phases by convolution alone, and from a steady spectrogram it can only emit
multiples of the frame rate (`mcnn.model`). Here every head is given an excitation whose phase is right, and
says how loud each of its bins is: one head for what is tonal (partials at the known pitch, or a phase
integrated from the magnitudes), one for noise. Their sum goes through the inverse Fourier transform.

Source:
    S. Arık, H. Jun, G. Diamos, "Fast spectrogram inversion using multi-head convolutional neural networks",
    IEEE Signal Processing Letters 26(1), 2019 (arXiv 1808.06719); blocks are ConvNeXt's over time, as in
    H. Siuzdak, "Vocos", ICLR 2024 (arXiv 2306.00814).
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from mcnn.config import SpectrogramConfig
from mcnn.inverter import NO_HINTS, Hints, Inverter
from mcnn.inverter_config import PrimedConfig
from mcnn.priming import FINE_STEPS, Excitation, Primer
from mcnn.spectrogram import Spectrogram

PITCH_OCTAVES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Cycles per octave of the waves that tell the pitch."""
LOWEST_HZ = 27.5
LOG_10 = math.log(10.0)
DEFAULT = PrimedConfig()


class PrimedMcnn(Inverter):
    """Log-mel and hints to waveform, in real time.

    Args:
        config: The front end that the log-mels come from.
        shape: Widths and depths.
    """

    name: ClassVar[str] = "mcnn"
    uses_noise: ClassVar[bool] = True
    fine_window: Tensor
    over_bins: Tensor

    def __init__(self, config: SpectrogramConfig, shape: PrimedConfig = DEFAULT) -> None:
        super().__init__(config)
        self.shape = shape
        self.spectrogram = Spectrogram(config)
        self.primer = Primer(self.spectrogram, shape.projections)
        width = shape.width
        self.entry = nn.Conv1d(2 * config.n_mels + N_PITCH, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            TrunkBlock(width, shape.kernel_size, shape.expansion) for _ in range(shape.blocks)
        )
        self.norm = nn.LayerNorm(width)
        fine_bins = self.primer.fine_n_fft // 2 + 1
        self.integrated = Head(width, shape.head_width, config.n_bins)
        self.partials = Head(width, shape.head_width, FINE_STEPS * fine_bins)
        self.noise = Head(width, shape.head_width, FINE_STEPS * fine_bins)
        self.register_buffer("fine_window", torch.hann_window(self.primer.fine_n_fft), persistent=False)
        over_bins = self.spectrogram.mel_filters / self.spectrogram.mel_filters.sum(0).clamp_min(1e-9)
        self.register_buffer("over_bins", over_bins, persistent=False)

    def forward(self, log_mel: Tensor, hints: Hints = NO_HINTS) -> Tensor:
        """Waveforms; see `Inverter.forward`. Gradients reach the weights and, by the levels, `log_mel`."""
        if log_mel.ndim != 3 or log_mel.shape[1] != self.config.n_mels:
            raise ValueError(
                f"log-mel of shape {tuple(log_mel.shape)}; expected (batch, {self.config.n_mels}, frames)"
            )
        return self.shape_excitation(log_mel, hints, self.primer(log_mel, hints))

    def shape_excitation(self, log_mel: Tensor, hints: Hints, excitation: Excitation) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of excitations that are made already."""
        h = self.trunk(log_mel, hints)
        moved = LOG_10 * (log_mel - log_mel.detach()).transpose(1, 2) if log_mel.requires_grad else None
        waveform = torch.zeros(len(log_mel), log_mel.shape[2] * self.config.hop_length, device=log_mel.device)
        if excitation.integrated is not None:
            gain = self._limit(self.integrated(h))
            if moved is not None:
                gain = gain + moved @ self.over_bins
            waveform = waveform + self.spectrogram.istft((gain.exp() * excitation.integrated).transpose(1, 2))
        fine = torch.zeros((), device=log_mel.device)
        for head, spectrum in ((self.partials, excitation.partials), (self.noise, excitation.noise)):
            if spectrum is not None:
                gain = self._limit(head(h)).view(*h.shape[:2], FINE_STEPS, -1)
                if moved is not None:
                    every = (self.config.n_bins - 1) // (gain.shape[3] - 1)
                    gain = gain + (moved @ self.over_bins[:, ::every])[:, :, None]
                fine = fine + gain.flatten(1, 2).exp() * spectrum
        return waveform + self._fine_istft(fine, waveform.shape[1]) if fine.ndim else waveform

    def _fine_istft(self, spectrum: Tensor, n_samples: int) -> Tensor:
        """Waveform `(batch, samples)` of fine spectra `(batch, fine frames, fine bins)`."""
        n_fft = self.primer.fine_n_fft
        return torch.istft(
            spectrum.transpose(1, 2) * (n_fft / 4.0),
            n_fft,
            self.primer.fine_hop,
            window=self.fine_window,
            center=True,
            length=n_samples,
        )

    def trunk(self, log_mel: Tensor, hints: Hints) -> Tensor:
        """What the heads see, `(batch, frames, width)`."""
        h = self.entry(self.features(log_mel, hints)).transpose(1, 2)
        for block in self.blocks:
            h = block(h)
        seen: Tensor = self.norm(h)
        return seen

    def _limit(self, gain: Tensor) -> Tensor:
        most = self.shape.most_gain
        return most * torch.tanh(gain.float() / most)

    def features(self, log_mel: Tensor, hints: Hints) -> Tensor:
        """What the trunk is told: log-mel, noise share and pitch, `(batch, features, frames)`."""
        noise = torch.zeros_like(log_mel) if hints.noise is None else hints.noise
        f0_hz = torch.zeros_like(log_mel[:, 0]) if hints.f0_hz is None else hints.f0_hz
        return torch.cat([0.5 * (log_mel + 2.0), noise, pitch_waves(f0_hz)], 1)


N_PITCH = 1 + 2 * len(PITCH_OCTAVES)


def pitch_waves(f0_hz: Tensor) -> Tensor:
    """Whether there is a pitch, and which, as sines and cosines: `(batch, N_PITCH, frames)`.

    Args:
        f0_hz: `(batch, frames)`, 0 where there is none.
    """
    voiced = (f0_hz > 0).float()
    octaves = torch.log2(f0_hz.clamp_min(LOWEST_HZ / 4) / LOWEST_HZ)
    angles = [2 * math.pi * rate * octaves for rate in PITCH_OCTAVES]
    waves = [wave for angle in angles for wave in (angle.sin() * voiced, angle.cos() * voiced)]
    return torch.stack([voiced, *waves], 1)


class TrunkBlock(nn.Module):
    """A ConvNeXt block over time.

    Args:
        width: Channels.
        kernel_size: Frames it sees.
        expansion: Width of the hidden layer, in multiples of `width`.
    """

    def __init__(self, width: int, kernel_size: int, expansion: int) -> None:
        super().__init__()
        self.across_time = nn.Conv1d(width, width, kernel_size, padding=kernel_size // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, expansion * width)
        self.contract = nn.Linear(expansion * width, width)
        nn.init.zeros_(self.contract.weight)
        nn.init.zeros_(self.contract.bias)

    def forward(self, h: Tensor) -> Tensor:
        """`(batch, frames, width)` to the same shape."""
        x = self.across_time(h.transpose(1, 2)).transpose(1, 2)
        y: Tensor = h + self.contract(nn.functional.gelu(self.expand(self.norm(x))))
        return y


class Head(nn.Module):
    """One head: a layer of its own, then a level for each bin or band. It starts at no correction.

    Args:
        width: Channels of the trunk.
        hidden: Channels of its own.
        n_out: Bins or bands.
    """

    def __init__(self, width: int, hidden: int, n_out: int) -> None:
        super().__init__()
        self.own = nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, n_out)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, h: Tensor) -> Tensor:
        """`(batch, frames, width)` to `(batch, frames, n_out)`."""
        y: Tensor = self.out(nn.functional.elu(self.own(h)))
        return y
