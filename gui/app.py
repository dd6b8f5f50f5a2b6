"""Starts the desktop: theme and window first, then the model behind them."""

import os
import signal
import sys
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QGuiApplication, QIcon
from PyQt6.QtWidgets import QApplication

from . import theme
from .state.saved_session import read_session
from .window.context import WindowSettings
from .window.main_window import MainWindow


def run(model: Path | None, shipped: Path, settings: WindowSettings) -> int:
    """Shows the window until it is closed.

    Args:
        model: The model to open; the one that was open last, or the shipped one, if not given.
        shipped: The model that comes with Clariolin.
        settings: The choices of the command line.

    Returns:
        The exit status.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    share_contexts()
    application = QApplication(sys.argv[:1])
    window = open_window(model, shipped, settings)
    # Python runs signal handlers only while it runs: a timer lets it, so that Ctrl+C closes the window.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    waker = QTimer()
    waker.start(200)
    waker.timeout.connect(lambda: None)
    return int(application.exec())


def share_contexts() -> None:
    """Lets widgets of OpenGL live in any window; must come before the application."""
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)


def open_window(model: Path | None, shipped: Path, settings: WindowSettings) -> MainWindow:
    """Shows the window, and has its model loaded as soon as it is painted; see `run`."""
    QApplication.setApplicationName("Clariolin")
    QGuiApplication.setDesktopFileName("clariolin")
    icon = shipped.parent / "clariolin.svg"
    if icon.is_file():
        QApplication.setWindowIcon(QIcon(str(icon)))
    saved = read_session(settings.state_path)
    theme.use(theme.THEMES.get(saved.theme, theme.DARK))
    window = MainWindow(saved, settings)
    sys.excepthook = _Reporter(window).report
    last = Path(saved.model) if saved.model else shipped
    chosen = model or (last if last.is_file() else shipped)
    window.show()
    if not saved.ended:
        window.context.show_message("It did not end well last time; everything is as it was.")
    QTimer.singleShot(50, lambda: window.load(chosen))
    return window


class _Reporter:
    """Shows an error that nobody expected, instead of ending the program."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Shows it in the window; its traceback goes to standard error."""
        sys.__excepthook__(kind, error, trace)
        self._window.context.show_message(f"Unexpected {kind.__name__}: {error}")
