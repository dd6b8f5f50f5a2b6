from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from aae.live.audio_output import BLOCK, AudioOutput, SilentOutput, open_output
from aae.live.engine import Engine
from aae.live.envelope import Envelope
from aae.live.offline_renderer import OfflineRenderer
from aae.live.ring_buffer import RingBuffer
from aae.live.voice_allocator import MAX_VOICES
from aae.model.model_file import LoadedModel
from aae.synthesis.request import NoteRequest
from mcnn.spectral.config import SpectrogramConfig
from tests.support.desktop.real_desktop import wait_for
from tests.support.fake_synthesizer import fake_synthesizer

RATE = 44_100


def request(midi_pitch: int, seed: int = 0) -> NoteRequest:
    return NoteRequest(midi_pitch, {}, (0.0,), seed)


class HandOutput(AudioOutput):
    """A device that asks for samples when the test does."""

    name = "hand"

    def start(self, fill: Callable[[npt.NDArray[np.float32]], None], lost: Callable[[], None]) -> None:
        self.fill, self.lost = fill, lost

    def stop(self) -> None:
        pass

    def take(self, n_blocks: int) -> npt.NDArray[np.float32]:
        blocks = np.zeros((n_blocks, BLOCK), np.float32)
        for block in blocks:
            self.fill(block)
        return blocks.reshape(-1)


@pytest.fixture
def output() -> HandOutput:
    return HandOutput()


@pytest.fixture
def failures() -> list[str]:
    return []


@pytest.fixture
def engine(output: HandOutput, failures: list[str]) -> Iterator[Engine]:
    renderer = OfflineRenderer(fake_synthesizer())
    loaded = SimpleNamespace(info=SimpleNamespace(spectrogram=SpectrogramConfig()), inverter=None)
    made = Engine(cast(LoadedModel, loaded), renderer.submit, output, failures.append)
    made.start()
    yield made
    made.close()
    renderer.close()


def played(engine: Engine, output: HandOutput, n_blocks: int) -> npt.NDArray[np.float32]:
    """So many blocks, each waited for: the producer is another thread."""
    parts = []
    for _ in range(n_blocks):
        wait_for(lambda: engine.producer.ring.n_waiting >= BLOCK or not engine.n_sounding)
        parts.append(output.take(1))
    return np.concatenate(parts)


def test_a_waveform_comes_out_as_it_went_in(engine: Engine, output: HandOutput) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(20 * BLOCK) / RATE)).astype(np.float32)
    engine.play("a", tone)
    wait_for(lambda: engine.n_sounding)
    heard = played(engine, output, 20)
    middle = slice(2 * BLOCK, 18 * BLOCK)
    assert np.abs(heard[middle] - tone[middle]).max() < 0.02  # but for what is cut below 20 Hz
    assert engine.take_peak() == pytest.approx(0.5, abs=0.01)
    assert engine.take_peak() == 0.0
    wait_for(lambda: not engine.n_sounding)
    assert not output.take(4).any() or engine.n_dropouts == 0


def test_a_note_sounds_at_its_pitch_and_falls_when_it_is_let_go(engine: Engine, output: HandOutput) -> None:
    engine.note_on(69, request(69))
    wait_for(lambda: engine.n_sounding)
    heard = played(engine, output, 16)
    spectrum = np.abs(np.fft.rfft(heard, 8 * len(heard)))
    assert float(spectrum.argmax() * RATE / (8 * len(heard))) == pytest.approx(440.0, abs=2.0)
    engine.note_off(69, release_s=0.02)
    played(engine, output, 6)
    wait_for(lambda: not engine.n_sounding)
    output.take(16)
    assert not output.take(2).any()


def test_a_dropout_is_a_block_that_a_note_lacks_or_that_the_device_lost(
    engine: Engine, output: HandOutput
) -> None:
    output.take(4)  # nothing sounds yet
    assert engine.n_dropouts == 0
    engine.play("a", np.full(200 * BLOCK, 0.1, np.float32))
    wait_for(lambda: engine.producer.ring.n_waiting >= 2 * BLOCK)
    output.take(1)
    assert engine.n_dropouts == 0
    output.n_late += 1
    wait_for(lambda: engine.producer.ring.n_waiting >= BLOCK)
    output.take(1)
    assert engine.n_dropouts == 1
    output.take(20)
    assert engine.n_dropouts > 1
    assert engine.producer.blocks_ahead > 2


def test_a_touched_key_is_heard_even_if_its_note_comes_later(engine: Engine, output: HandOutput) -> None:
    engine.note_on(60, request(60))
    engine.note_off(60)
    wait_for(lambda: engine.n_sounding)
    assert np.abs(played(engine, output, 8)).max() > 0.05


def test_more_notes_than_voices_take_the_place_of_the_oldest(engine: Engine, output: HandOutput) -> None:
    tone = np.full(200 * BLOCK, 0.01, np.float32)
    for key in range(MAX_VOICES + 6):
        engine.play(key, tone)
    wait_for(lambda: engine.n_sounding == MAX_VOICES)
    engine.stop_all()
    played(engine, output, 8)
    wait_for(lambda: not engine.n_sounding)


def test_a_sounding_note_fades_over_to_another_sound(engine: Engine, output: HandOutput) -> None:
    engine.note_on(60, request(60))
    wait_for(lambda: engine.n_sounding)
    played(engine, output, 4)
    engine.replace(60, request(60, seed=5))
    wait_for(lambda: engine.n_sounding == 2)
    heard = played(engine, output, 14)
    assert np.abs(np.diff(heard)).max() < 0.15  # no click
    wait_for(lambda: engine.n_sounding <= 1)


def test_a_device_that_goes_away_leaves_silence(
    engine: Engine, output: HandOutput, failures: list[str]
) -> None:
    output.lost()
    wait_for(lambda: failures)
    assert engine.output.is_silent
    assert "went away" in failures[0]
    engine.play("a", np.full(4 * BLOCK, 0.1, np.float32))
    wait_for(lambda: engine.take_peak() > 0.05)


def test_a_note_that_fails_ends_no_other_and_is_told() -> None:
    said: list[str] = []
    renderer = OfflineRenderer(fake_synthesizer(), said.append)
    got: list[object] = []
    renderer.submit(cast("object", None), got.append)  # type: ignore[arg-type]
    wait_for(lambda: got)
    assert got == [None]
    assert said
    renderer.show(request(60))
    wait_for(lambda: renderer.preview is not None)
    assert renderer.preview is not None
    assert renderer.preview.log_mel.shape[0] == 512
    renderer.close()


def test_the_ring_gives_what_it_was_given_and_silence_beyond() -> None:
    ring = RingBuffer(10)
    given, taken = np.arange(1, 31, dtype=np.float32), []
    out = np.zeros(4, np.float32)
    for start in range(0, 30, 6):
        ring.write(given[start : start + 6])
        while ring.n_waiting:
            count = ring.read_into(out)
            taken += out[:count].tolist()
            assert not out[count:].any()
    assert taken == given.tolist()
    with pytest.raises(ValueError, match="no room"):
        ring.write(np.zeros(11, np.float32))


def test_an_envelope_rises_holds_and_falls_in_straight_lines() -> None:
    envelope = Envelope(1000, 0.5, fade_in_s=0.01)
    block = np.ones(100, np.float32)
    envelope.apply(block)
    assert block[[4, 9, 99]] == pytest.approx([0.25, 0.5, 0.5])
    envelope.fade_out(0.1)
    block = np.ones(100, np.float32)
    envelope.apply(block)
    assert block[[49, 99]] == pytest.approx([0.25, 0.0], abs=1e-6)
    assert envelope.is_silent


def test_without_a_device_there_is_silence_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    import aae.live.audio_output

    def no_library(_rate: int) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(aae.live.audio_output, "DeviceOutput", no_library)
    output = open_output(RATE)
    assert isinstance(output, SilentOutput)
    assert "libportaudio2" in output.why
    blocks: list[int] = []
    output.start(lambda block: blocks.append(len(block)), lambda: None)
    wait_for(lambda: len(blocks) > 3)
    output.stop()
    assert set(blocks) == {BLOCK}
