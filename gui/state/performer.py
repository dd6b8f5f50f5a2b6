"""The one door to the engine for piano, computer keyboard, MIDI, OSC, the cursor and paths. Qt-free.

All of them play through it, so that what is played, shown and made to follow the sliders is decided once.
"""

import math
from collections.abc import Callable, Hashable

from aae.live.offline_renderer import OfflineRenderer
from aae.live.status import SoundEngine
from aae.live.velocity import velocity_gain
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats

from .latent_path import LatentPath
from .session import Session

CURSOR_KEY = "cursor"
MIN_PITCH, MAX_PITCH = 12, 119
"""MIDI pitches that a model can make: C0 to B8."""
MIN_MOVE = 0.12
"""Distance of the cursor between two notes of a drag, in standard deviations of the prior."""
MIN_PAD_MOVE = 0.06
"""Distance of the puck between two notes of a drag, as a share of the pad's width."""


class Performer:
    """Plays the session on the engine.

    Args:
        session: Its present sound is played.
        engine: Plays it.
        renderer: Makes the picture of the last note.
    """

    def __init__(self, session: Session, engine: SoundEngine, renderer: OfflineRenderer) -> None:
        self.session, self.engine, self._renderer = session, engine, renderer
        self.last_pitch = 60
        self.follows = False
        """Whether notes that sound fade over to the sound of the sliders."""
        self.held: dict[Hashable, tuple[int, int]] = {}
        """Keys that are down: pitch and velocity."""
        self.shown: NoteRequest | None = None
        """The note that was shown last; None for a recording."""
        self._note_listeners: list[Callable[[int, int], object]] = []
        self._dragged_from: tuple[str, tuple[float, ...]] | None = None
        """The thing that is dragged, and its place at the last note."""
        self._followed = session.sound
        session.subscribe(self._follow)

    def subscribe_to_notes(self, listener: Callable[[int, int], object]) -> None:
        """Has a function called with MIDI pitch and velocity after every key that goes down."""
        self._note_listeners.append(listener)

    def note_on(self, midi_pitch: int, velocity: int = 100, key: Hashable = None) -> NoteRequest | None:
        """A key goes down; pitches that no model can make are ignored.

        Args:
            midi_pitch: Of the key.
            velocity: 1 to 127.
            key: Names the press for `note_off`; the pitch, if not given.
        """
        if not MIN_PITCH <= midi_pitch <= MAX_PITCH:
            return None
        key = midi_pitch if key is None else key
        request = self.session.request(midi_pitch, velocity)
        self.held[key] = midi_pitch, velocity
        self.last_pitch = midi_pitch
        self.play(request, key, velocity)
        for listener in self._note_listeners:
            listener(midi_pitch, velocity)
        return request

    def note_off(self, midi_pitch: int, key: Hashable = None) -> None:
        """A key comes up."""
        key = midi_pitch if key is None else key
        self.held.pop(key, None)
        self.engine.note_off(key)

    def play(self, request: NoteRequest, key: Hashable = CURSOR_KEY, velocity: int = 100) -> None:
        """Plays any note, and shows it."""
        self.engine.note_on(key, request, velocity_gain(velocity))
        self.show(request)

    def show(self, request: NoteRequest) -> None:
        """Has the picture of a note made."""
        self.shown = request
        self._renderer.show(request)

    def play_waveform(self, waveform: Floats) -> None:
        """Plays a recording, and shows it."""
        self.engine.play(CURSOR_KEY, waveform)
        self.shown = None
        self._renderer.show(waveform)

    def play_again(self) -> None:
        """Plays the present sound at the last pitch, for its whole length."""
        self.play(self.session.request(self.last_pitch))

    def stop_all(self) -> None:
        """Ends every note."""
        self.held.clear()
        self.engine.stop_all()

    def cursor_moved(self) -> None:
        """The cursor is being dragged: a note whenever it has gone far enough."""
        self._drag("cursor", self.session.sound.latent, MIN_MOVE)

    def cursor_released(self) -> None:
        """The cursor was let go: the note where it lies."""
        self._let_go("cursor", self.session.sound.latent)

    def puck_moved(self) -> None:
        """The puck of the pad is being dragged: a note whenever it has gone far enough on the pad."""
        self._drag("puck", self.session.pad.place, MIN_PAD_MOVE)

    def puck_released(self) -> None:
        """The puck was let go: the note where it lies."""
        self._let_go("puck", self.session.pad.place)

    def path_request(self, path: LatentPath, time_s: float) -> NoteRequest:
        """The note at a time of a path, at the last pitch."""
        request = self.session.request(self.last_pitch)
        return NoteRequest(request.midi_pitch, request.mix, path.at(time_s), request.seed)

    def _drag(self, what: str, place: tuple[float, ...], min_distance: float) -> None:
        before = self._dragged_from
        if before is None or before[0] != what or math.dist(place, before[1]) >= min_distance:
            self._dragged_from = what, place
            self.play_again()

    def _let_go(self, what: str, place: tuple[float, ...]) -> None:
        if self._dragged_from != (what, place):
            self.play_again()
        self._dragged_from = None

    def _follow(self) -> None:
        """Fades sounding notes over to what the session has become."""
        before, self._followed = self._followed, self.session.sound
        if self.follows and before != self._followed:
            for key, (pitch, velocity) in list(self.held.items()):
                request = self.session.request(pitch, velocity)
                self.engine.replace(key, request)
                self.show(request)
