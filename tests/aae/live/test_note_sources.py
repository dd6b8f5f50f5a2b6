"""Notes that are streamed: the shipped decoder through an untrained source-filter network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aae.cli.console import SHIPPED_MODEL
from aae.live.audio_output import BLOCK
from aae.live.note_sources import (
    StreamBank,
    StreamedSource,
    WaveSource,
)
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.inverters import streaming_inverter
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.network.source_filter import SourceFilterMcnn

N_VOICES = 3


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    opened = load_model(SHIPPED_MODEL)
    torch.manual_seed(0)
    return replace(opened, inverter=SourceFilterMcnn(opened.info.spectrogram).eval())


@pytest.fixture
def bank(loaded: LoadedModel) -> StreamBank:
    inverter = streaming_inverter(loaded)
    assert inverter is not None
    return StreamBank(loaded, inverter, N_VOICES)


def begin(bank: StreamBank, request: NoteRequest, start_s: float = 0.0) -> StreamedSource | None:
    (onset,) = bank.decode_onsets([(request, start_s)])
    return bank.begin(onset, start_s)


def advance(bank: StreamBank) -> None:
    """Makes a block, and what it needs first."""
    while not bank.can_advance(BLOCK):
        sources = bank.underfed(BLOCK, N_VOICES)
        bank.push(sources, bank.decode(sources))
    bank.advance(BLOCK)


def request(loaded: LoadedModel, midi_pitch: int) -> NoteRequest:
    synthesizer = Synthesizer(loaded, GriffinLim(loaded.info.spectrogram))
    return NoteRequest(midi_pitch, synthesizer.info.complete({}), synthesizer.info.random_latent(1))


def test_a_streamed_note_begins_ends_and_has_its_pitch(loaded: LoadedModel, bank: StreamBank) -> None:
    source = begin(bank, request(loaded, 69))
    assert source is not None
    blocks = []
    while not source.is_over:
        advance(bank)
        blocks.append(source.take(BLOCK))
    heard = np.concatenate(blocks)
    assert np.isfinite(heard).all()
    assert len(heard) / 44_100 == pytest.approx(source.duration_s, abs=0.3)
    assert np.abs(heard[: BLOCK * 12]).max() > 0.01
    part = heard[8192 : 8192 + 2**14] * np.hanning(2**14)
    spectrum = np.abs(np.fft.rfft(part, 2**18))
    near = np.arange(len(spectrum)) * 44_100 / 2**18
    window = (near > 400) & (near < 480)
    assert near[window][spectrum[window].argmax()] == pytest.approx(440.0, abs=4.0)


def test_places_are_taken_and_come_free(loaded: LoadedModel, bank: StreamBank) -> None:
    sources = [begin(bank, request(loaded, 60 + i)) for i in range(N_VOICES)]
    assert all(sources)
    assert begin(bank, request(loaded, 72)) is None
    assert sources[0] is not None
    sources[0].stop()
    bank.advance(BLOCK)
    assert begin(bank, request(loaded, 72)) is not None


def test_a_note_can_begin_where_another_one_is(loaded: LoadedModel, bank: StreamBank) -> None:
    late = begin(bank, request(loaded, 69), start_s=0.3)
    assert late is not None
    n_blocks = 0
    while not late.is_over:
        advance(bank)
        n_blocks += 1
    assert n_blocks * BLOCK / 44_100 == pytest.approx(late.duration_s - 0.3, abs=0.05)


def test_short_notes_are_lifted_and_what_follows_them_as_well(loaded: LoadedModel, bank: StreamBank) -> None:
    synthesizer = Synthesizer(loaded, GriffinLim(loaded.info.spectrogram))
    mix = synthesizer.info.complete({"instrument": {"viola": 1.0}, "technique": {"pizz-normal": 1.0}})
    plucked = NoteRequest(55, mix, (0.0, 0.0, 0.0), 1)
    first = begin(bank, plucked)
    assert first is not None
    assert first.level_correction_db > 2.0
    (onset,) = bank.decode_onsets([(plucked, 0.4)])
    second = bank.begin(onset, 0.4, first)
    assert second is not None
    assert second.level_correction_db == first.level_correction_db


def test_a_waveform_ends_in_silence() -> None:
    source = WaveSource(np.ones(700, np.float32), 44_100, start=100)
    assert source.take(512).all()
    last = source.take(512)
    assert last[:88].all()
    assert not last[88:].any()
    assert source.is_over
