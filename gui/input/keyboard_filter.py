"""Lets the computer's keyboard play, wherever in the window the focus is, unless someone is typing."""

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QTextEdit, QWidget

from ..state.performer import Performer
from .computer_keys import ComputerKeys

MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class KeyboardFilter(QObject):
    """Watches the application's keys.

    Args:
        window: Keys count while it, and no dialog of it, is active.
        keys: The notes of letters.
        performer: Plays them.
    """

    shifted = pyqtSignal()
    """The octave or the velocity changed."""
    replay_asked = pyqtSignal()

    def __init__(self, window: QWidget, keys: ComputerKeys, performer: Performer) -> None:
        super().__init__(window)
        self._window, self._keys, self._performer = window, keys, performer
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def stop(self) -> None:
        """Watches no longer: the application outlives the open model."""
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Keeps the keys that are notes from the focused widget, and plays them."""
        if event is None:
            return False
        kind = event.type()
        if kind in (QEvent.Type.WindowDeactivate, QEvent.Type.ApplicationDeactivate):
            self._release_all()
        elif isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            if kind == QEvent.Type.KeyPress and self._may_play(watched, event):
                return self._press(event)
            if kind == QEvent.Type.KeyRelease and not event.isAutoRepeat():
                return self._release(event)
        return False

    def _may_play(self, watched: QWidget, event: QKeyEvent) -> bool:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        typing = isinstance(watched, QLineEdit | QAbstractSpinBox | QComboBox | QTextEdit)
        busy = application.activePopupWidget() is not None or application.activeModalWidget() is not None
        other = application.activeWindow() not in (self._window, None)
        return not (typing or busy or other or event.modifiers() & MODIFIERS)

    def _press(self, event: QKeyEvent) -> bool:
        letter = _letter(event)
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.replay_asked.emit()
            return True
        if not letter:
            return False
        if event.isAutoRepeat():
            return self._keys.letter_is_note(letter)
        if self._keys.shift(letter):
            self.shifted.emit()
            return True
        pitch = self._keys.press(letter)
        if pitch is None:
            return False
        self._performer.note_on(pitch, self._keys.velocity, ("letter", letter))
        return True

    def _release(self, event: QKeyEvent) -> bool:
        letter = _letter(event)
        pitch = self._keys.release(letter) if letter else None
        if pitch is None:
            return False
        self._performer.note_off(pitch, ("letter", letter))
        return True

    def _release_all(self) -> None:
        for key in [key for key in self._performer.held if isinstance(key, tuple) and key[0] == "letter"]:
            self._performer.note_off(0, key)
        self._keys.release_all()


def _letter(event: QKeyEvent) -> str:
    """The letter on the key, upper case, whatever Shift does."""
    code = event.key()
    return chr(code) if 33 <= code < 127 else ""
