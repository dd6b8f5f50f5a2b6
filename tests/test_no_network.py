"""Nothing is sent anywhere: no command asks for a name, connects to an address, or leaves a device number."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

MODEL = Path(__file__).parents[1] / "assets" / "orchestra.safetensors"
SAMPLE_RATE = 22_050
LIVES_ON_S = 8
"""Telemetry begins some seconds after a library was loaded."""
COMMANDS = {
    "render": "render --notes C4 --instrument violin --inverter rtpghi --out rendered",
    "transform": "transform recordings/A3.wav --instrument oboe --inverter rtpghi --out transformed",
    "build": "dataset build recordings --workers 1 --out notes.h5",
}
RUN = f"""
import sys, time
from aae.cli.app import main
status = main(sys.argv[1:])
time.sleep({LIVES_ON_S})
sys.exit(status)
"""

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (make test installs it)")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with some notes of a plucked sound."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for i, name in enumerate(("A3", "B3", "C#4", "D4", "E4", "F#4", "G#4", "A4", "B4", "C#5")):
        semitones = (0, 2, 4, 5, 7, 9, 11, 12, 14, 16)[i]
        f0_hz = 220.0 * 2 ** (semitones / 12)
        note = sum(np.sin(2 * np.pi * k * f0_hz * time_s) / k for k in range(1, 8)) * np.exp(-3 * time_s)
        soundfile.write(folder / f"{name}.wav", 0.2 * note, SAMPLE_RATE)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_reaches_out(command: str, recordings: Path) -> None:
    home, trace = recordings.parent / "home", recordings.parent / "trace"
    home.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    calls = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]
    model = ["--model", str(MODEL)] if command != "build" else []
    done = subprocess.run(
        [*calls, sys.executable, "-c", RUN, *COMMANDS[command].split(), *model],
        cwd=recordings.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    reached = [
        line for line in trace.read_text(errors="replace").splitlines() if re.search(r"AF_INET6?\b", line)
    ]
    assert not reached, reached[:3]
    left = [path for path in home.rglob("*") if re.search("microsoft|onnx", str(path), re.IGNORECASE)]
    assert not left, left
