"""Offline inversion at best quality: fast Griffin-Lim, started from integrated phases."""

from typing import ClassVar

import torch
from torch import Tensor

from mcnn.config import SpectrogramConfig
from mcnn.inverter import Inverter
from mcnn.mel_inversion import MelInversion
from mcnn.phase import pghi
from mcnn.spectrogram import Spectrogram

SILENT_MEL = 1e-3
"""Mel magnitudes below this part of the log floor are rounding errors of silence."""


class GriffinLim(Inverter):
    """Fast Griffin-Lim with momentum, started from phase gradient heap integration.

    Args:
        config: The front end that the log-mels come from.
        iterations: Projections between consistent spectra and the given magnitudes.
        momentum: How far to extrapolate each step; 0 is the original algorithm.
        seed: Of the random phases of the quietest bins.

    Source:
        N. Perraudin, P. Balazs, P. Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013.
    """

    name: ClassVar[str] = "griffin-lim"

    def __init__(
        self, config: SpectrogramConfig, iterations: int = 32, momentum: float = 0.99, seed: int = 0
    ) -> None:
        super().__init__(config)
        self.iterations = iterations
        self.momentum = momentum
        self.seed = seed
        self.spectrogram = Spectrogram(config)
        self.mel_inversion = MelInversion(self.spectrogram)

    @torch.no_grad()
    def forward(self, log_mel: Tensor) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of log-mels `(batch, mels, frames)`."""
        mel = self.spectrogram.expand(log_mel)
        mel = torch.where(mel < SILENT_MEL * self.config.log_floor, 0.0, mel)
        return self.from_magnitude(self.mel_inversion(mel))

    @torch.no_grad()
    def from_magnitude(self, magnitude: Tensor) -> Tensor:
        """Waveforms `(batch, frames * hop_length)` of linear magnitudes `(batch, bins, frames)`."""
        phase = pghi(
            magnitude.transpose(1, 2).contiguous().cpu().numpy(),
            self.config.n_fft,
            self.config.hop_length,
            self.seed,
        )
        angle = torch.from_numpy(phase).to(magnitude.device).transpose(1, 2)
        spectrum = torch.polar(magnitude, angle)
        previous = torch.zeros_like(spectrum)
        for _ in range(self.iterations):
            consistent = self.spectrogram.stft(self.spectrogram.istft(spectrum))
            step = consistent + self.momentum * (consistent - previous)
            previous = consistent
            spectrum = magnitude * torch.sgn(step)
        return self.spectrogram.istft(spectrum)
