"""Messages of real programs: Pure Data speaks Open Sound Control, a keyboard MIDI through a JACK server."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

import pytest

from aae.live.velocity import velocity_gain
from gui.input.midi_input import MidiInput
from gui.input.osc_bridge import OscBridge
from gui.state.performer import Performer
from tests.support.desktop.midi_player import BACKEND
from tests.support.desktop.real_desktop import wait_for
from tests.support.notebook import Notebook

PATCH = """#N canvas 0 0 450 300 12;
#X obj 20 20 loadbang;
#X msg 20 50 connect 127.0.0.1 {port};
#X obj 20 240 netsend -u -b;
#X obj 200 20 loadbang;
#X obj 200 50 delay 300;
#X msg 200 80 64 127;
#X obj 200 110 oscformat -f ii clariolin note;
#X obj 200 140 list prepend send;
#X obj 200 170 list trim;
#X msg 320 80 0.5 -0.5 1;
#X obj 320 110 oscformat -f fff clariolin latent;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 4 0 9 0;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 8 0 2 0;
#X connect 9 0 10 0;
#X connect 10 0 7 0;
"""


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A JACK server that needs no sound device."""
    if shutil.which("jackd") is None or shutil.which("jack_lsp") is None:
        pytest.skip("not installed: jackd (jackd2)")
    name = f"clariolin-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    command = ["jackd", "--name", name, "--no-realtime", "-d", "dummy", "-r", "44100", "-p", "512"]
    with running(command, dict(os.environ)) as server:

        def answers() -> bool:
            if server.poll() is not None:
                pytest.skip("no JACK server can be started here")
            return subprocess.run(["jack_lsp"], capture_output=True).returncode == 0

        wait_for(answers)
        yield


@contextlib.contextmanager
def midi_player(name: str) -> Iterator[Callable[[str], None]]:
    """A keyboard that is plugged in, and pulled out at the end; plays messages as mido writes them."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.desktop.midi_player", name],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        text=True,
    ) as process:
        stdin = cast(IO[str], process.stdin)

        def play(message: str) -> None:
            stdin.write(message + "\n")
            stdin.flush()

        yield play
        stdin.close()
        assert process.wait(30) == 0


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdin=silent, stdout=silent, stderr=silent)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.skipif(shutil.which("pd") is None, reason="not installed: pd (puredata-core)")
def test_pure_data_plays_and_moves_the_cursor(
    performer: Performer, notebook: Notebook, tmp_path: Path
) -> None:
    bridge = OscBridge(performer, lambda call: call(), port=0)
    patch = tmp_path / "play.pd"
    patch.write_text(PATCH.replace("{port}", str(bridge.port)), "utf-8")
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", str(patch)]
    with running(command, os.environ | {"HOME": str(tmp_path)}):
        wait_for(lambda: notebook.asked)
        wait_for(lambda: performer.session.sound.latent == (0.5, -0.5, 1.0))
    assert notebook.asked == [("on", 64, 1.0)]
    bridge.close()


@pytest.mark.usefixtures("jack")
def test_a_keyboard_that_is_plugged_in_later_plays_and_one_that_is_pulled_out_is_let_go(
    performer: Performer, notebook: Notebook
) -> None:
    midi = MidiInput(performer, backend=BACKEND)
    assert midi.problem is None
    assert not midi.ports
    with midi_player("first") as play:
        wait_for(lambda: len(midi.ports) == 1)
        play("note_on channel=0 note=60 velocity=127")
        play("note_on channel=5 note=64 velocity=40")
        play("note_off channel=0 note=60")
        wait_for(lambda: len(notebook.asked) == 3)
        (port,) = midi.ports
        assert port.endswith("first")
        assert notebook.asked == [
            ("on", 60, 1.0),
            ("on", 64, round(velocity_gain(40), 3)),
            ("off", ("midi", port, 0, 60)),
        ]
        with midi_player("second") as play_too:
            wait_for(lambda: len(midi.ports) == 2)
            play_too("note_on channel=0 note=72 velocity=100")
            wait_for(lambda: notebook.asked[-1][:2] == ("on", 72))
        wait_for(lambda: list(midi.ports) == [port])
        wait_for(lambda: notebook.asked[-1][0] == "off")
        assert notebook.asked[-1][1][2:] == (0, 72)
        midi.listen_to(9)
        assert notebook.asked[-1] == ("stop",)
        for channel in (0, 9):
            play(f"note_on channel={channel} note={50 + channel} velocity=127")
        wait_for(lambda: notebook.asked[-1] == ("on", 59, 1.0))
        assert notebook.asked[-2] == ("stop",)
    wait_for(lambda: not midi.ports)
    midi.close()
