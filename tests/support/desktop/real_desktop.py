"""A screen, a sound server and the desktop between them, each a real process; keys and mouse through X."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
from pythonosc.udp_client import SimpleUDPClient

TOOLS = ("Xvfb", "xdotool", "pulseaudio", "parec")
SAMPLE_RATE = 44_100
PATIENCE_S = 150.0
FAR_APART = {1: (1.5, 1.5, 0.0), 2: (1.5, -1.5, 0.0), 3: (-1.5, 1.5, 0.0), 4: (-1.5, -1.5, 0.0)}
"""Corners of the pad, by their numbers."""
_pause = threading.Event()


def missing_tools() -> list[str]:
    """Programs that these tests need and that are not installed."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def wait_for(what: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Asks again and again until the answer is true."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        answer = what()
        if answer:
            return answer
        _pause.wait(0.05)
    raise AssertionError("it did not happen")


@dataclass
class RealDesktop:
    """A running desktop."""

    process: "subprocess.Popen[str]"
    environment: dict[str, str]
    osc_port: int

    def ask(self, *words: object) -> Any:
        """A question to `tests.support.desktop.process`."""
        stdin, stdout = cast(IO[str], self.process.stdin), cast(IO[str], self.process.stdout)
        stdin.write(" ".join(map(str, words)) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def do(self, *words: object) -> None:
        """Something with keyboard or mouse, as `xdotool` takes it."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True)

    def hear(self, act: Callable[[], object], seconds: float = 1.2) -> npt.NDArray[np.float32]:
        """What the sound server plays from the first sound after an act, `(samples,)`."""
        command = ["parec", "-d", "null.monitor", "--format=float32le", "--channels=1", "--latency-msec=20"]
        with subprocess.Popen(
            [*command, f"--rate={SAMPLE_RATE}"], env=self.environment, stdout=subprocess.PIPE
        ) as recorder:
            stdout = cast(IO[bytes], recorder.stdout)
            stdout.read(4 * SAMPLE_RATE // 10)  # it records
            act()
            wanted, heard, until = (
                round(seconds * SAMPLE_RATE),
                np.zeros(0, np.float32),
                time.monotonic() + 20,
            )
            while time.monotonic() < until and len(heard) < wanted:
                part = np.frombuffer(stdout.read(4 * 1024), np.float32)
                if len(heard) or np.abs(part).max() > 1e-3:
                    heard = np.concatenate([heard, part])
            recorder.terminate()
        return heard[:wanted]


def choose_corners(desktop: RealDesktop) -> None:
    """As another program does it; the puck is then in the first."""
    client = SimpleUDPClient("127.0.0.1", desktop.osc_port)
    for number, latent in FAR_APART.items():
        client.send_message("/clariolin/corner", [number, *latent])
    client.send_message("/clariolin/pad", [0.0, 1.0])
    client.close()
    wait_for(lambda: desktop.ask("state")["latent"] == list(FAR_APART[1]))


@contextlib.contextmanager
def real_desktop(folder: Path) -> Iterator[RealDesktop]:
    """Starts everything, waits until it can be played, and ends everything.

    Args:
        folder: For settings, sockets and logs; empty.
    """
    environment = os.environ | {
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "HOME": str(folder),
        "QT_QPA_PLATFORM": "xcb",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "1",
    }
    environment.pop("PULSE_SERVER", None)
    (folder / "run").mkdir(mode=0o700)
    (folder / "config").mkdir()
    with contextlib.ExitStack() as ending:
        server = ending.enter_context(_ended(_start_screen(environment)))
        environment["DISPLAY"] = ":" + cast(IO[bytes], server.stdout).readline().decode().strip()
        ending.enter_context(_ended(_start_sound(environment)))
        (folder / ".asoundrc").write_text("pcm.!default pulse\nctl.!default pulse\n", "utf-8")
        wait_for(lambda: (folder / "run" / "pulse" / "native").exists())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.desktop.process", str(port)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        ending.enter_context(_ended(process))
        desktop = RealDesktop(process, environment, port)
        wait_for(lambda: desktop.ask("ready"))
        desktop.do(
            "search", "--sync", "--onlyvisible", "--name", "Clariolin", "windowfocus"
        )  # no manager does
        try:
            yield desktop
        except Exception as error:
            error.add_note("the desktop said: " + (folder / "log").read_text())
            raise
        cast(IO[str], process.stdin).close()
        assert process.wait(PATIENCE_S) == 0, (folder / "log").read_text()
        assert "Traceback" not in (folder / "log").read_text()


def _start_screen(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1500x950x24", "-nolisten", "tcp"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _start_sound(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    modules = [
        "module-native-protocol-unix",
        f"module-null-sink sink_name=null rate={SAMPLE_RATE} channels=2",
    ]
    loads = [part for module in modules for part in ("-L", module)]
    return subprocess.Popen(["pulseaudio", *options, *loads], env=environment, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[Any]") -> Iterator["subprocess.Popen[Any]"]:
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
