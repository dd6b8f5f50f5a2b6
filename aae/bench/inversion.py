"""Inversion of real notes' log-mels by every method: distances from the recordings, and speed.

All methods invert the same notes, one note after the other, taking turns. A made waveform is compared with
the real one by two distances, each the mean of three analyses (`mcnn.losses.metrics.multi_resolution_stft`;
the trained inverters were trained at other resolutions), by the front end's own linear spectrogram, and by
pitch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from aae.analysis.f0 import track_f0
from aae.bench.methods import Method
from mcnn.compiled import Floats
from mcnn.losses.metrics import multi_resolution_stft, spectral_convergence_db
from mcnn.plain import Settings
from mcnn.spectral.spectrogram import Spectrogram

DB_PER_NEPER = 20.0 / np.log(10.0)
WARM_UP_FRAMES = 16


@dataclass(frozen=True)
class BenchNote:
    """A note to be inverted and found again."""

    waveform: Floats
    """`(samples,)`, at the NoteBank's reference level."""
    f0_hz: float | None
    """Nominal pitch; None for an unpitched sound."""


class NoteFigures(Settings):
    """What one method made of one note; the distances are None where its sound means nothing."""

    duration_s: float
    """Length of the note."""
    seconds: float
    """Computing time."""
    spectral_convergence: float | None = None
    """Norm of the magnitudes' error relative to the norm of the real ones, mean of three analyses."""
    log_magnitude_db: float | None = None
    """Mean absolute difference of the levels of all bins, mean of three analyses."""
    front_end_db: float | None = None
    """Spectral convergence of the front end's linear spectrogram, in dB."""
    pitch_cents: float | None = None
    """Median over the note's frames of the distance from the wanted pitch, infinite if there is no pitch any
    more; None where none is wanted."""


class InversionRow(Settings):
    """One method over all notes that it was given: means, but the median of pitch."""

    method: str
    n_notes: int
    n_parameters: int
    spectral_convergence: float | None
    log_magnitude_db: float | None
    front_end_db: float | None
    pitch_cents: float | None
    realtime_factor: float | None
    """Seconds of sound per second of computing, everything included; None if nothing was computed."""

    @classmethod
    def of(cls, method: str, n_parameters: int, figures: Sequence[NoteFigures]) -> Self:
        """The row that sums up notes."""
        return cls(**summarize(method, n_parameters, figures))


def summarize(method: str, n_parameters: int, figures: Sequence[NoteFigures]) -> dict[str, Any]:
    """The fields of an `InversionRow`."""
    seconds = sum(note.seconds for note in figures)
    return {
        "method": method,
        "n_notes": len(figures),
        "n_parameters": n_parameters,
        "spectral_convergence": _over(np.mean, [note.spectral_convergence for note in figures]),
        "log_magnitude_db": _over(np.mean, [note.log_magnitude_db for note in figures]),
        "front_end_db": _over(np.mean, [note.front_end_db for note in figures]),
        "pitch_cents": _over(np.median, [note.pitch_cents for note in figures]),
        "realtime_factor": sum(note.duration_s for note in figures) / seconds if seconds else None,
    }


class InversionBench(Settings):
    """What the methods reached on the same notes in the same run."""

    n_notes: int
    """Notes inverted; `LIBROSA_NOTES` of them at most by librosa, the first ones."""
    duration_s: float
    """Their summed length."""
    n_threads: int
    """Threads of torch; librosa's transforms use one."""
    rows: tuple[InversionRow, ...]
    """One for each method."""
    figures: Mapping[str, tuple[NoteFigures, ...]]
    """Method to each note's figures, in the notes' order."""

    def beside(self, method: str, other: str) -> tuple[InversionRow, InversionRow]:
        """The rows of two methods over the notes that both were given."""
        common = min(len(self.figures[method]), len(self.figures[other]))
        first, second = (
            InversionRow.of(name, self._n_parameters(name), self.figures[name][:common])
            for name in (method, other)
        )
        return first, second

    def _n_parameters(self, method: str) -> int:
        return next(row.n_parameters for row in self.rows if row.method == method)


def bench_inversion(
    notes: Sequence[BenchNote],
    spectrogram: Spectrogram,
    methods: Sequence[Method],
    n_threads: int = 1,
    progress: Callable[[int], object] = lambda done: None,
) -> InversionBench:
    """Inverts every note's log-mel with every method, in turn.

    Args:
        notes: Real notes at the front end's sample rate.
        spectrogram: The front end.
        methods: What to compare.
        n_threads: Threads of torch.
        progress: Called with the number of notes done.

    Returns:
        Distances and speeds; compiling and warming up are not counted.
    """
    figures: dict[str, list[NoteFigures]] = {method.name: [] for method in methods}
    with torch_threads(n_threads):
        first = with_silent_end(notes[0].waveform, spectrogram)
        for method in methods:
            method.invert(spectrogram(first[:, : WARM_UP_FRAMES * spectrogram.config.hop_length]))
        for done, note in enumerate(notes):
            real = with_silent_end(note.waveform, spectrogram)
            log_mel = spectrogram(real)
            for method in methods:
                if method.most_notes is None or done < method.most_notes:
                    made, seconds = method.invert(log_mel)
                    found = NoteFigures(duration_s=_duration_s(real, spectrogram), seconds=seconds)
                    if method.judged:
                        found = _judge(made, real, note.f0_hz, seconds, spectrogram)
                    figures[method.name].append(found)
            progress(done + 1)
    duration_s = sum(note.duration_s for note in figures[methods[0].name])
    return InversionBench(
        n_notes=len(notes),
        duration_s=duration_s,
        n_threads=n_threads,
        rows=tuple(InversionRow.of(m.name, m.n_parameters, figures[m.name]) for m in methods),
        figures={name: tuple(rows) for name, rows in figures.items()},
    )


def _judge(
    made: Tensor, real: Tensor, f0_hz: float | None, seconds: float, spectrogram: Spectrogram
) -> NoteFigures:
    """All figures of a made note; its pitch is to be that of the real one, frame by frame."""
    found = compare(made, real, seconds, spectrogram)
    if f0_hz is None:
        return found
    wanted_cents = pitch_curve_cents(real, f0_hz, spectrogram)
    cents = pitch_error_cents(made, f0_hz, wanted_cents, spectrogram)
    return found.model_copy(update={"pitch_cents": cents})


def compare(input: Tensor, target: Tensor, seconds: float, spectrogram: Spectrogram) -> NoteFigures:
    """How far a waveform is from another one, but for their pitches.

    Args:
        input: `(1, samples)`.
        target: `(1, samples)`, aligned with it.
        seconds: Computing time.
        spectrogram: The front end.
    """
    convergence, log_magnitude = multi_resolution_stft(input, target)
    front_end_db = spectral_convergence_db(spectrogram.magnitude(input), spectrogram.magnitude(target))
    return NoteFigures(
        duration_s=_duration_s(target, spectrogram),
        seconds=seconds,
        spectral_convergence=float(convergence),
        log_magnitude_db=DB_PER_NEPER * float(log_magnitude),
        front_end_db=float(front_end_db),
    )


def pitch_error_cents(
    waveform: Tensor, f0_hz: float, wanted_cents: Floats, spectrogram: Spectrogram
) -> float | None:
    """Median over the frames of the distance from the wanted pitch.

    Args:
        waveform: `(1, samples)`.
        f0_hz: Nominal pitch.
        wanted_cents: `(frames,)`, the pitch over time as deviation from the nominal one, NaN where none.
        spectrogram: The front end.

    Returns:
        Cents, infinite if no pitch is heard where one is wanted; None if none is wanted.
    """
    if not np.isfinite(wanted_cents).any():
        return None
    distance = np.abs(pitch_curve_cents(waveform, f0_hz, spectrogram) - wanted_cents)
    return float(np.nanmedian(distance)) if np.isfinite(distance).any() else float("inf")


def pitch_curve_cents(waveform: Tensor, f0_hz: float, spectrogram: Spectrogram) -> Floats:
    """Deviation `(frames,)` of a waveform `(1, samples)` from its nominal pitch, NaN where unvoiced."""
    config = spectrogram.config
    return track_f0(waveform[0].numpy(), config.sample_rate, config.hop_length, f0_hz)


def with_silent_end(waveform: Floats, spectrogram: Spectrogram) -> Tensor:
    """`(1, samples)`, whole frames and one more."""
    hop_length = spectrogram.config.hop_length
    missing = (spectrogram.n_frames(len(waveform)) + 1) * hop_length - len(waveform)
    return torch.nn.functional.pad(torch.from_numpy(waveform)[None], (0, missing))


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Computes with a number of threads, then with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _over(pool: Callable[[list[float]], np.floating], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(pool(known)) if known else None


def _duration_s(waveform: Tensor, spectrogram: Spectrogram) -> float:
    return waveform.shape[1] / spectrogram.config.sample_rate
