"""The pad with the four buttons that choose its corners."""

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aae.notes.pitch_names import pitch_name
from aae.synthesis.request import NoteRequest

from ..state.instrument import Instrument
from ..state.latent_pad import N_CORNERS
from .pad_surface import CORNER_PLACES, PadSurface
from .space_panel import SpacePanel

WORDS = ("upper left", "upper right", "lower left", "lower right")


class CornerButton(QToolButton):
    """Shows the name of a corner, as far as there is room, and opens its menu.

    Args:
        number: 1 to 4.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self._name: str | None = None
        self.setObjectName("corner")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Corner {number} of the pad, {WORDS[number - 1]}")
        self.choices = QMenu(self)
        self.setMenu(self.choices)

    def show_name(self, name: str | None) -> None:
        """Shows the origin of the corner's point; None is an empty corner."""
        self._name = name
        words = "empty" if name is None else name or "a point"
        self.setToolTip(
            f"<b>Corner {self.number}</b>, {WORDS[self.number - 1]}: {words}<br>Choose its point: where the "
            "cursor is, of the note you heard last, or one that you click in the latent space."
        )
        self.setAccessibleDescription(words)
        self._elide()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Makes the words fit."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        words = f"{self.number}   {'choose …' if self._name is None else self._name or 'a point'}"
        room = max(10, self.width() - 32)
        self.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))


class PadPanel(QWidget):
    """Pad and corners.

    Args:
        instrument: Plays the puck's point.
        space: Tells which point is clicked, and records the puck's path.
    """

    def __init__(self, instrument: Instrument, space: SpacePanel) -> None:
        super().__init__()
        self.setObjectName("inside")
        self._instrument, self._space = instrument, space
        self._session = instrument.session
        self._picking: int | None = None
        self.surface = PadSurface(self._session)
        self.surface.moved.connect(self._moved)
        self.surface.released.connect(instrument.performer.puck_released)
        space.view.point_picked.connect(self._picked)
        self.caption = QLabel("PAD")
        self.caption.setObjectName("caption")
        self.fill = QToolButton()
        self.fill.setText("By chance")
        self.fill.setAccessibleName("Fill the pad by chance")
        self.fill.setToolTip(
            "<b>Variations at random</b> in the empty corners; in all four, if none is empty."
        )
        self.fill.clicked.connect(lambda: self._session.fill_pad())
        self.clear = QToolButton()
        self.clear.setText("Clear")
        self.clear.setAccessibleName("Clear the pad")
        self.clear.setToolTip("Empty all four corners.")
        self.clear.clicked.connect(self._session.clear_pad)
        top = QHBoxLayout()
        top.addWidget(self.caption)
        top.addStretch(1)
        top.addWidget(self.fill)
        top.addWidget(self.clear)
        self.corners = [CornerButton(n + 1) for n in range(N_CORNERS)]
        for button in self.corners:
            button.choices.aboutToShow.connect(lambda button=button: self._fill_menu(button))
        grid = QGridLayout()
        grid.setSpacing(6)
        for button, (x, y) in zip(self.corners, CORNER_PLACES, strict=True):
            grid.addWidget(button, 2 - 2 * round(y), round(x))
        grid.addWidget(self.surface, 1, 0, 1, 2)
        grid.setRowStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addLayout(grid, 1)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the session holds."""
        pad = self._session.pad
        for button, corner in zip(self.corners, pad.corners, strict=True):
            button.show_name(None if corner is None else corner.name)
        self.clear.setEnabled(not pad.is_empty)
        self.surface.refresh()

    def begin_to_pick(self, number: int) -> None:
        """Waits for a click on a point that will be this corner; called again for it, waits no longer."""
        self._picking = None if number == self._picking else number
        self._show_picking()

    def stop_picking(self) -> None:
        """Waits for no click any more."""
        self._picking = None
        self._show_picking()

    def take_latest(self, number: int) -> None:
        """Takes the point of the last note for a corner."""
        shown = self._instrument.performer.shown
        if shown is not None:
            note = "unpitched" if shown.midi_pitch is None else pitch_name(shown.midi_pitch)
            self._session.set_corner(number, tuple(map(float, shown.latent)), f"note {note}")

    def _moved(self) -> None:
        self._space.record_point()
        self._instrument.performer.puck_moved()

    def _picked(self, index: int) -> None:
        """Takes the clicked point for the corner that waits, and plays it; a negative index is no point."""
        number = self._picking
        self.stop_picking()
        if number is None or index < 0:
            return
        points, performer = self._instrument.points, self._instrument.performer
        latent = tuple(float(value) for value in points.latents[index])
        tags = points.tags(index)
        label = tags.get("instrument") or next(iter(list(tags.values())[1:]), "")
        self._session.set_corner(number, latent, f"{tags['note']} {label}".strip())
        request = self._session.request(performer.last_pitch)
        performer.play(NoteRequest(request.midi_pitch, request.mix, latent, request.seed))

    def _show_picking(self) -> None:
        for button in self.corners:
            button.setChecked(button.number == self._picking)
        words = "" if self._picking is None else f"Click a point for corner {self._picking} of the pad"
        self._space.view.wait_for_point(words)

    def _fill_menu(self, button: CornerButton) -> None:
        """Fills the menu with the choices that a corner has now."""
        n, session = button.number, self._session
        corner, shown = session.pad.corners[n - 1], self._instrument.performer.shown
        button.setChecked(n == self._picking)
        entries: list[tuple[str, bool, Callable[[], object]] | None] = [
            (f"From the &cursor\tCtrl+{n}", True, lambda: session.set_corner_here(n)),
            ("From the &latest note", shown is not None, lambda: self.take_latest(n)),
            ("&Next point clicked in the latent space", True, lambda: self.begin_to_pick(n)),
        ]
        entries += [
            None,
            ("&Go there", corner is not None, lambda: self.surface.to_place(*CORNER_PLACES[n - 1])),
            ("&Empty it", corner is not None, lambda: session.set_corner(n, None)),
        ]
        for old in button.choices.findChildren(QMenu):
            old.deleteLater()
        button.choices.clear()
        for entry in entries:
            if entry is None:
                button.choices.addSeparator()
                continue
            words, possible, work = entry
            action = button.choices.addAction(words)
            assert action is not None
            action.setEnabled(possible)
            action.triggered.connect(lambda _on, work=work: work())
        if self._space.view.marks:
            button.choices.insertMenu(button.choices.actions()[3], self._recordings(button))

    def _recordings(self, button: CornerButton) -> QMenu:
        """A menu of the recordings, the last one first."""
        menu = QMenu("From a &recording", button.choices)
        for name, latent in reversed(self._space.view.marks):
            action = menu.addAction(name)
            assert action is not None
            choose = partial(self._session.set_corner, button.number, latent, name)
            action.triggered.connect(lambda _on, choose=choose: choose())
        return menu
