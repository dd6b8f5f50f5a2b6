"""Inversion by a phase estimate alone: no iterations, no training, most of it fit for real time.

Each goes from log-mel to mel, linear magnitudes, phases and, by the inverse transform, to the waveform.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from mcnn.compiled import Floats
from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.inversion.pghi import integrate_phase
from mcnn.inversion.rtpghi import Rtpghi
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.mel_inversion import BIN_UPDATES, LOBE_UPDATES, MelBands
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram

FAST_LOBE_UPDATES = 2
"""Updates of the peaks' heights that real time affords."""
FAST_BIN_UPDATES = 6
"""Updates of single bins that real time affords."""
SMOOTHING = 0.6
"""Of RTPGHI's slopes, along time."""


class PhaseInverter(Inverter):
    """Magnitudes from the log-mel, phases by an estimate that a subclass makes; conditioning are not used.

    It computes on the processor, whatever device the log-mels are on.

    Args:
        config: The front end that the log-mels come from.
        lobe_updates: Of `MelBands`.
        bin_updates: Of `MelBands`.
    """

    def __init__(
        self,
        config: SpectrogramConfig,
        lobe_updates: int = FAST_LOBE_UPDATES,
        bin_updates: int = FAST_BIN_UPDATES,
    ) -> None:
        super().__init__(config)
        self.spectrogram = Spectrogram(config)
        self.bands = MelBands(self.spectrogram.mel_filters, lobe_updates, bin_updates)
        self._transform: OverlapAdd | None = None

    @abstractmethod
    def phase(self, magnitude: Floats) -> Floats:
        """Phases in radians of magnitudes, each `(batch, frames, bins)`."""

    @torch.no_grad()
    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of log-mels `(batch, mels, frames)` alone."""
        self.require_log_mel(log_mel)
        mel = self.spectrogram.audible_mel(log_mel)
        rows: Floats = mel.transpose(1, 2).reshape(-1, self.config.n_mels).numpy()
        magnitude = self.bands.magnitude(rows).reshape(len(mel), mel.shape[2], self.config.n_bins)
        return self._synthesise(magnitude).to(log_mel.device)

    @torch.no_grad()
    def from_magnitude(self, magnitude: Tensor) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of linear magnitudes `(batch, bins, frames)`."""
        n_bins = self.config.n_bins
        if magnitude.ndim != 3 or magnitude.shape[1] != n_bins:
            raise ValueError(
                f"magnitudes of shape {tuple(magnitude.shape)}; expected (batch, {n_bins}, frames)"
            )
        frames: Floats = magnitude.detach().float().cpu().transpose(1, 2).contiguous().numpy()
        return self._synthesise(frames).to(magnitude.device)

    def _synthesise(self, magnitude: Floats) -> Tensor:
        n_notes, n_frames = magnitude.shape[:2]
        waveforms = torch.zeros(n_notes, n_frames * self.config.hop_length)
        if not waveforms.numel():
            return waveforms
        spectrum = torch.polar(torch.from_numpy(magnitude), torch.from_numpy(self.phase(magnitude)))
        if self._transform is None or self._transform.n_frames != n_frames:
            self._transform = OverlapAdd(self.config, n_frames)
        for waveform, one in zip(waveforms, spectrum, strict=True):
            waveform[:] = self._transform.synthesise(one)
        return waveforms


class RtpghiInverter(PhaseInverter):
    """Phases by real-time phase gradient heap integration, one frame of lookahead.

    Args:
        config: The front end that the log-mels come from.
        lookahead: Of `Rtpghi`.
        noise_is_smooth: Of `Rtpghi`.
        lobe_updates: Of `MelBands`.
        bin_updates: Of `MelBands`.
        seed: Of the random phases of noise.
    """

    name: ClassVar[str] = "rtpghi"

    def __init__(
        self,
        config: SpectrogramConfig,
        lookahead: int = 1,
        noise_is_smooth: bool = True,
        lobe_updates: int = FAST_LOBE_UPDATES,
        bin_updates: int = FAST_BIN_UPDATES,
        seed: int = 0,
    ) -> None:
        super().__init__(config, lobe_updates, bin_updates)
        self.lookahead = lookahead
        self.noise_is_smooth = noise_is_smooth
        self.seed = seed

    def phase(self, magnitude: Floats) -> Floats:
        """Phases in radians of magnitudes, each `(batch, frames, bins)`."""
        integrator = Rtpghi(
            self.config.n_bins,
            self.config.n_fft,
            self.config.hop_length,
            len(magnitude),
            self.lookahead,
            SMOOTHING if self.lookahead else 0.0,
            self.noise_is_smooth,
            self.seed,
        )
        return np.concatenate([integrator.advance(magnitude), integrator.flush()], axis=1)


class PghiInverter(PhaseInverter):
    """Phases by phase gradient heap integration of the whole note: offline.

    Args:
        config: The front end that the log-mels come from.
        noise_is_smooth: Of `integrate_phase`.
        seed: Of the random phases of noise.
    """

    name: ClassVar[str] = "pghi"

    def __init__(self, config: SpectrogramConfig, noise_is_smooth: bool = True, seed: int = 0) -> None:
        super().__init__(config, LOBE_UPDATES, BIN_UPDATES)
        self.noise_is_smooth = noise_is_smooth
        self.seed = seed

    def phase(self, magnitude: Floats) -> Floats:
        """Phases in radians of magnitudes, each `(batch, frames, bins)`."""
        config = self.config
        phases = [
            integrate_phase(one, config.n_fft, config.hop_length, self.seed, self.noise_is_smooth)
            for one in magnitude
        ]
        return np.stack(phases)
