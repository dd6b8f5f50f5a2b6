"""Who presses keys: piano, computer keyboard, MIDI, OSC, the cursor, a path. Qt-free.

All of them come here, so that what is played, what is shown and what follows the sliders is decided once.
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
MIN_MOVE = 0.12
"""How far, in standard deviations, the cursor goes between two notes of a drag."""
MIN_PAD_MOVE = 0.06
"""How far, of the pad's width, the puck goes between two notes of a drag, however near its corners are."""


class Performer:
    """Plays the session on the engine.

    Args:
        session: What sounds.
        engine: Where.
        renderer: Makes the preview of the last note.
    """

    def __init__(self, session: Session, engine: SoundEngine, renderer: OfflineRenderer) -> None:
        self.session, self.engine, self._renderer = session, engine, renderer
        self.last_pitch = 60
        self.follows = False
        """Whether notes that sound fade over to what the sliders say."""
        self.held: dict[Hashable, tuple[int, int]] = {}
        """Keys that are down: pitch and velocity."""
        self.shown: NoteRequest | None = None
        """What the portrait is of."""
        self.on_play: Callable[[int, int], object] = lambda _pitch, _velocity: None
        """Told of every note, for those who send it on."""
        self._dragged_from: tuple[str, tuple[float, ...]] | None = None
        """What is dragged, and where it was at the last note."""
        self._followed = session.sound
        session.subscribe(self._changed)

    def note_on(self, midi_pitch: int, velocity: int = 100, key: Hashable = None) -> NoteRequest | None:
        """A key goes down; notes that no model can make are passed over.

        Args:
            midi_pitch: Which.
            velocity: How hard, 1 to 127.
            key: What will let it go again; the pitch, if not given.
        """
        if not 12 <= midi_pitch <= 119:
            return None
        key = midi_pitch if key is None else key
        request = self.session.request(midi_pitch, velocity)
        self.held[key] = midi_pitch, velocity
        self.last_pitch = midi_pitch
        self.play(request, key, velocity)
        self.on_play(midi_pitch, velocity)
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
        """Has the portrait of a note made."""
        self.shown = request
        self._renderer.show(request)

    def play_waveform(self, waveform: Floats) -> None:
        """Plays a recording, and shows it."""
        self.engine.play(CURSOR_KEY, waveform)
        self.shown = None
        self._renderer.show(waveform)

    def play_again(self) -> None:
        """The present sound at the last pitch, as long as it is."""
        self.play(self.session.request(self.last_pitch))

    def stop_all(self) -> None:
        """Silence."""
        self.held.clear()
        self.engine.stop_all()

    def cursor_moved(self) -> None:
        """The cursor is being dragged: a note whenever it has gone far enough."""
        self._dragged("cursor", self.session.sound.latent, MIN_MOVE)

    def cursor_released(self) -> None:
        """The cursor was let go: the note where it lies."""
        self._let_go("cursor", self.session.sound.latent)

    def puck_moved(self) -> None:
        """The puck of the pad is being dragged: a note whenever it has gone far enough on the pad."""
        self._dragged("puck", self.session.pad.place, MIN_PAD_MOVE)

    def puck_released(self) -> None:
        """The puck was let go: the note where it lies."""
        self._let_go("puck", self.session.pad.place)

    def path_request(self, path: LatentPath, time_s: float) -> NoteRequest:
        """The note at a time of a path, at the last pitch."""
        request = self.session.request(self.last_pitch)
        return NoteRequest(request.midi_pitch, request.mix, path.at(time_s), request.seed)

    def _dragged(self, what: str, place: tuple[float, ...], least: float) -> None:
        before = self._dragged_from
        if before is None or before[0] != what or math.dist(place, before[1]) >= least:
            self._dragged_from = what, place
            self.play_again()

    def _let_go(self, what: str, place: tuple[float, ...]) -> None:
        if self._dragged_from != (what, place):
            self.play_again()
        self._dragged_from = None

    def _changed(self) -> None:
        before, self._followed = self._followed, self.session.sound
        if self.follows and before != self._followed:
            for key, (pitch, velocity) in list(self.held.items()):
                request = self.session.request(pitch, velocity)
                self.engine.replace(key, request)
                self.show(request)
