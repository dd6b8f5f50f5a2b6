"""An engine in a script: the shipped model, no window, no device."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aae.cli.console import CHECKOUT, SHIPPED_MODEL
from aae.live.audio_output import BLOCK, RecordingOutput, SilentOutput
from aae.live.live_engine import LiveEngine
from aae.model.model_file import load_model
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats
from mcnn.errors import InputError
from tests.support.desktop.real_desktop import wait_for

RATE = 44_100
EXAMPLE = CHECKOUT / "assets" / "examples" / "play_live.py"
CHORD = (60, 64, 67)


def loudest_hz(waveform: Floats, low_hz: float, high_hz: float) -> float:
    """The strongest frequency between two."""
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), 2**18))
    frequencies = np.fft.rfftfreq(2**18, 1 / RATE)
    inside = (frequencies > low_hz) & (frequencies < high_hz)
    return float(frequencies[inside][spectrum[inside].argmax()])


def test_the_example_writes_its_chord_and_the_same_one_twice(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("play_live", EXAMPLE)
    assert specification is not None
    assert specification.loader is not None
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    files = [tmp_path / "first.wav", tmp_path / "second.wav"]
    for file in files:
        example.main(str(SHIPPED_MODEL), str(file))
    assert files[0].read_bytes() == files[1].read_bytes()
    waveform, sample_rate = soundfile.read(files[0], dtype="float32")
    assert sample_rate == RATE
    assert len(waveform) == 2 * RATE
    held = waveform[RATE // 4 : RATE]
    for pitch in CHORD:
        expected_hz = 440.0 * 2 ** ((pitch - 69) / 12)
        assert loudest_hz(held, expected_hz * 0.97, expected_hz * 1.03) == pytest.approx(
            expected_hz, rel=0.012
        )
    assert 0.05 < np.abs(held).max() < 1.0
    assert np.abs(waveform[round(1.8 * RATE) :]).max() < 1e-3


def test_silence_comes_before_keys_and_a_key_sounds_with_the_next_block() -> None:
    with LiveEngine.open(SHIPPED_MODEL) as engine:
        assert not engine.record(0.1).any()
        engine.note_on(60)
        heard = engine.record(0.1)
        left = -round(0.1 * RATE) % BLOCK
        assert not heard[:left].any()
        assert heard[left : left + 2 * BLOCK].any()
        engine.stop_all()
        engine.record(0.1)
        assert not engine.record(0.1).any()


def test_a_harder_key_is_louder_and_a_request_is_a_key_of_its_own() -> None:
    with LiveEngine.open(SHIPPED_MODEL) as engine:
        request = NoteRequest(69, engine.info.complete({"instrument": {"flute": 1.0}}), (0.0,) * 3, 2)
        levels = []
        for velocity in (127, 64):
            engine.note_on(request, velocity)
            levels.append(np.abs(engine.record(0.4)).max())
            engine.note_off(request)
            engine.record(1.0)
        assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(12.0, abs=0.2)
        engine.set_sound({"instrument": {"flute": 1.0}}, seed=2)
        engine.note_on(69, 64)
        assert np.abs(engine.record(0.4)).max() == pytest.approx(levels[1], rel=0.02)


def test_a_model_that_cannot_stream_plays_whole_notes() -> None:
    loaded = replace(load_model(SHIPPED_MODEL), inverter=None)
    with LiveEngine(loaded, RecordingOutput()) as engine:
        engine.note_on(69)
        heard = engine.record(0.5)
        assert loudest_hz(heard, 400, 480) == pytest.approx(440.0, rel=0.012)


def test_what_cannot_be_played_is_refused() -> None:
    with LiveEngine.open(SHIPPED_MODEL) as engine:
        with pytest.raises(InputError, match="theremin"):
            engine.set_sound({"instrument": {"theremin": 1.0}})
        with pytest.raises(InputError, match="3 numbers"):
            engine.set_sound(latent=(0.0,))
        engine.note_on(replace(NoteRequest(60, engine.info.complete({}), (0.0,) * 3), latent=(0.0,)))
        with pytest.raises(InputError, match="finite numbers"):
            engine.record(0.1)
        assert not engine.record(0.1).any()


def test_on_a_device_notes_sound_by_themselves() -> None:
    with LiveEngine.open(SHIPPED_MODEL, lambda rate: SilentOutput(rate, "a test")) as engine:
        engine.note_on(60)
        wait_for(lambda: engine.peak > 0.01)
        with pytest.raises(ValueError, match="RecordingOutput"):
            engine.record(0.1)


def test_a_script_loads_no_window() -> None:
    code = "import sys, aae.live.live_engine, aae.live.remote_engine; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"PyQt6", "pyqtgraph", "OpenGL", "gui", "sounddevice", "typer", "datasets"}
    above = {"aae.rendering", "aae.training", "aae.transform", "aae.evaluation", "aae.bench", "aae.cli"}
    assert not above & {".".join(name.split(".")[:2]) for name in done.stdout.split()}
