"""OpenGL by force, on a real X server: the same camera, places and colours as the software renderer has."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("pyqtgraph", reason="pyqtgraph is not installed")

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="not installed: Xvfb")


def test_points_are_drawn_where_the_camera_says_in_their_colours() -> None:
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert screen.stdout is not None
        display = ":" + screen.stdout.readline().strip()
        environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        run = subprocess.run(
            [sys.executable, "-m", "tests.support.desktop.gl_process"],
            env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=250,
        )
    finally:
        screen.terminate()
        screen.wait(20)
        if screen.stdout is not None:
            screen.stdout.close()
    found = json.loads(run.stdout)
    assert found["surface"] == "opengl"
    assert found["renderer"]
    background = np.array(found["background"], float)
    drawn = np.array(found["drawn"], float) - background
    inks = np.array(found["colours"], float) - background
    assert np.abs(drawn[3]).max() < 40, "a label that the legend hides is not drawn"
    for seen, ink in zip(drawn[:3], inks[:3], strict=True):  # fog leads straight to the background
        share = float(seen @ ink / (ink @ ink))
        assert 0.2 < share < 1.05
        assert np.abs(seen - share * ink).max() < 12
    assert np.abs(np.array(found["cursor"]) - background).max() > 60
