"""A stand-in for the synthesizer in tests of what lies around it: known sounds, no weights."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt

from aae.model.conditioning import Mix
from aae.synthesis.synthesizer import NoteRequest, Synthesizer
from mcnn.spectral.config import SpectrogramConfig

VOCABULARIES = {
    "dynamics": ("forte", "piano"),
    "instrument": ("cello", "clarinet", "french-horn", "violin"),
    "technique": ("arco-normal", "normal", "pizz-normal"),
}
USUAL = {"dynamics": "forte", "technique": "normal", "instrument": "violin"}
RANGE = (48, 84)


class FakeSynthesizer:
    """Sounds a decaying tone at the asked pitch; the seed changes its phase, the latent its decay."""

    def __init__(self) -> None:
        self.rendered: list[NoteRequest] = []
        self.notice: str | None = None
        self.info = SimpleNamespace(
            spectrogram=SpectrogramConfig(), vocabularies=dict(VOCABULARIES), latent_size=3
        )

    def complete(self, mix: Mix) -> dict[str, Mapping[str, float]]:
        return {name: mix.get(name, {USUAL[name]: 1.0}) for name in VOCABULARIES}

    def random_latent(self, seed: int) -> tuple[float, ...]:
        return tuple(np.random.default_rng(seed).normal(size=3).tolist())

    def pitch_range(self, mix: Mix) -> tuple[int, int] | None:
        return None if "pizz-normal" in mix["technique"] else RANGE

    def is_trained(self, midi_pitch: int | None, mix: Mix) -> bool:
        low_high = self.pitch_range(mix)
        return midi_pitch is not None and low_high is not None and low_high[0] <= midi_pitch <= low_high[1]

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
