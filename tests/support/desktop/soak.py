"""A long test of the desktop for a person to start: `python -m tests.support.desktop.soak --minutes 10`.

Random keys, drags and changes on the real window, under its own screen and sound server. It prints, and fails
on, dropouts, growing memory and exceptions, and prints how long a key takes to be heard at the sound
server's monitor. Not part of `make test`.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np

from tests.support.desktop.real_desktop import (
    SAMPLE_RATE,
    RealDesktop,
    choose_corners,
    missing_tools,
    real_desktop,
    wait_for,
)

LETTERS = "awsedftgyhujk"
INSTRUMENTS = ("violin", "clarinet", "cello", "flute", "oboe", "banjo")
MAX_GROWTH = 0.15
"""Of resident memory, from the end of the first minute."""
N_LATENCIES = 60
LOUD = 1e-3
RECORDED_AT_ONCE = 64
"""Samples between two looks at the clock."""


def main() -> int:
    """Runs the soak; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if missing_tools():
        sys.exit(f"not installed: {', '.join(missing_tools())}")
    with tempfile.TemporaryDirectory() as folder, real_desktop(Path(folder)) as desktop:
        latencies_ms = key_latencies_ms(desktop)
        choose_corners(desktop)
        median, p99 = np.percentile(latencies_ms, [50, 99])
        show(f"key to sound at the monitor: median {median:.1f} ms, p99 {p99:.1f} ms, {N_LATENCIES} keys")
        dropouts, growth = soak(desktop, 60 * options.minutes, random.Random(options.seed))
        shed = desktop.ask("state")["shed"]
    show(
        f"{options.minutes:g} minutes: {dropouts} dropouts, {shed} notes ended early, "
        f"memory {100 * growth:+.1f} %, no exception"
    )
    return int(bool(dropouts) or growth > MAX_GROWTH)


def soak(desktop: RealDesktop, seconds: float, chance: random.Random) -> tuple[int, float]:
    """Plays at random; returns the dropouts and the share by which memory grew."""
    started = time.monotonic()
    before, first_mb, last_mb = desktop.ask("state")["dropouts"], 0.0, memory_mb(desktop)
    while time.monotonic() - started < seconds:
        chance.choice((play, play, play, chord, drag_slider, drag_cursor, drag_puck, press))(desktop, chance)
        last_mb = memory_mb(desktop)
        if not first_mb and time.monotonic() - started > min(60.0, seconds / 2):
            first_mb = last_mb
    return desktop.ask("state")["dropouts"] - before, last_mb / first_mb - 1.0


def play(desktop: RealDesktop, chance: random.Random) -> None:
    """One key."""
    desktop.do("key", chance.choice(LETTERS))


def chord(desktop: RealDesktop, chance: random.Random) -> None:
    """Some keys at once."""
    letters = chance.sample(LETTERS, 5)
    desktop.do("keydown", *letters)
    desktop.do("sleep", "0.4", "keyup", *letters)


def press(desktop: RealDesktop, chance: random.Random) -> None:
    """New variation, surprise, undo, play again."""
    desktop.do("key", chance.choice(("n", "m", "ctrl+z", "space", "Escape")))


def drag_slider(desktop: RealDesktop, chance: random.Random) -> None:
    """An instrument to another weight."""
    label = chance.choice(INSTRUMENTS)
    x, y = desktop.ask("slider", "instrument", label, 0.05)
    desktop.do("mousemove", x, y, "mousedown", 1)
    for _ in range(12):
        x, y = desktop.ask("slider", "instrument", label, round(chance.uniform(0.05, 0.85), 3))
        desktop.do("mousemove", x, y)
    desktop.do("mouseup", 1)


def drag_cursor(desktop: RealDesktop, chance: random.Random) -> None:
    """The cursor a little way."""
    desktop.do("key", "space")
    x, y = desktop.ask("cursor")
    desktop.do("mousemove", x, y, "mousedown", 1)
    for step in range(1, 16):
        desktop.do("mousemove", x + step * chance.randint(-4, 4), y + step * chance.randint(-3, 3))
    desktop.do("mouseup", 1)


def drag_puck(desktop: RealDesktop, chance: random.Random) -> None:
    """The puck of the pad a little way."""
    x, y = chance.random(), chance.random()
    desktop.do("mousemove", *desktop.ask("pad", x, y), "mousedown", 1)
    for step in range(1, 16):
        desktop.do("mousemove", *desktop.ask("pad", abs(x - step / 16), abs(y - step / 20)))
    desktop.do("mouseup", 1)


def memory_mb(desktop: RealDesktop) -> float:
    """Memory of the desktop and its processes, what they share counted once."""
    found = 0
    for process in (desktop.process.pid, *children(desktop.process.pid)):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines()
        found += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return found / 1024


def children(process: int) -> list[int]:
    """Processes that a process began."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text("utf-8").split()]


def key_latencies_ms(desktop: RealDesktop) -> list[float]:
    """From `xdotool keydown` to the first loud sample at the monitor, key by key.

    What the recorder itself holds back is part of it: the figure is an upper bound.
    """
    command = ["parec", "-d", "null.monitor", "--format=float32le", "--channels=1", "--latency-msec=1"]
    heard_at: list[float] = []
    quiet = threading.Event()

    def listen(stdout: IO[bytes]) -> None:
        last_loud = 0.0
        while block := stdout.read(4 * RECORDED_AT_ONCE):
            now = time.monotonic()
            if np.abs(np.frombuffer(block, np.float32)).max() > LOUD:
                if now - last_loud > 0.3:
                    heard_at.append(now)
                last_loud = now
                quiet.clear()
            elif now - last_loud > 0.35:
                quiet.set()

    found = []
    with subprocess.Popen(
        [*command, f"--rate={SAMPLE_RATE}"], env=desktop.environment, stdout=subprocess.PIPE
    ) as recorder:
        listener = threading.Thread(target=listen, args=(cast(IO[bytes], recorder.stdout),))
        listener.start()
        for i in range(N_LATENCIES):
            wait_for(lambda: quiet.is_set() and not desktop.ask("state")["sounding"])
            letter, count, asked = LETTERS[i % len(LETTERS)], len(heard_at), time.monotonic()
            desktop.do("keydown", letter)
            found.append(1000 * (wait_for(partial(_beyond, heard_at, count)) - asked))
            desktop.do("keyup", letter)
        recorder.terminate()
        listener.join()
    return found


def _beyond(values: list[float], count: int) -> float | None:
    """The value after the first `count`, once there is one."""
    return values[count] if len(values) > count else None


def show(words: str) -> None:
    """One line of the report."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
