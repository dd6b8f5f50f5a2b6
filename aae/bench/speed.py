"""Speed of a model on whole notes, and its size: figures of `clariolin bench`.

The decoder is timed in single and in half precision, the inverter in every variant that it has
(`aae.bench.methods.variants`, which says what is left out). All take turns on each note.
"""

import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from aae.bench.inversion import torch_threads
from aae.bench.methods import variants
from aae.bench.notes import random_requests
from aae.model.model_file import LoadedModel
from aae.synthesis.decoding import DecodedNote, NoteDecoder
from aae.synthesis.request import NoteRequest
from mcnn.inversion.inverter import Inverter
from mcnn.plain import Settings

WARM_UP = 3
"""Notes made before the first one that is timed."""
ROUNDED_S = 2.0
"""The length that targets are stated for, beside the front end's longest note."""
THREADS = (1, 2)
DRAWS_PER_NOTE = 6
"""So many random notes are tried for one that sounds to its end."""

Seconds = Mapping[str, list[float]]


class Timing(Settings):
    """Durations of one repeated action, in milliseconds."""

    median_ms: float
    p95_ms: float
    p99_ms: float
    repeats: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Timing":
        """Sums durations up."""
        median, p95, p99 = (1000 * float(x) for x in np.percentile(seconds, [50, 95, 99]))
        return cls(median_ms=median, p95_ms=p95, p99_ms=p99, repeats=len(seconds))


class SpeedRow(Settings):
    """One part of the way from note request to sound, for notes of one length, on some threads."""

    part: str
    note_s: float
    """Length of the notes."""
    n_threads: int
    timing: Timing
    realtime_factor: float
    """Seconds of sound per second of computing."""


class ModelBench(Settings):
    """Speed and size of one model on this machine."""

    inverter: str
    n_parameters: int
    """Of the whole auto-encoder."""
    n_decoder_parameters: int
    n_inverter_parameters: int
    inverter_bytes: int
    """What the inverter's weights take in the model file."""
    peak_memory_mib: float | None
    """Most memory that the process held until it had made a note of full length; None if unknown."""
    rows: tuple[SpeedRow, ...]

    def fastest(self, n_threads: int) -> SpeedRow:
        """The fastest way of whole notes of about 2 s to sound on some threads."""
        whole = [row for row in self.rows if row.n_threads == n_threads and "+" in row.part]
        shortest_s = min(row.note_s for row in whole)
        return max((r for r in whole if r.note_s == shortest_s), key=lambda row: row.realtime_factor)


def bench_model(loaded: LoadedModel, inverter: Inverter, repeats: int = 12) -> ModelBench:
    """Times a model's decoder and inverter on whole notes.

    Args:
        loaded: An opened model file.
        inverter: Makes its log-mels sound.
        repeats: Notes that are timed, for each length and number of threads.
    """
    config = loaded.info.spectrogram
    lengths = sorted({config.max_frames, min(config.max_frames, round(ROUNDED_S * config.frame_rate_hz))})
    peak_memory_mib = _peak_memory_mib(loaded, inverter)  # before anything else is there
    parts = _Parts(loaded, inverter)
    rows: list[SpeedRow] = []
    for n_frames in lengths[::-1]:
        requests = parts.sounding_requests(n_frames, repeats)
        for n_threads in THREADS:
            with torch_threads(n_threads):
                seconds, made_s = parts.time(requests, n_frames)
            rows += [
                SpeedRow(
                    part=part,
                    note_s=n_frames / config.frame_rate_hz,
                    n_threads=n_threads,
                    timing=Timing.of(durations),
                    realtime_factor=made_s / sum(durations),
                )
                for part, durations in _with_sums(seconds).items()
            ]
    weights = inverter.state_dict().values()
    return ModelBench(
        inverter=inverter.name,
        n_parameters=sum(p.numel() for p in loaded.model.parameters()),
        n_decoder_parameters=sum(p.numel() for p in loaded.model.decoder.parameters()),
        n_inverter_parameters=sum(p.numel() for p in inverter.parameters()),
        inverter_bytes=sum(tensor.numel() * tensor.element_size() for tensor in weights),
        peak_memory_mib=peak_memory_mib,
        rows=tuple(rows),
    )


class _Parts:
    """The decoders and inverters that take turns.

    Args:
        loaded: An opened model file.
        inverter: Makes its log-mels sound.
    """

    def __init__(self, loaded: LoadedModel, inverter: Inverter) -> None:
        self.loaded = loaded
        self.noise_fluctuation = not inverter.uses_noise
        self.decoders = {
            "decoder, f32": NoteDecoder(loaded),
            "decoder, bf16": NoteDecoder(loaded, "bf16"),
        }
        self.inverters = variants(inverter)

    def sounding_requests(self, n_frames: int, count: int) -> list[NoteRequest]:
        """Random notes that sound for so many frames, some to warm up with; any notes if there are none."""
        decoder = self.decoders["decoder, f32"]
        drawn = random_requests(self.loaded.info, DRAWS_PER_NOTE * (count + WARM_UP))
        lasting: list[NoteRequest] = []
        for request in drawn:
            (note,) = decoder.decode([request], noise_fluctuation=False, n_frames=n_frames)
            if note.log_mel.shape[1] == n_frames:
                lasting.append(request)
            if len(lasting) == count + WARM_UP:
                break
        return lasting if len(lasting) > WARM_UP else drawn[: count + WARM_UP]

    @torch.inference_mode()
    def time(self, requests: Sequence[NoteRequest], n_frames: int) -> tuple[Seconds, float]:
        """Seconds for each note, part by part, and the seconds of sound that were made."""
        seconds: dict[str, list[float]] = {name: [] for name in (*self.decoders, *self.inverters)}
        n_samples = 0
        for position, request in enumerate(requests):
            notes: list[DecodedNote] = []
            for name, decoder in self.decoders.items():
                started = time.perf_counter()
                notes += decoder.decode(
                    [request], noise_fluctuation=self.noise_fluctuation, n_frames=n_frames
                )
                seconds[name].append(time.perf_counter() - started)
            for name, inverter in self.inverters.items():
                started = time.perf_counter()
                waveform = inverter(notes[0].log_mel[None], notes[0].conditioning)
                seconds[name].append(time.perf_counter() - started)
            n_samples += waveform.shape[1] if position >= WARM_UP else 0
        timed = {name: durations[WARM_UP:] for name, durations in seconds.items()}
        return timed, n_samples / self.loaded.info.spectrogram.sample_rate


def _with_sums(seconds: Seconds) -> Seconds:
    """Durations of each part, of decoder and inverter as they are, and of the fastest of each."""
    (first, *other_decoders), (own, *packaged) = (
        [name for name in seconds if name.startswith("decoder") == is_decoder] for is_decoder in (True, False)
    )
    pairs = {(first, own): None}
    fastest = tuple(
        min(names, key=lambda name: np.median(seconds[name]))
        for names in ((first, *other_decoders), (own, *packaged))
    )
    pairs[fastest[0], fastest[1]] = None
    sums = {
        f"{decoder} + {inverter}": [a + b for a, b in zip(seconds[decoder], seconds[inverter], strict=True)]
        for decoder, inverter in pairs
    }
    return {**seconds, **sums}


@torch.inference_mode()
def _peak_memory_mib(loaded: LoadedModel, inverter: Inverter) -> float | None:
    """The most memory that this process ever held, after it has made a note of full length."""
    (request,), n_frames = random_requests(loaded.info, 1), loaded.info.spectrogram.max_frames
    (note,) = NoteDecoder(loaded).decode(
        [request], noise_fluctuation=not inverter.uses_noise, n_frames=n_frames
    )
    inverter(note.log_mel[None], note.conditioning)
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
