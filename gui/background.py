"""Work beside the window: threads whose progress and end arrive in the window's own thread."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from mcnn.errors import InputError


class Task(QObject):
    """Runs a function, or goes through an iterator, on a thread of its own.

    Args:
        parent: Owns it; keep a reference until `ended` was emitted.
    """

    progressed = pyqtSignal(object)
    """Carries each value that the iterator yields."""
    succeeded = pyqtSignal(object)
    """Carries the function's result; None for an iterator."""
    failed = pyqtSignal(str)
    """Carries the reason, one line for a person."""
    ended = pyqtSignal()
    """Comes after everything else, also after `cancel`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def run(self, work: Callable[[], Any]) -> None:
        """Calls a function; if it returns an iterator, goes through it until cancelled."""
        self._cancelled.clear()
        self._thread = threading.Thread(target=self._work, args=(work,), name="task", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ends after the piece of work that is being done."""
        self._cancelled.set()

    def wait(self, timeout_s: float = 30.0) -> None:
        """Waits for the thread to end."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self, work: Callable[[], Any]) -> None:
        try:
            result = work()
            if isinstance(result, Iterator):
                for event in result:
                    self.progressed.emit(event)
                    if self._cancelled.is_set():
                        break
                result = None
            if not self._cancelled.is_set():
                self.succeeded.emit(result)
        except InputError as error:
            self.failed.emit(str(error))
        except Exception as error:
            self.failed.emit(f"{type(error).__name__}: {error}")
        finally:
            self.ended.emit()


class UiInvoker(QObject):
    """Makes calls of any thread in the window's thread."""

    _sent = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sent.connect(lambda call: call())

    def send(self, call: Callable[[], object]) -> None:
        """Calls a function in the window's thread, soon."""
        self._sent.emit(call)
