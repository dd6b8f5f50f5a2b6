"""Messages of a real program: Pure Data speaks Open Sound Control."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from gui.engine import Engine
from gui.osc_bridge import OscBridge
from gui.performer import Performer
from gui.session import Session
from gui.whole_notes import WholeNotes
from tests.fake_synthesizer import fake_synthesizer
from tests.real_desktop import wait_for
from tests.test_gui_controllers import Notebook

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
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def performer(notebook: Notebook) -> Performer:
    session = Session(fake_synthesizer())
    return Performer(session, cast(Engine, notebook), cast(WholeNotes, notebook))


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdin=silent, stdout=silent, stderr=silent)
    try:
        yield
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
