"""The desktop as a person has it: a window on an X server, keys and mouse, a sound server that listens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from aae.analysis.pitch_trackers import NeuralTracker
from aae.rendering.manifest import MANIFEST
from tests.support.desktop.drag_source import SIZE
from tests.support.desktop.real_desktop import (
    FAR_APART,
    SAMPLE_RATE,
    RealDesktop,
    choose_corners,
    missing_tools,
    real_desktop,
    wait_for,
)
from tests.support.synth import recording, tone, write_wav

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"not installed: {', '.join(missing_tools())}"),
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDesktop]:
    with real_desktop(tmp_path_factory.mktemp("desktop")) as running:
        yield running


def cents_off(heard: npt.NDArray[np.float32], midi_pitch: int) -> float:
    return NeuralTracker().read(heard, SAMPLE_RATE, midi_pitch).cents


def spectrum_of(heard: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Of the note from its beginning, of length 1."""
    spectrum = np.abs(np.fft.rfft(heard[: 2**14], 2**15))
    return np.asarray(spectrum / np.linalg.norm(spectrum), np.float64)


def test_a_key_of_the_computer_sounds_at_its_pitch(desktop: RealDesktop) -> None:
    heard = desktop.hear(lambda: desktop.do("keydown", "a"), 0.7)
    desktop.do("keyup", "a")
    assert abs(cents_off(heard, 60)) < 50
    state = desktop.ask("state")
    assert not state["is_silent"]


def test_a_key_of_the_piano_is_pressed_with_the_mouse(desktop: RealDesktop) -> None:
    x, y = desktop.ask("key", 69)
    desktop.do("mousemove", x, y)
    heard = desktop.hear(lambda: desktop.do("mousedown", 1), 0.7)
    desktop.do("mouseup", 1)
    assert abs(cents_off(heard, 69)) < 50


def test_a_slider_that_is_dragged_changes_the_sound(desktop: RealDesktop) -> None:
    before = desktop.hear(lambda: desktop.do("key", "d"), 0.5)
    wait_for(lambda: not desktop.ask("state")["sounding"])
    x, y = desktop.ask("slider", "instrument", "clarinet", 0.05)
    desktop.do("mousemove", x, y, "mousedown", 1)
    x, y = desktop.ask("slider", "instrument", "clarinet", 0.85)
    desktop.do("mousemove", x, y, "mouseup", 1)
    assert wait_for(lambda: 0.7 < desktop.ask("state")["mix"]["instrument"]["clarinet"] <= 1.0)
    after = desktop.hear(lambda: desktop.do("key", "d"), 0.5)
    assert float(spectrum_of(before) @ spectrum_of(after)) < 0.98
    assert abs(cents_off(after, 64)) < 50


def test_the_cursor_is_dragged_through_the_space(desktop: RealDesktop) -> None:
    before = desktop.ask("state")["latent"]
    x, y = desktop.ask("cursor")
    desktop.do("mousemove", x, y, "mousedown", 1)

    def drag() -> None:
        for step in range(1, 9):
            desktop.do("mousemove", x + 8 * step, y - 4 * step)

    heard = desktop.hear(drag, 0.3)
    desktop.do("mouseup", 1)
    after = desktop.ask("state")["latent"]
    assert float(np.linalg.norm(np.subtract(after, before))) > 0.2
    assert np.abs(heard).max() > 0.005
    desktop.do("key", "ctrl+z")
    assert wait_for(lambda: np.allclose(desktop.ask("state")["latent"], before))


def drag_from_corner_1_to_4(desktop: RealDesktop) -> None:
    desktop.do("mousemove", *desktop.ask("pad", 0.0, 1.0), "mousedown", 1)
    for share in np.linspace(0.0, 1.0, 9):
        desktop.do("mousemove", *desktop.ask("pad", share, 1.0 - share))
    desktop.do("mouseup", 1)
    wait_for(lambda: np.allclose(desktop.ask("state")["latent"], FAR_APART[4], atol=0.1))


def test_the_pad_is_dragged_and_the_next_note_is_another(desktop: RealDesktop) -> None:
    choose_corners(desktop)
    before = desktop.hear(lambda: desktop.do("key", "d"), 0.5)
    wait_for(lambda: not desktop.ask("state")["sounding"])
    heard = desktop.hear(lambda: drag_from_corner_1_to_4(desktop), 0.3)
    assert np.abs(heard).max() > 0.005, "the way of the puck is heard"
    wait_for(lambda: not desktop.ask("state")["sounding"])
    after = desktop.hear(lambda: desktop.do("key", "d"), 0.5)
    assert float(spectrum_of(before) @ spectrum_of(after)) < 0.98
    assert abs(cents_off(after, 64)) < 50


def test_a_preset_brings_the_pad_and_the_path_back(desktop: RealDesktop) -> None:
    choose_corners(desktop)
    desktop.do("key", "r")
    drag_from_corner_1_to_4(desktop)
    desktop.do("key", "r")
    kept = wait_for(lambda: (state := desktop.ask("state"))["path"] and state)
    desktop.ask("save", "pad-and-path")
    desktop.do("mousemove", *desktop.ask("pad", 0.5, 0.2), "click", 1, "key", "ctrl+1", "key", "n")
    wait_for(lambda: desktop.ask("state")["pad"]["corners"][0] != kept["pad"]["corners"][0])
    wait_for(lambda: desktop.ask("state")["latent"] != kept["latent"])
    desktop.ask("load", "pad-and-path")
    again, parts = desktop.ask("state"), ("pad", "path", "latent")
    assert [again[name] for name in parts] == [kept[name] for name in parts]
    desktop.do("key", "ctrl+z")
    assert wait_for(lambda: desktop.ask("state")["pad"] != kept["pad"])


def test_stop_is_silence(desktop: RealDesktop) -> None:
    desktop.do("keydown", "g")
    wait_for(lambda: desktop.ask("state")["sounding"])
    desktop.do("key", "Escape")
    wait_for(lambda: not desktop.ask("state")["sounding"])
    desktop.do("keyup", "g")


def test_a_recording_is_encoded_and_its_pitch_measured(desktop: RealDesktop, tmp_path: Path) -> None:
    write_wav(tmp_path / "mine.wav", recording(tone(440.0, 1.0)))
    desktop.ask("open", tmp_path / "mine.wav")
    wait_for(lambda: desktop.ask("state")["recordings"])
    assert desktop.ask("state")["recordings"] == [["mine", 69]]
    heard = desktop.hear(lambda: desktop.do("key", "1"), 0.7)
    assert abs(cents_off(heard, 69)) < 10
    heard = desktop.hear(lambda: desktop.do("key", "2"), 0.6)
    assert abs(cents_off(heard, 69)) < 50


def test_a_file_of_another_program_is_dropped_into_the_window(desktop: RealDesktop, tmp_path: Path) -> None:
    write_wav(tmp_path / "dropped.wav", recording(tone(330.0, 1.0)))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.desktop.drag_source", str(tmp_path / "dropped.wav")],
        env=desktop.environment,
        stdout=subprocess.PIPE,
    ) as source:
        assert cast(IO[bytes], source.stdout).readline() == b"shown\n"
        x, y = desktop.ask("view")
        desktop.do("mousemove", SIZE // 2, SIZE // 2, "sleep", "0.3", "mousedown", 1)
        for step in range(1, 11):
            desktop.do("mousemove", SIZE // 2 + (x - SIZE // 2) * step // 10, y * step // 10, "sleep", "0.05")
        desktop.do("mouseup", 1)
        wait_for(lambda: ["dropped", 64] in desktop.ask("state")["recordings"])
        source.terminate()


def test_the_window_is_closed_while_it_renders(tmp_path: Path) -> None:
    (tmp_path / "desktop").mkdir()
    rendered = tmp_path / "rendered"
    with real_desktop(tmp_path / "desktop") as running:
        running.ask("render", "C2-C7", rendered)
        wait_for(lambda: len(list(rendered.glob("*.wav"))) >= 2)
        cast(IO[str], running.process.stdin).close()  # it closes its window
        assert running.process.wait(30) == 0
    rows = (rendered / MANIFEST).read_text("utf-8").splitlines()
    files = sorted(json.loads(row)["file"] for row in rows)
    assert files == sorted(path.name for path in rendered.glob("*.wav"))
    assert 2 <= len(files) < 61
    assert all(soundfile.info(rendered / name).frames > 1000 for name in files)
    assert {path.suffix for path in rendered.iterdir()} == {".wav", ".jsonl"}
