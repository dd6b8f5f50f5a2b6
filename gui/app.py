"""Starts the desktop: theme, window, then the model behind it."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QGuiApplication, QIcon
from PyQt6.QtWidgets import QApplication

from . import theme
from .space.point_surface import Renderer
from .state.presets import user_folder
from .state.saved_session import read_session
from .window.main_window import MainWindow


@dataclass(frozen=True)
class OscPlan:
    """Whether and where to listen for Open Sound Control."""

    at_start: bool
    host: str
    port: int


def run(
    model: Path | None,
    shipped: Path,
    osc: OscPlan,
    renderer: Renderer = "auto",
    dataset_formats: tuple[str, ...] = (),
) -> int:
    """Shows the window until it is closed.

    Args:
        model: What to open; the one that was open last, or the shipped one, if not given.
        shipped: The model that comes with Clariolin.
        osc: Open Sound Control.
        renderer: What draws the latent space; see `make_surface`.
        dataset_formats: Names of the libraries of recordings that can be read, for training.

    Returns:
        The exit status.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    share_contexts()
    application = QApplication(sys.argv[:1])
    window = open_window(model, shipped, osc, renderer)
    window.dataset_formats = dataset_formats
    # Python runs signal handlers only while it runs: a timer lets it, so that Ctrl+C closes the window.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    awake = QTimer()
    awake.start(200)
    awake.timeout.connect(lambda: None)
    return int(application.exec())


def share_contexts() -> None:
    """Lets widgets of OpenGL live in any window; must come before the application."""
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)


def open_window(model: Path | None, shipped: Path, osc: OscPlan, renderer: Renderer = "auto") -> MainWindow:
    """Shows the window, and has its model loaded as soon as it is painted; see `run`."""
    QApplication.setApplicationName("Clariolin")
    QGuiApplication.setDesktopFileName("clariolin")
    icon = shipped.parent / "clariolin.svg"
    if icon.is_file():
        QApplication.setWindowIcon(QIcon(str(icon)))
    state_path = user_folder("state") / "session.json"
    saved = read_session(state_path)
    theme.use(theme.THEMES.get(saved.theme, theme.DARK))
    window = MainWindow(saved, state_path, user_folder("data") / "presets")
    window.renderer = renderer
    window.osc_address, window.osc_at_start = (osc.host, osc.port), osc.at_start
    sys.excepthook = _Reporter(window).report
    last = Path(saved.model) if saved.model else shipped
    chosen = model or (last if last.is_file() else shipped)
    window.show()
    if not saved.ended:
        window.say("It did not end well last time; everything is as it was.")
    QTimer.singleShot(50, lambda: window.load(chosen))
    return window


class _Reporter:
    """Shows an error that nobody expected, instead of ending the program."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Says it in the window; where it arose goes to standard error."""
        sys.__excepthook__(kind, error, trace)
        self._window.say(f"Unexpected {kind.__name__}: {error}")
