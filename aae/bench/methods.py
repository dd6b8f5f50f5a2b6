"""The methods of inversion that `clariolin bench` compares, each timed with all that it needs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import librosa
import torch
from torch import Tensor, nn

from mcnn.compiled import Floats
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import Inverter, InverterConditioning
from mcnn.inversion.phase_inverters import PghiInverter, RtpghiInverter
from mcnn.spectral.spectrogram import Spectrogram

Inversion: TypeAlias = Callable[[Tensor, InverterConditioning], Tensor]

GRIFFIN_LIM_ITERATIONS = (32, 100)
"""Of ours and of librosa's."""
LIBROSA_NOTES = 8
"""librosa's mel inversion takes several times as long as the note: it gets the first notes only."""


class Method(ABC):
    """One way of inversion.

    Args:
        name: What tables call it.
        n_parameters: What was learnt.
        judged: Whether its sound means anything; that of an untrained network does not.
        most_notes: It is given only the first notes, to save time; None gives it all.
    """

    def __init__(
        self, name: str, n_parameters: int = 0, judged: bool = True, most_notes: int | None = None
    ) -> None:
        self.name, self.n_parameters = name, n_parameters
        self.judged, self.most_notes = judged, most_notes

    @abstractmethod
    def invert(self, log_mel: Tensor) -> tuple[Tensor, float]:
        """Waveform `(1, frames * hop_length)` of a log-mel `(1, mels, frames)`, and the seconds it took."""


class OwnMethod(Method):
    """One of our inverters.

    Args:
        name: What tables call it.
        inverter: In evaluation mode.
        judged: Whether its sound means anything.
    """

    def __init__(self, name: str, inverter: Inverter, judged: bool = True) -> None:
        super().__init__(name, sum(p.numel() for p in inverter.parameters()), judged)
        self.inverter = inverter

    @torch.inference_mode()
    def invert(self, log_mel: Tensor) -> tuple[Tensor, float]:
        """By the inverter, which is told nothing but the log-mel."""
        started = time.perf_counter()
        return self.inverter(log_mel), time.perf_counter() - started


class LibrosaMethod(Method):
    """librosa's mel inversion and Griffin-Lim, with this front end's transform.

    Args:
        mels: The first half, which is the same for any number of iterations.
        iterations: Of Griffin-Lim.
        most_notes: How many notes it is given.
    """

    def __init__(self, mels: "LibrosaMels", iterations: int, most_notes: int | None = LIBROSA_NOTES) -> None:
        super().__init__(f"librosa {iterations}", most_notes=most_notes)
        self.mels, self.iterations = mels, iterations

    def invert(self, log_mel: Tensor) -> tuple[Tensor, float]:
        """The mel inversion's time counts, though it is computed once for all numbers of iterations.

        The last frame must be silent: librosa has one frame more than hops.
        """
        magnitude, seconds = self.mels.invert(log_mel)
        config, started = self.mels.spectrogram.config, time.perf_counter()
        waveform = librosa.griffinlim(
            magnitude,
            n_iter=self.iterations,
            hop_length=config.hop_length,
            n_fft=config.n_fft,
            window="hann",
            center=True,
            pad_mode="constant",
            length=(magnitude.shape[1] - 1) * config.hop_length,
            random_state=0,
        )
        seconds += time.perf_counter() - started
        return nn.functional.pad(torch.from_numpy(waveform)[None], (0, config.hop_length)), seconds


class LibrosaMels:
    """librosa's mel inversion.

    Args:
        spectrogram: The front end.
    """

    def __init__(self, spectrogram: Spectrogram) -> None:
        self.spectrogram = spectrogram
        self._last: tuple[Tensor, tuple[Floats, float]] | None = None

    def invert(self, log_mel: Tensor) -> tuple[Floats, float]:
        """Magnitudes `(bins, frames)` in librosa's scale of a log-mel `(1, mels, frames)`, and the seconds.

        What was inverted last is remembered.
        """
        if self._last is None or self._last[0] is not log_mel:
            self._last = log_mel, self._invert(log_mel)
        return self._last[1]

    def _invert(self, log_mel: Tensor) -> tuple[Floats, float]:
        config, started = self.spectrogram.config, time.perf_counter()
        magnitude: Floats = librosa.feature.inverse.mel_to_stft(
            self.spectrogram.expand(log_mel)[0].numpy() / self.spectrogram.scale,
            sr=config.sample_rate,
            n_fft=config.n_fft,
            power=1.0,
            htk=False,
            norm=None,
        )
        return magnitude, time.perf_counter() - started


def untrained_methods(spectrogram: Spectrogram, librosa_notes: int | None = LIBROSA_NOTES) -> list[Method]:
    """Everything that needs no training, ours and librosa's.

    Args:
        spectrogram: The front end.
        librosa_notes: How many notes librosa is given; None gives it all.
    """
    config = spectrogram.config
    mels = LibrosaMels(spectrogram)
    return [
        *(OwnMethod(f"griffin-lim {n}", GriffinLim(config, n)) for n in GRIFFIN_LIM_ITERATIONS),
        *(LibrosaMethod(mels, n, librosa_notes) for n in GRIFFIN_LIM_ITERATIONS),
        OwnMethod("rtpghi", RtpghiInverter(config)),
        OwnMethod("pghi", PghiInverter(config)),
    ]


def variants(inverter: Inverter) -> dict[str, Inversion]:
    """The variants that one inverter can run in, by names for tables; the first one is how it is used.

    What can be streamed (`mcnn.streaming`) runs pitched notes in compiled loops, here in both precisions;
    beside it stand its layers as PyTorch runs them, and the same as TorchScript, traced and frozen.
    `torch.compile` would need a compiler at the user's, ONNX Runtime is no dependency: both are left out.

    Args:
        inverter: In evaluation mode.
    """
    others = {f"{inverter.name}, {how}": other for how, other in inverter.variants().items()}
    return {inverter.name: inverter, **others}
