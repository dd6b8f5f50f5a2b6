"""Which notes `clariolin bench` inverts: recordings of a NoteBank, or notes of the model's own."""

import numpy as np
import numpy.typing as npt

from aae.notes import NoteBank, Split
from aae.synthesizer import NoteRequest, Synthesizer

GOLDEN_RATIO = 0.618
"""Its multiples spread evenly over an interval, however many there are."""


def spread_requests(synthesizer: Synthesizer, count: int) -> list[NoteRequest]:
    """Notes of different sounds and pitches, spread over what the model was trained on."""
    attribute, labels = next(iter(synthesizer.info.vocabularies.items()), ("", ()))
    requests = []
    for index in range(count):
        mix = synthesizer.complete({attribute: {labels[index % len(labels)]: 1.0}} if labels else {})
        low, high = synthesizer.pitch_range(mix) or (60, 72)
        pitch = low + round((high - low) * (index * GOLDEN_RATIO % 1.0))
        requests.append(NoteRequest(pitch, mix, synthesizer.random_latent(index), index))
    return requests


def held_out_waveforms(bank: NoteBank, count: int) -> list[npt.NDArray[np.float32]]:
    """Recorded notes `(samples,)`, spread evenly over a bank's test split (all of it if that is empty)."""
    among = np.flatnonzero(bank.split == Split.TEST)
    if not len(among):
        among = np.arange(len(bank))
    chosen = among[np.linspace(0, len(among) - 1, min(count, len(among))).round().astype(int)]
    return [bank.waveform(int(index)) for index in chosen]
