"""One request by every way to sound: rendered, by the desktop's worker, and re-made as a recording."""

import queue

import numpy as np
import pytest
import torch

from aae.analysis.modulation import Modulation
from aae.analysis.onset import ONSET_FRAMES
from aae.cli.console import SHIPPED_MODEL
from aae.live.offline_renderer import OfflineRenderer
from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.finishing import Floats, find_onset, remove_rumble
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.changes import Changes
from aae.transform.note_analysis import AnalysedNote
from aae.transform.resynthesis import Resynthesizer

SEED = int(np.random.default_rng([0, 0]).integers(2**31))
"""The seed of the first note of a recording, see `Resynthesizer.remake`."""
SOURCE = {"instrument": "cello", "technique": "arco-normal", "dynamics": "mezzo-forte"}


@pytest.fixture(scope="module")
def synthesizer() -> Synthesizer:
    return Synthesizer.open(SHIPPED_MODEL, "mcnn")


@pytest.fixture(scope="module")
def request_(synthesizer: Synthesizer) -> NoteRequest:
    mix = synthesizer.info.complete({name: {label: 1.0} for name, label in SOURCE.items()})
    return NoteRequest(52, mix, synthesizer.info.random_latent(1), seed=SEED)


def _as_recording(synthesizer: Synthesizer, request: NoteRequest) -> AnalysedNote:
    """The note as its analysis would find it in a recording, were the analysis free of error."""
    decoder = synthesizer.decoder
    with torch.inference_mode():
        plan = decoder.plan([request])
        decoded = decoder.decode_frames(plan.style, plan.condition, plan.performance)
    waveform = synthesizer.invert(decoded.log_mel[0], decoded.conditioning(plan.seeds))
    assert request.midi_pitch is not None
    cents = 1200 * torch.log2(decoded.f0_hz[0] / pitch_frequency_hz(request.midi_pitch))
    take_size = synthesizer.info.model.take_size
    return AnalysedNote(
        start=0,
        waveform=remove_rumble(waveform, synthesizer.sample_rate),
        midi_pitch=request.midi_pitch,
        f0_cents=cents.numpy(),
        log_mel=decoded.log_mel[0],
        level_db=-20.0,
        modulation=Modulation(
            rate_hz=decoder.traits_of(plan.style).modulation_rates_hz()[0],
            strength=float(plan.performance.modulation_strength),
            phase=plan.performance.modulation_phase[0].numpy(),
        ),
        latent=request.latent,
        take=tuple(np.random.default_rng([request.seed, 3]).standard_normal(take_size).tolist()),
        onset_frames=ONSET_FRAMES,
    )


def test_the_desktop_renders_the_same_bytes(synthesizer: Synthesizer, request_: NoteRequest) -> None:
    answers: queue.Queue[Floats | None] = queue.Queue()
    worker = OfflineRenderer(synthesizer)
    worker.submit(request_, answers.put)
    waveform = answers.get(timeout=60)
    worker.close()
    (rendered,) = synthesizer.render([request_])
    assert waveform is not None
    assert waveform.tobytes() == rendered.tobytes()


def test_a_note_that_is_re_made_unchanged_is_the_rendered_note(
    synthesizer: Synthesizer, request_: NoteRequest
) -> None:
    (rendered,) = synthesizer.render([request_])
    recording = _as_recording(synthesizer, request_)
    resynthesizer = Resynthesizer(synthesizer, Changes(mix=request_.mix), SOURCE)
    remade = resynthesizer.remake(recording).waveform
    assert len(remade) == len(recording.waveform)
    start = find_onset(recording.waveform, synthesizer.sample_rate)
    steady = slice(round(0.2 * synthesizer.sample_rate), len(rendered) - round(0.2 * synthesizer.sample_rate))
    heard, expected = remade[start : start + len(rendered)][steady], rendered[steady]
    gain = float(heard @ expected / (expected @ expected))
    assert np.abs(heard / gain - expected).max() < 1e-5 * np.abs(expected).max()
