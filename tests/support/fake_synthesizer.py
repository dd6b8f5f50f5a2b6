"""A stand-in for the synthesizer in tests of what lies around it: known sounds, no weights."""

import itertools
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from aae.model.config import ModelConfig
from aae.model.coverage import Combination, Coverage
from aae.model.model_info import ModelInfo
from aae.rendering.note_task import SerialRenderer
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.spectral.config import SpectrogramConfig

VOCABULARIES = {
    "dynamics": ("forte", "piano"),
    "instrument": ("cello", "clarinet", "french-horn", "violin"),
    "technique": ("arco-normal", "normal", "pizz-normal"),
}
USUAL = {"dynamics": "forte", "technique": "normal", "instrument": "violin"}
RANGE = (48, 84)
"""Of every technique but the pizzicato, which was never trained."""
COVERAGE = Coverage(
    attributes=tuple(VOCABULARIES),
    combinations=tuple(
        Combination(
            labels=labels,
            low=RANGE[0],
            high=RANGE[1],
            count=1 + sum(label in USUAL.values() for label in labels),
        )
        for labels in itertools.product(*VOCABULARIES.values())
        if "pizz-normal" not in labels
    ),
)
INFO = ModelInfo(
    model=ModelConfig(),
    spectrogram=SpectrogramConfig(),
    vocabularies=VOCABULARIES,
    coverage=COVERAGE,
    provenance={},
)


class FakeSynthesizer:
    """Sounds a decaying tone at the asked pitch; the seed changes its phase, the latent its decay."""

    def __init__(self) -> None:
        self.rendered: list[NoteRequest] = []
        self.notice: str | None = None
        self.info = INFO.model_copy(update={"vocabularies": dict(VOCABULARIES)})

    def render(self, requests: Sequence[NoteRequest]) -> list[npt.NDArray[np.float32]]:
        self.rendered.extend(requests)
        return [self._tone(request) for request in requests]

    def _tone(self, request: NoteRequest) -> npt.NDArray[np.float32]:
        time_s = np.arange(22_050) / 44_100
        frequency_hz = 440.0 * 2 ** (((request.midi_pitch or 60) - 69) / 12)
        decay = 4.0 + abs(request.latent[0])
        phase = np.random.default_rng(request.seed).uniform(0, 2 * np.pi)
        tone = 0.5 * np.exp(-decay * time_s) * np.sin(2 * np.pi * frequency_hz * time_s + phase)
        return tone.astype(np.float32)


def fake_synthesizer() -> Synthesizer:
    """The stand-in under the type that it stands in for."""
    return cast(Synthesizer, FakeSynthesizer())


def serially(synthesizer: Synthesizer) -> Callable[[int], SerialRenderer]:
    """Lets a synthesizer make the notes of a set, as `render_notes` asks for it."""
    return lambda _n_notes: SerialRenderer(synthesizer)
