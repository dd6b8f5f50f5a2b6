"""An open model in the window: the instrument with its panels, its keyboard and its controllers."""

from dataclasses import dataclass, field
from pathlib import Path

from PyQt6.QtWidgets import QWidget

from aae.live.offline_renderer import NotePreview

from ..dialogs.render_dialog import RenderDialog
from ..input.controllers import Controllers
from ..input.keyboard_filter import KeyboardFilter
from ..space.legend import Legend
from ..space.pad_panel import PadPanel
from ..space.space_panel import SpacePanel
from ..state.instrument import Instrument
from ..widgets.mix_panel import MixPanel
from ..widgets.preset_panel import PresetPanel
from ..widgets.recording_list import RecordingList
from ..widgets.variation_panel import VariationPanel
from .right_column import RightColumn


@dataclass
class OpenModel:
    """Everything that is built for one model and ends with it."""

    instrument: Instrument
    mix: MixPanel
    space: SpacePanel
    variation: VariationPanel
    legend: Legend
    presets: PresetPanel
    recordings: RecordingList
    pad: PadPanel
    right: RightColumn
    keyboard: KeyboardFilter
    controllers: Controllers
    _shown_preview: NotePreview | None = field(default=None, init=False)

    def refresh(self) -> None:
        """Shows the session in all panels."""
        self.mix.refresh()
        self.variation.refresh()
        self.space.refresh()
        self.pad.refresh()

    def show_last_note(self, playhead_s: float | None) -> None:
        """Shows the last note, if it is a new one, and moves its playhead."""
        preview = self.instrument.note_renderer.preview
        if preview is not None and preview is not self._shown_preview:
            self._shown_preview = preview
            self.space.preview.show_preview(preview)
        self.space.preview.set_position(playhead_s)

    def show_marks(self) -> None:
        """Shows the recordings as marks in the space."""
        self.space.view.marks = self.recordings.marks()
        self.space.view.redraw()

    def set_compact(self, is_narrow: bool, is_low: bool) -> None:
        """Leaves out what a small window has no room for."""
        self.space.set_compact(is_narrow)
        self.right.set_compact(is_low)

    def render_dialog(self, parent: QWidget) -> RenderDialog:
        """The dialog that renders the present sound over many notes."""
        return RenderDialog(self.instrument, Path.home() / "clariolin-notes", parent)

    def close(self) -> None:
        """Ends its threads and processes; the panels stay until the frame removes them."""
        self.controllers.close()
        self.recordings.close()
        self.keyboard.stop()
        self.instrument.close()
