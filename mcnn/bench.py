"""Offline inversion measured beside `librosa.griffinlim`: same notes, same magnitudes, taking turns.

Both get the spectrograms of real waveforms and the same transform. Every method's waveform is analysed again
and compared with the magnitudes of the real one.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import librosa
import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from mcnn.compiled import Floats
from mcnn.config import SpectrogramConfig
from mcnn.griffin_lim import GriffinLim
from mcnn.quality import spectral_convergence_db
from mcnn.spectrogram import Spectrogram

Method = Callable[[Tensor], Tensor]


class InversionRow(BaseModel):
    """One method at one number of threads, over all notes."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    method: str
    """Whose Griffin-Lim and how many iterations."""
    source: str
    """What it starts from: `linear` magnitudes or `log-mel`."""
    n_threads: int
    """Threads of torch; librosa's transforms use one."""
    spectral_convergence_db: float
    """Mean over the notes, against the real magnitudes; lower is better."""
    realtime_factor: float
    """Seconds of sound per second of computing, everything included."""


class InversionBench(BaseModel):
    """What the methods reached on the same notes in the same run."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    n_notes: int
    """Notes inverted."""
    duration_s: float
    """Their summed length."""
    rows: tuple[InversionRow, ...]
    """One for each source, method and number of threads."""

    def row(self, method: str, source: str, n_threads: int) -> InversionRow:
        """The row of a method, source and number of threads."""
        return next(r for r in self.rows if (r.method, r.source, r.n_threads) == (method, source, n_threads))


def bench_inversion(
    waveforms: Sequence[Floats],
    config: SpectrogramConfig,
    ours: Sequence[int] = (8, 16, 32),
    librosas: Sequence[int] = (32, 60, 100),
    threads: Sequence[int] = (1,),
) -> InversionBench:
    """Inverts every waveform's spectrograms with every method, in turn.

    Args:
        waveforms: Real notes at the front end's sample rate, each `(samples,)`.
        config: The front end.
        ours: Iterations of our Griffin-Lim.
        librosas: Iterations of librosa's; from log-mels only the largest, after librosa's own mel inversion.
        threads: Numbers of threads to measure with.

    Returns:
        Means and speeds; compiling and warming up are not counted.
    """
    spectrogram = Spectrogram(config)
    methods = _methods(spectrogram, ours, librosas)
    reals = [_with_silent_end(waveform, spectrogram) for waveform in waveforms]
    errors: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    seconds: dict[tuple[str, str, int], float] = defaultdict(float)
    n_threads = torch.get_num_threads()
    try:
        for (_, source), invert in methods.items():
            invert(_given(reals[0][:, : 16 * config.hop_length], source, spectrogram))
        for count in threads:
            torch.set_num_threads(count)
            for real in reals:
                magnitude = spectrogram.magnitude(real)
                for (method, source), invert in methods.items():
                    given = _given(real, source, spectrogram)
                    started = time.perf_counter()
                    made = invert(given)
                    seconds[method, source, count] += time.perf_counter() - started
                    error = spectral_convergence_db(spectrogram.magnitude(made), magnitude)
                    errors[method, source, count].append(float(error))
    finally:
        torch.set_num_threads(n_threads)
    duration_s = sum(real.shape[1] for real in reals) / config.sample_rate
    rows = (
        InversionRow(
            method=method,
            source=source,
            n_threads=count,
            spectral_convergence_db=float(np.mean(errors[method, source, count])),
            realtime_factor=duration_s / seconds[method, source, count],
        )
        for method, source, count in errors
    )
    return InversionBench(n_notes=len(reals), duration_s=duration_s, rows=tuple(rows))


def _methods(
    spectrogram: Spectrogram, ours: Sequence[int], librosas: Sequence[int]
) -> dict[tuple[str, str], Method]:
    """Name and source of each method, and what makes `(1, samples)` of `(1, bins or mels, frames)`."""
    inverters = {f"clariolin {iterations}": GriffinLim(spectrogram.config, iterations) for iterations in ours}
    references = {
        f"librosa {iterations}": _Librosa(spectrogram, iterations) for iterations in sorted(librosas)
    }
    methods: dict[tuple[str, str], Method] = {}
    for name, inverter in inverters.items():
        methods[name, "linear"] = inverter.from_magnitude
        methods[name, "log-mel"] = inverter
    for name, reference in references.items():
        methods[name, "linear"] = reference.from_magnitude
    for name, reference in list(references.items())[-1:]:
        methods[name, "log-mel"] = reference.from_log_mel
    return methods


class _Librosa:
    """librosa's inversion with this front end's transform."""

    def __init__(self, spectrogram: Spectrogram, iterations: int) -> None:
        self.spectrogram = spectrogram
        self.iterations = iterations

    def from_magnitude(self, magnitude: Tensor) -> Tensor:
        """`(1, samples)` of `(1, bins, frames)`; the last frame is silent: librosa has one more than hops."""
        config = self.spectrogram.config
        waveform = librosa.griffinlim(
            magnitude[0].numpy() / self.spectrogram.scale,
            n_iter=self.iterations,
            hop_length=config.hop_length,
            n_fft=config.n_fft,
            window="hann",
            center=True,
            pad_mode="constant",
            length=(magnitude.shape[2] - 1) * config.hop_length,
            random_state=0,
        )
        return torch.nn.functional.pad(torch.from_numpy(waveform)[None], (0, config.hop_length))

    def from_log_mel(self, log_mel: Tensor) -> Tensor:
        """`(1, samples)` of `(1, mels, frames)`."""
        config = self.spectrogram.config
        magnitude = librosa.feature.inverse.mel_to_stft(
            self.spectrogram.expand(log_mel)[0].numpy() / self.spectrogram.scale,
            sr=config.sample_rate,
            n_fft=config.n_fft,
            power=1.0,
            htk=False,
            norm=None,
        )
        return self.from_magnitude(torch.from_numpy(magnitude * self.spectrogram.scale)[None])


def _given(real: Tensor, source: str, spectrogram: Spectrogram) -> Tensor:
    return spectrogram(real) if source == "log-mel" else spectrogram.magnitude(real)


def _with_silent_end(waveform: Floats, spectrogram: Spectrogram) -> Tensor:
    """`(1, samples)`, whole frames and one more."""
    hop_length = spectrogram.config.hop_length
    missing = (spectrogram.n_frames(len(waveform)) + 1) * hop_length - len(waveform)
    return torch.nn.functional.pad(torch.from_numpy(waveform)[None], (0, missing))
