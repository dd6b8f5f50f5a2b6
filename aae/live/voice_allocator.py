"""The notes that sound, those that wait for their beginning, and what keys do to them. Qt-free.

All of it is called by the feeder thread alone.
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from aae.live.decoding_thread import DecodeJob, TakeIn
from aae.live.envelope import CROSSFADE_S, RELEASE_S, RISE_S, STOP_S, Envelope
from aae.live.live_voice import LiveVoice
from aae.live.note_sources import NoteOnset, Source, StreamBank, WaveSource
from aae.live.offline_renderer import OfflineRenderer
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats

MAX_VOICES = 24
"""Notes at once, those that fade out included; the oldest makes room."""
NEAR_S = 0.15
"""Notes that begin no further from each other within themselves are begun together."""


class VoiceAllocator:
    """Notes from their keys to their ends.

    Args:
        sample_rate: Samples per second.
        bank: Streams notes; None where the model's inverter cannot be streamed.
        whole: Renders notes that are not streamed.
        give: Has the feeder thread do something.
    """

    def __init__(
        self,
        sample_rate: int,
        bank: StreamBank | None,
        whole: OfflineRenderer,
        give: Callable[[Callable[[], None]], object],
    ) -> None:
        self.sample_rate = sample_rate
        self.sounding: list[LiveVoice] = []
        """In the order in which they began."""
        self.n_made = 0
        """Samples that were ever mixed."""
        self.on_replaced: Callable[[LiveVoice], object] = lambda _note: None
        """Called with a note that takes the place of another one."""
        self._bank, self._whole, self._give = bank, whole, give
        self._waiting: list[LiveVoice] = []
        """To be streamed, in the order in which they were asked."""
        self._coming: list[LiveVoice] = []
        """Of these the first frames are being decoded."""
        self._awaited: list[LiveVoice] = []
        """Being rendered."""

    def strike(self, note: LiveVoice) -> None:
        """A key goes down."""
        self.release(note.key, STOP_S)
        self._waiting = [other for other in self._waiting if other.key != note.key]
        self._coming = [other for other in self._coming if other.key != note.key]
        self._ask(note)

    def strike_wave(self, note: LiveVoice, waveform: Floats) -> None:
        """A waveform `(samples,)` plays as if it were a note."""
        self.release(note.key, STOP_S)
        self._make_room()
        self._begin(note, WaveSource(waveform, self.sample_rate))

    def release(self, key: Hashable, release_s: float) -> None:
        """A key comes up."""
        self._forget_followers(key)
        for note in [*self.sounding, *self._coming, *self._waiting, *self._awaited]:
            if note.key == key:
                note.is_released = True
                if note.envelope is not None:
                    note.envelope.fall(release_s, at_once=release_s == STOP_S)

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """A note that sounds fades over to another one, at the same place in time."""
        for note in [*self._coming, *self._waiting]:
            if note.key == key and note.follows is None and not note.is_released:
                note.request = request
                return
        self._forget_followers(key)
        for note in [note for note in self.sounding if note.key == key and not note.is_released]:
            self._ask(LiveVoice(key, request, note.gain, note.asked_s, follows=note))

    def stop_all(self) -> None:
        """Every note ends, without a click."""
        self._forget_all()
        for note in self.sounding:
            note.is_released = note.is_stopped = True
            assert note.envelope is not None
            note.envelope.fall(STOP_S, at_once=True)

    def drop_all(self) -> None:
        """Every note is gone."""
        self._forget_all()
        for note in self.sounding:
            if note.source is not None:
                note.source.stop()
        self.sounding = []

    def shed(self) -> bool:
        """Ends the oldest note quickly, one that fades out already if there is one; False if none is left."""
        lasting = [note for note in self.sounding if not note.is_stopped]
        fading = [note for note in lasting if note.is_released]
        if not lasting:
            return False
        oldest = (fading or lasting)[0]
        assert oldest.envelope is not None
        oldest.is_released = oldest.is_stopped = True
        oldest.envelope.fall(STOP_S, at_once=True)
        return True

    def next_beginning(self, at_once: int) -> DecodeJob | None:
        """The first frames of waiting notes that can begin together; None if no note waits.

        Args:
            at_once: Notes at most.
        """
        group = self._to_begin()[:at_once]
        if not group:
            return None
        self._waiting = [note for note in self._waiting if note not in group]
        self._coming += group
        asked = [(note.request, note.start_s) for note in group if note.request is not None]

        def make() -> TakeIn:
            assert self._bank is not None
            made = self._bank.decode_beginnings(asked)
            begun = [(note, request, one) for note, (request, _), one in zip(group, asked, made, strict=True)]
            return lambda: self._begin_all(begun)

        return DecodeJob(make, lambda: self._forget(group))

    def mix(self, n_samples: int) -> Floats:
        """The next samples of all notes together, `(samples,)`."""
        mixed: Floats = np.zeros(n_samples, np.float32)
        if self._bank is not None:
            self._bank.advance(n_samples)
        for note in self.sounding:
            assert note.source is not None
            assert note.envelope is not None
            block = note.source.take(n_samples)
            note.envelope.apply(block)
            mixed += block
            if note.envelope.is_silent:
                note.source.stop()
        self.sounding = [n for n in self.sounding if n.source is not None and not n.source.is_over]
        self.n_made += n_samples
        return mixed

    def _to_begin(self) -> list[LiveVoice]:
        """Waiting notes that can be begun together now."""
        ready = [note for note in self._waiting if self._may_begin(note)]
        for note in ready:
            if note.follows is not None:
                note.start_s = self._place_s(note.follows)
        return [note for note in ready if abs(note.start_s - ready[0].start_s) < NEAR_S]

    def _begin_all(self, begun: Sequence[tuple[LiveVoice, NoteRequest, NoteOnset]]) -> None:
        """Begins notes whose first frames are there, but for those that nobody wants any more."""
        assert self._bank is not None
        wanted = [one for one in begun if one[0] in self._coming and not _is_too_late(one[0])]
        self._forget([note for note, _, _ in begun])
        self._make_room(len(wanted))
        for note, request, beginning in wanted:
            if note.follows is not None:
                note.start_s = self._place_s(note.follows)
            before = None if note.follows is None else note.follows.source
            source = self._bank.begin(beginning, note.start_s, before)
            if source is None:
                continue
            asked, note.request = note.request, request
            self._begin(note, source)
            if asked is not None and asked != request:
                self.replace(note.key, asked)  # the sliders moved on while it was decoded

    def _forget(self, group: Sequence[LiveVoice]) -> None:
        self._coming = [note for note in self._coming if note not in group]

    def _forget_all(self) -> None:
        for notes in (self._awaited, self._coming, self._waiting):
            notes.clear()

    def _ask(self, note: LiveVoice) -> None:
        assert note.request is not None
        if self._bank is None or note.request.midi_pitch is None:
            self._await(note)  # without a pitch no sample is ready before all frames are
        else:
            self._waiting.append(note)

    def _await(self, note: LiveVoice) -> None:
        """Has a whole note rendered; it begins when it is there."""
        assert note.request is not None
        self._awaited.append(note)

        def ready(waveform: Floats | None) -> None:
            self._give(lambda: self._arrived(note, waveform))

        self._whole.ask(note.request, ready)

    def _arrived(self, note: LiveVoice, waveform: Floats | None) -> None:
        if note in self._awaited:
            self._awaited.remove(note)
            if waveform is not None:
                if note.follows is not None:
                    note.start_s = self._place_s(note.follows)
                self._make_room()
                start = round(note.start_s * self.sample_rate)
                self._begin(note, WaveSource(waveform, self.sample_rate, start))

    def _forget_followers(self, key: Hashable) -> None:
        """No note that has not begun yet takes over from one of this key."""
        self._waiting = [note for note in self._waiting if note.key != key or note.follows is None]
        self._awaited = [note for note in self._awaited if note.key != key or note.follows is None]

    def _may_begin(self, note: LiveVoice) -> bool:
        """Not while what it fades over from is itself fading in: no key sounds more than twice."""
        if note.follows is None:
            return True
        return sum(other.key == note.key for other in (*self.sounding, *self._coming)) < 2

    def _begin(self, note: LiveVoice, source: Source) -> None:
        before, note.follows = note.follows, None
        note.source = source
        note.envelope = Envelope(self.sample_rate, note.gain, RISE_S if before is None else CROSSFADE_S)
        note.first_sample = self.n_made
        if note.is_released:
            note.envelope.fall(RELEASE_S)
        self.sounding.append(note)
        if before is not None and before.envelope is not None:
            before.is_released = True
            before.envelope.fall(CROSSFADE_S)
            for other in self._waiting:
                if other.follows is before:
                    other.follows = note
            self.on_replaced(note)

    def _place_s(self, note: LiveVoice) -> float:
        """Where in a note the next sample lies."""
        return note.start_s + (self.n_made - note.first_sample) / self.sample_rate

    def _make_room(self, n_notes: int = 1) -> None:
        while len(self.sounding) > MAX_VOICES - n_notes:
            fading = [note for note in self.sounding if note.is_released]
            oldest = (fading or self.sounding)[0]
            assert oldest.source is not None
            oldest.source.stop()
            self.sounding.remove(oldest)


def _is_too_late(note: LiveVoice) -> bool:
    """Whether what it was to take over from was let go meanwhile."""
    return note.follows is not None and note.follows.is_released
