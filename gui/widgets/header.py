"""The strip above the panels: the sound in words, undo, switches, volume, level, saving and rendering."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QToolButton, QWidget

from .level_meter import LevelMeter


class ElidedLabel(QLabel):
    """A line that ends in an ellipsis where there is no room."""

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws as much as fits."""
        painter = QPainter(self)
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)


class Header(QWidget):
    """Title, buttons and meter."""

    volume_changed = pyqtSignal(float)
    """A factor, 0 to 1.5."""

    def __init__(self) -> None:
        super().__init__()
        brand = QLabel("Clariolin")
        brand.setObjectName("brand")
        self.title = ElidedLabel()
        self.title.setObjectName("title")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title.setAccessibleName("Sound")
        self.undo = _tool("↶", "Undo", "Take the last change back (Ctrl+Z).")
        self.redo = _tool("↷", "Redo", "Make it again (Ctrl+Shift+Z).")
        self.follow = QToolButton()
        self.follow.setText("Follow")
        self.follow.setCheckable(True)
        self.follow.setToolTip(
            "<b>Sounding notes follow the sliders</b><br>Off: a change is heard on the next note.<br>"
            "On: notes that sound fade over to it."
        )
        self.dynamics = QToolButton()
        self.dynamics.setText("Touch")
        self.dynamics.setCheckable(True)
        self.dynamics.setToolTip(
            "<b>How hard a key is struck chooses the dynamics</b>, from pianissimo to fortissimo; the "
            "sliders of the dynamics then rest."
        )
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 150)
        self.volume.setValue(100)
        self.volume.setFixedWidth(90)
        self.volume.setAccessibleName("Volume")
        self.volume.setToolTip("Volume")
        self.volume.valueChanged.connect(lambda value: self.volume_changed.emit(value / 100))
        self.meter = LevelMeter()
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Silence (Esc).")
        self.save = QPushButton("Save note")
        self.save.setToolTip("Save the last note as a WAV file (Ctrl+S).")
        self.render_button = QPushButton("Render instrument …")
        self.render_button.setObjectName("primary")
        self.render_button.setToolTip("Render this sound over a range of notes (Ctrl+R).")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(8)
        layout.addWidget(brand)
        layout.addSpacing(10)
        layout.addWidget(self.title, 1)
        for widget in (
            self.undo,
            self.redo,
            self.follow,
            self.dynamics,
            self.volume,
            self.meter,
            self.stop,
            self.save,
            self.render_button,
        ):
            layout.addWidget(widget)

    def set_compact(self, compact: bool) -> None:
        """Leaves out what a small window has no room for; the menus have it all."""
        for widget in (self.dynamics, self.follow, self.save, self.volume):
            widget.setVisible(not compact)


def _tool(sign: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(sign)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setEnabled(False)
    return button
