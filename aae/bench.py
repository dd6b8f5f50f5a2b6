"""How fast a model makes notes: the figures that `clariolin bench` prints about decoding and rendering."""

import time
from collections.abc import Callable

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from aae.synthesizer import NoteRequest, Synthesizer

WARM_UP = 3


class Timing(BaseModel):
    """Durations of one repeated action, in milliseconds."""

    model_config = ConfigDict(frozen=True)

    median_ms: float
    p95_ms: float
    repeats: int


class ModelBench(BaseModel):
    """Speed of one model on this machine."""

    model_config = ConfigDict(frozen=True)

    n_parameters: int
    n_decoder_parameters: int
    note_s: float
    """Length of the longest note of the front end, which is what is timed."""
    decode_one_thread: Timing
    """One whole note, note request to log-mel."""
    decode_all_threads: Timing
    render_one_thread: Timing
    """One whole note, note request to waveform, by the model's inverter."""
    n_threads: int
    inverter: str


def bench_model(synthesizer: Synthesizer, repeats: int = 40, render_repeats: int = 8) -> ModelBench:
    """Times a model's decoder and renderer on whole-length notes.

    Args:
        synthesizer: An opened model.
        repeats: Decoded notes that are timed.
        render_repeats: Rendered notes that are timed.
    """
    config = synthesizer.info.spectrogram
    requests = _requests(synthesizer, max(repeats, render_repeats) + WARM_UP)
    n_threads = torch.get_num_threads()

    def decode(request: NoteRequest) -> object:
        return synthesizer.log_mel([request], n_frames=config.max_frames)

    def render(request: NoteRequest) -> object:
        return synthesizer.inverter(synthesizer.log_mel([request], n_frames=config.max_frames)[0][None])

    many = _time(decode, requests[: repeats + WARM_UP])
    torch.set_num_threads(1)
    try:
        one = _time(decode, requests[: repeats + WARM_UP])
        rendered = _time(render, requests[: render_repeats + WARM_UP])
    finally:
        torch.set_num_threads(n_threads)
    return ModelBench(
        n_parameters=sum(p.numel() for p in synthesizer.model.parameters()),
        n_decoder_parameters=sum(p.numel() for p in synthesizer.model.decoder.parameters()),
        note_s=config.max_samples / config.sample_rate,
        decode_one_thread=one,
        decode_all_threads=many,
        render_one_thread=rendered,
        n_threads=n_threads,
        inverter=synthesizer.inverter.name,
    )


def _requests(synthesizer: Synthesizer, n: int) -> list[NoteRequest]:
    """Random notes within the trained ranges."""
    rng = np.random.default_rng(0)
    requests = []
    combinations = [row for row in synthesizer.info.coverage.combinations if row.low >= 0]
    for seed in range(n):
        row = combinations[rng.integers(len(combinations))]
        names = synthesizer.info.coverage.attributes
        mix = {name: {label: 1.0} for name, label in zip(names, row.labels, strict=True) if label is not None}
        midi_pitch = int(rng.integers(row.low, row.high + 1))
        requests.append(NoteRequest(midi_pitch, mix, synthesizer.random_latent(seed), seed))
    return requests


def _time(action: Callable[[NoteRequest], object], requests: list[NoteRequest]) -> Timing:
    durations = []
    for request in requests:
        start = time.perf_counter()
        action(request)
        durations.append(1000 * (time.perf_counter() - start))
    timed = durations[WARM_UP:]
    return Timing(
        median_ms=float(np.median(timed)), p95_ms=float(np.percentile(timed, 95)), repeats=len(timed)
    )
