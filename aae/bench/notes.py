"""The notes that `clariolin bench` measures on: recordings of a NoteBank, or notes of the model's own."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aae.analysis.note_features import to_reference_level
from aae.bench.inversion import BenchNote
from aae.model.model_info import ModelInfo
from aae.notes.bank import UNPITCHED, NoteBank, Split
from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer

GOLDEN_RATIO = 0.618
"""Its multiples spread evenly over an interval, however many there are."""


def spread_requests(synthesizer: Synthesizer, count: int) -> list[NoteRequest]:
    """Notes of different sounds and pitches, spread over what the model was trained on."""
    attribute, labels = next(iter(synthesizer.info.vocabularies.items()), ("", ()))
    requests = []
    for index in range(count):
        mix = synthesizer.info.complete({attribute: {labels[index % len(labels)]: 1.0}} if labels else {})
        low, high = synthesizer.info.coverage.pitch_range(mix) or (60, 72)
        pitch = low + round((high - low) * (index * GOLDEN_RATIO % 1.0))
        requests.append(NoteRequest(pitch, mix, synthesizer.info.random_latent(index), index))
    return requests


def random_requests(info: ModelInfo, count: int) -> list[NoteRequest]:
    """Notes at random points of the latent space, anywhere in the trained ranges."""
    rng = np.random.default_rng(0)
    coverage = info.coverage
    requests = []
    for seed in range(count):
        row = coverage.combinations[rng.integers(len(coverage.combinations))]
        mix = {
            name: {label: 1.0}
            for name, label in zip(coverage.attributes, row.labels, strict=True)
            if label is not None
        }
        midi_pitch = None if row.low == UNPITCHED else int(rng.integers(row.low, row.high + 1))
        latent = tuple(float(x) for x in rng.standard_normal(info.latent_size))
        requests.append(NoteRequest(midi_pitch, mix, latent, seed))
    return requests


def made_notes(synthesizer: Synthesizer, count: int) -> list[BenchNote]:
    """The sound of `spread_requests`, at the level of a NoteBank's notes."""
    requests = spread_requests(synthesizer, count)
    sample_rate = synthesizer.info.spectrogram.sample_rate
    return [
        BenchNote(to_reference_level(waveform, sample_rate), _frequency_hz(request.midi_pitch))
        for request, waveform in zip(requests, synthesizer.render(requests), strict=True)
    ]


def held_out_positions(bank: NoteBank, count: int) -> npt.NDArray[np.int64]:
    """Positions of notes of a bank's test split (of all of it if that is empty), in no order of any meaning.

    They take turns over the labels of the bank's first attribute, as a rule the instrument, and spread evenly
    within each, so that every beginning of the list is spread as well.
    """
    among = np.flatnonzero(bank.split == Split.TEST)
    if not len(among):
        among = np.arange(len(bank))
    labels = next(iter(bank.labels.values()), np.zeros(len(bank), np.int16))[among]
    kinds = [among[labels == label] for label in np.unique(labels)]
    queues = [_spread(kind) for kind in kinds]
    order = _spread(np.arange(len(queues)))
    turns = [queues[kind][turn] for turn in range(len(among)) for kind in order if turn < len(queues[kind])]
    return np.array(turns[:count], np.int64)


def recorded_notes(bank: NoteBank, positions: Sequence[int] | npt.NDArray[np.int64]) -> list[BenchNote]:
    """Recordings with the pitch that they are labelled with."""
    pitches = [None if bank.midi_pitch[i] == UNPITCHED else int(bank.midi_pitch[i]) for i in positions]
    return [
        BenchNote(bank.waveform(int(i)), _frequency_hz(pitch))
        for i, pitch in zip(positions, pitches, strict=True)
    ]


def _spread(items: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The items in an order whose every beginning is spread over them."""
    return items[np.argsort((np.arange(1, len(items) + 1) * GOLDEN_RATIO) % 1.0, kind="stable")]


def _frequency_hz(midi_pitch: int | None) -> float | None:
    return None if midi_pitch is None else pitch_frequency_hz(midi_pitch)
