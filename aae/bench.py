"""How fast a model makes notes on this machine: decoding, and the whole way to sound."""

import time

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict

from aae.notes import NoteBank, Split
from aae.synthesizer import NoteRequest, Synthesizer


class ModelBench(BaseModel):
    """Times of one note after the other."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    n_notes: int
    """Notes made, of different pitch and sound."""
    duration_s: float
    """Their summed length."""
    n_threads: int
    """Threads of torch."""
    decode_ms: float
    """Median time from request to log-mel of one note."""
    render_ms: float
    """Median time from request to sound of one note."""
    realtime_factor: float
    """Seconds of sound per second of computing, from request to sound."""


def spread_requests(synthesizer: Synthesizer, count: int) -> list[NoteRequest]:
    """Notes of different sounds and pitches, spread over what the model was trained on."""
    attribute = next(iter(synthesizer.info.vocabularies), None)
    labels = synthesizer.info.vocabularies[attribute] if attribute else ()
    requests = []
    for index in range(count):
        mix = synthesizer.complete(
            {attribute: {labels[index % len(labels)]: 1.0}} if attribute and labels else {}
        )
        low, high = synthesizer.pitch_range(mix) or (60, 72)
        pitch = low + round((high - low) * (index * 0.618 % 1.0))
        requests.append(NoteRequest(pitch, mix, synthesizer.random_latent(index), index))
    return requests


def bench_model(synthesizer: Synthesizer, count: int = 24, n_threads: int = 1) -> ModelBench:
    """Makes notes one after the other and takes the time; compiling and warming up are not counted.

    Args:
        synthesizer: The model.
        count: How many notes.
        n_threads: Threads of torch while it measures.
    """
    requests = spread_requests(synthesizer, count)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        synthesizer.render(requests[:2])
        decode_s, render_s, n_samples = [], [], 0
        for request in requests:
            started = time.perf_counter()
            synthesizer.log_mel([request])
            decoded = time.perf_counter()
            (waveform,) = synthesizer.render([request])
            render_s.append(time.perf_counter() - decoded)
            decode_s.append(decoded - started)
            n_samples += len(waveform)
    finally:
        torch.set_num_threads(before)
    duration_s = n_samples / synthesizer.info.spectrogram.sample_rate
    return ModelBench(
        n_notes=count,
        duration_s=duration_s,
        n_threads=n_threads,
        decode_ms=1000 * float(np.median(decode_s)),
        render_ms=1000 * float(np.median(render_s)),
        realtime_factor=duration_s / sum(render_s),
    )


def held_out_waveforms(bank: NoteBank, count: int) -> list[npt.NDArray[np.float32]]:
    """Recorded notes, spread evenly over a bank's test split (over all of it if that is empty)."""
    among = np.flatnonzero(bank.split == Split.TEST)
    if not len(among):
        among = np.arange(len(bank))
    chosen = among[np.linspace(0, len(among) - 1, min(count, len(among))).round().astype(int)]
    return [bank.waveform(int(index)) for index in chosen]
