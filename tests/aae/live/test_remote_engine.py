from collections.abc import Iterator
from pathlib import Path

import pytest

from aae.cli.console import SHIPPED_MODEL
from aae.live.remote_engine import RemoteEngine
from aae.model.model_file import load_model
from aae.synthesis.request import NoteRequest
from mcnn.errors import InputError
from tests.support.desktop.real_desktop import wait_for

RATE = 44_100


@pytest.fixture(scope="module")
def note() -> NoteRequest:
    info = load_model(SHIPPED_MODEL).info
    mix = {name: {labels[0]: 1.0} for name, labels in info.vocabularies.items()}
    return NoteRequest(60, mix, (0.0,) * info.latent_size)


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def engine(note: NoteRequest, said: list[str]) -> Iterator[RemoteEngine]:
    made = RemoteEngine(SHIPPED_MODEL, RATE, note, said.append)
    made.wait()
    made.start()
    yield made
    made.close()
    assert not made._process.is_alive()


def test_keys_are_played_in_the_process_and_its_status_comes_back(
    engine: RemoteEngine, note: NoteRequest
) -> None:
    last = engine.status()

    def look() -> bool:
        """Presses the key again where its note, of a second, was over before a busy machine looked."""
        nonlocal last
        if not last.n_sounding:
            engine.note_on(("piano", 60), note)
        last = engine.status()
        return bool(last.n_sounding and last.peak and last.latency_s and last.playhead_s)

    wait_for(look)
    assert last.is_streaming
    engine.note_off(("piano", 60))
    wait_for(lambda: not engine.status().n_sounding)


def test_a_process_that_ends_by_itself_is_started_again(
    engine: RemoteEngine, note: NoteRequest, said: list[str]
) -> None:
    engine.volume = 0.5
    engine._process.kill()
    wait_for(lambda: said)
    wait_for(lambda: engine.status().device.name != "starting …")
    engine.note_on(60, note)
    assert wait_for(lambda: engine.status().peak) > 0
    engine.stop_all()
    assert said == ["the sound ended unexpectedly; it is being started again"]


def test_what_cannot_be_opened_is_said_in_one_line(tmp_path: Path, note: NoteRequest) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    engine = RemoteEngine(broken, RATE, note)
    with pytest.raises(InputError, match=r"broken\.safetensors"):
        engine.wait()
    engine.close()
