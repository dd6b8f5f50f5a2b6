"""The source-filter MCNN, which ships: a network scales excitations that are in tune already.

An MCNN as published finds phases by convolution alone, and from a steady spectrogram it can only emit
multiples of the frame rate (`mcnn.network.published`). Here every head is given an excitation whose phase is
right, and puts out a gain for each of its bins: one head for what is tonal (partials at the known pitch, or a
phase integrated from the magnitudes), one for noise. Their sum goes through the inverse Fourier transform.
Excitations have `FINE_STEPS` frames for each frame of the log-mel, which share one gain: gains of their own,
learnt, modulated every note at the frame rate.

Source:
    S. Arık, H. Jun, G. Diamos, "Fast spectrogram inversion using multi-head convolutional neural networks",
    IEEE Signal Processing Letters 26(1), 2019 (arXiv 1808.06719); blocks are ConvNeXt's over time, as in
    H. Siuzdak, "Vocos", ICLR 2024 (arXiv 2306.00814).
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.network.config import SourceFilterConfig
from mcnn.network.excitation import FINE_STEPS, Excitation, ExcitationGenerator
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

PITCH_OCTAVES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Cycles per octave of the waves that encode the pitch."""
MIN_HZ = 27.5
LOG_10 = math.log(10.0)
DEFAULT_SHAPE = SourceFilterConfig()


class SourceFilterMcnn(Inverter):
    """Log-mel and conditioning to waveform, in torch operations that keep gradients.

    It holds weights and nothing else that changes: it may be copied, pickled, shared by threads. To be
    played it is wrapped (`mcnn.streaming.playable`), which is many times as fast for notes of known pitch.

    Args:
        config: The front end that the log-mels come from.
        shape: Widths and depths.
    """

    name: ClassVar[str] = "mcnn"
    uses_noise: ClassVar[bool] = True
    fine_window: Tensor
    over_bins: Tensor

    def __init__(self, config: SpectrogramConfig, shape: SourceFilterConfig = DEFAULT_SHAPE) -> None:
        super().__init__(config)
        self.shape = shape
        self.spectrogram = Spectrogram(config)
        self.excitations = ExcitationGenerator(self.spectrogram, shape.projections)
        width = shape.width
        self.entry = nn.Conv1d(2 * config.n_mels + N_PITCH, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            TrunkBlock(width, shape.kernel_size, shape.expansion) for _ in range(shape.blocks)
        )
        self.norm = nn.LayerNorm(width)
        fine_bins = self.excitations.fine_n_fft // 2 + 1
        self.integrated = Head(width, shape.head_width, config.n_bins)
        self.partials = Head(width, shape.head_width, fine_bins)
        self.noise = Head(width, shape.head_width, fine_bins)
        self.register_buffer("fine_window", torch.hann_window(self.excitations.fine_n_fft), persistent=False)
        over_bins = self.spectrogram.mel_filters / self.spectrogram.mel_filters.sum(0).clamp_min(1e-9)
        self.register_buffer("over_bins", over_bins, persistent=False)

    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        """Waveforms; see `Inverter.forward`. Gradients reach the weights and, by the levels, `log_mel`."""
        self.require_log_mel(log_mel)
        return self.shape_excitation(log_mel, conditioning, self.excitations(log_mel, conditioning))

    def shape_excitation(
        self, log_mel: Tensor, conditioning: InverterConditioning, excitation: Excitation
    ) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of excitations that are made already."""
        h = self.trunk(log_mel, conditioning)
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
                gain = self._limit(head(h))
                if moved is not None:
                    every = (self.config.n_bins - 1) // (gain.shape[2] - 1)
                    gain = gain + moved @ self.over_bins[:, ::every]
                fine = fine + gain.exp().repeat_interleave(FINE_STEPS, 1) * spectrum
        return waveform + self._fine_istft(fine, waveform.shape[1]) if fine.ndim else waveform

    def _fine_istft(self, spectrum: Tensor, n_samples: int) -> Tensor:
        """Waveform `(batch, samples)` of fine spectra `(batch, fine frames, fine bins)`."""
        n_fft = self.excitations.fine_n_fft
        return torch.istft(
            spectrum.transpose(1, 2) * (n_fft / 4.0),
            n_fft,
            self.excitations.fine_hop,
            window=self.fine_window,
            center=True,
            length=n_samples,
        )

    def trunk(self, log_mel: Tensor, conditioning: InverterConditioning) -> Tensor:
        """Features that the heads read, `(batch, frames, width)`."""
        h = self.entry(self.features(log_mel, conditioning)).transpose(1, 2)
        for block in self.blocks:
            h = block(h)
        seen: Tensor = self.norm(h)
        return seen

    def _limit(self, gain: Tensor) -> Tensor:
        most = self.shape.most_gain
        return most * torch.tanh(gain.float() / most)

    def features(self, log_mel: Tensor, conditioning: InverterConditioning) -> Tensor:
        """Input of the trunk: log-mel, share of noise and pitch, `(batch, features, frames)`."""
        noise = torch.zeros_like(log_mel) if conditioning.noise is None else conditioning.noise
        f0_hz = torch.zeros_like(log_mel[:, 0]) if conditioning.f0_hz is None else conditioning.f0_hz
        return torch.cat([0.5 * (log_mel + 2.0), noise, pitch_waves(f0_hz)], 1)


N_PITCH = 1 + 2 * len(PITCH_OCTAVES)


def pitch_waves(f0_hz: Tensor) -> Tensor:
    """Encodes pitches as a flag and sines and cosines of the octave: `(batch, N_PITCH, frames)`.

    Args:
        f0_hz: `(batch, frames)`, 0 where there is none.
    """
    voiced = (f0_hz > 0).float()
    octaves = torch.log2(f0_hz.clamp_min(MIN_HZ / 4) / MIN_HZ)
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
        self.register_load_state_dict_pre_hook(_share_gains)  # type: ignore[no-untyped-call]

    def forward(self, h: Tensor) -> Tensor:
        """`(batch, frames, width)` to `(batch, frames, n_out)`."""
        y: Tensor = self.out(nn.functional.elu(self.own(h)))
        return y


def _share_gains(head: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Averages the gains of older files, in which each drawn frame had its own."""
    assert isinstance(head, Head)
    for name, own in head.out.named_parameters():
        given = state.get(f"{prefix}out.{name}")
        if given is not None and given.shape[1:] == own.shape[1:] and len(given) == FINE_STEPS * len(own):
            state[f"{prefix}out.{name}"] = given.view(FINE_STEPS, *own.shape).mean(0)
