"""The commands of menus, buttons and shortcuts that play, change the sound or change the view of it."""

from .. import theme
from ..state.camera import Camera
from .context import WindowContext


class Commands:
    """Does nothing where no model is open.

    Args:
        context: Holds the open model.
    """

    def __init__(self, context: WindowContext) -> None:
        self._context = context

    def undo(self) -> None:
        """Takes the last change back."""
        if instrument := self._context.instrument:
            instrument.session.undo()

    def redo(self) -> None:
        """Makes it again."""
        if instrument := self._context.instrument:
            instrument.session.redo()

    def new_variation(self) -> None:
        """Goes to another note of the same mix, at random."""
        if instrument := self._context.instrument:
            instrument.session.new_variation()

    def surprise(self) -> None:
        """Goes to another mix and variation, at random."""
        if instrument := self._context.instrument:
            instrument.session.surprise()

    def press_key(self, midi_pitch: int, velocity: int) -> None:
        """Presses a key of the piano."""
        if instrument := self._context.instrument:
            instrument.performer.note_on(midi_pitch, velocity, ("piano", midi_pitch))

    def release_key(self, midi_pitch: int) -> None:
        """Lets a key of the piano go."""
        if instrument := self._context.instrument:
            instrument.performer.note_off(midi_pitch, ("piano", midi_pitch))

    def play_again(self) -> None:
        """Plays the present sound at the last pitch."""
        if instrument := self._context.instrument:
            instrument.performer.play_again()

    def stop_all(self) -> None:
        """Ends every note, the path that is played, and the wait for a click on a point."""
        if opened := self._context.opened:
            opened.space.play.setChecked(False)
            opened.pad.stop_picking()
            opened.instrument.performer.stop_all()

    def set_volume(self, factor: float) -> None:
        """Sets the factor of all that is heard."""
        if instrument := self._context.instrument:
            instrument.engine.volume = factor

    def toggle_follow(self) -> None:
        """Has sounding notes follow the sliders, or not."""
        if instrument := self._context.instrument:
            instrument.performer.follows = not instrument.performer.follows
        self._context.switches_changed.emit()

    def toggle_dynamics(self) -> None:
        """Has velocity choose the dynamics, or not."""
        if instrument := self._context.instrument:
            session = instrument.session
            session.velocity_plays_dynamics = not session.velocity_plays_dynamics
        self._context.switches_changed.emit()

    def toggle_osc(self) -> None:
        """Switches Open Sound Control on or off."""
        if opened := self._context.opened:
            opened.controllers.toggle_osc()
        self._context.switches_changed.emit()

    def set_midi_channel(self, channel: int | None) -> None:
        """Listens to one MIDI channel, 0 to 15, or, with None, to all."""
        self._context.saved = self._context.saved.model_copy(update={"midi_channel": channel})
        if opened := self._context.opened:
            opened.controllers.midi.listen_to(channel)

    def record_path(self) -> None:
        """Begins or ends to record the cursor."""
        if opened := self._context.opened:
            opened.space.record.toggle()

    def reset_view(self) -> None:
        """Looks at the space from where it began."""
        if opened := self._context.opened:
            opened.space.view.set_camera(Camera())

    def show_pad(self) -> None:
        """Brings the pad to the front, and the keyboard to it."""
        if opened := self._context.opened:
            opened.right.show_pad()

    def fill_pad(self) -> None:
        """Fills the empty corners of the pad at random; all four, if none is empty."""
        if instrument := self._context.instrument:
            instrument.session.fill_pad()

    def clear_pad(self) -> None:
        """Empties the corners of the pad."""
        if instrument := self._context.instrument:
            instrument.session.clear_pad()

    def set_corner_here(self, number: int) -> None:
        """Takes the cursor's point for a corner of the pad, 1 to 4."""
        if instrument := self._context.instrument:
            instrument.session.set_corner_here(number)

    def play_original(self) -> None:
        """Plays the chosen recording itself."""
        if opened := self._context.opened:
            opened.recordings.play_original(opened.recordings.current)

    def play_model(self) -> None:
        """Plays the model's note at the point of the chosen recording."""
        if opened := self._context.opened:
            opened.recordings.play_model(opened.recordings.current)

    def toggle_theme(self) -> None:
        """Changes between dark and light."""
        is_dark = theme.current() is theme.DARK
        theme.use(theme.LIGHT if is_dark else theme.DARK)
        if opened := self._context.opened:
            opened.legend.refresh()
