"""Opens a model in two steps: its instrument on a thread, then its panels in the window's thread."""

from collections.abc import Callable
from pathlib import Path

from ..input.computer_keys import ComputerKeys
from ..input.controllers import Controllers
from ..input.keyboard_filter import KeyboardFilter
from ..space.legend import Legend
from ..space.pad_panel import PadPanel
from ..space.point_renderer import warm_up
from ..space.space_panel import SpacePanel
from ..state.instrument import Instrument, open_instrument
from ..state.presets import Preset, PresetFolder, preset_of
from ..widgets.mix_panel import MixPanel
from ..widgets.preset_panel import PresetPanel
from ..widgets.recording_list import RecordingList
from ..widgets.variation_panel import VariationPanel
from .context import WindowContext
from .open_model import OpenModel
from .right_column import RightColumn


def prepare_instrument(
    path: Path, context: WindowContext, on_progress: Callable[[str], object]
) -> Instrument:
    """Opens a model with the sound of the last session; takes seconds, so it belongs on a thread.

    Args:
        path: A model file.
        context: Knows the last sound and the sound device.
        on_progress: Called with a line for the person at each step.

    Raises:
        InputError: If the model file cannot be used.
    """
    warm_up()
    return open_instrument(
        path,
        context.saved.sound,
        on_progress,
        context.settings.output,
        context.show_message_from_any_thread,
    )


def build_open_model(instrument: Instrument, context: WindowContext, keys: ComputerKeys) -> OpenModel:
    """Builds the panels of an instrument, and has it play; only in the window's thread."""
    session, performer, settings = instrument.session, instrument.performer, context.settings
    instrument.engine.start()

    def as_preset(name: str) -> Preset:
        return preset_of(session.project, name, instrument.path.name)

    space = SpacePanel(instrument, settings.renderer)
    legend = Legend(instrument.points)
    legend.changed.connect(space.view.redraw)
    presets = PresetPanel(PresetFolder(settings.preset_folder), as_preset, context.show_message)
    recordings = RecordingList(instrument, context.window)
    pad = PadPanel(instrument, space)
    pages = (("Points", legend), ("Presets", presets), ("Recordings", recordings.panel))
    return OpenModel(
        instrument=instrument,
        mix=MixPanel(session),
        space=space,
        variation=VariationPanel(session),
        legend=legend,
        presets=presets,
        recordings=recordings,
        pad=pad,
        right=RightColumn(pages, pad),
        keyboard=KeyboardFilter(context.window, keys, performer),
        controllers=Controllers(
            performer, context.invoker.send, settings.osc, context.saved.midi_channel, context.show_message
        ),
    )
