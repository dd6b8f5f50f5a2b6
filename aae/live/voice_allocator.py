"""Voices that sound, voices that wait for their first frames, and the keys' effect on them.

All of it is called by the producer thread alone.
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from aae.live.decoding_thread import DecodeJob, OnDone
from aae.live.envelope import CROSSFADE_S, STOP_S, Envelope
from aae.live.live_voice import LiveVoice
from aae.live.note_sources import NoteOnset, Source, StreamBank, WaveSource
from aae.live.offline_renderer import RenderNote
from aae.synthesis.finishing import FADE_IN_S, RELEASE_S
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats

MAX_VOICES = 24
"""At once, those that fade out included; the oldest makes room."""
MAX_START_DISTANCE_S = 0.15
"""Voices that start no further from each other, within their notes, are decoded together."""


class VoiceAllocator:
    """Voices from their keys to their ends.

    A voice is first queued, then its onset is decoded (or, where notes cannot be streamed, the whole note is
    rendered), then it sounds.

    Args:
        sample_rate: Samples per second.
        bank: Streams notes; None where the model's inverter cannot be streamed.
        render: Renders whole notes, where they are not streamed.
        post: Has the producer thread call a function; may be called by any thread.
        on_replaced: Called with a voice that takes the place of another one.
    """

    def __init__(
        self,
        sample_rate: int,
        bank: StreamBank | None,
        render: RenderNote,
        post: Callable[[Callable[[], object]], object],
        on_replaced: Callable[[LiveVoice], object],
    ) -> None:
        self.sample_rate = sample_rate
        self.sounding: list[LiveVoice] = []
        """In the order in which they began."""
        self.n_mixed = 0
        """Samples that were ever mixed."""
        self._bank, self._render, self._post, self._on_replaced = bank, render, post, on_replaced
        self._queued: list[LiveVoice] = []
        """To be streamed, in the order in which their keys went down."""
        self._decoding: list[LiveVoice] = []
        """Their onsets are being decoded."""
        self._rendering: list[LiveVoice] = []
        """Their whole notes are being rendered."""

    def note_on(self, voice: LiveVoice) -> None:
        """Presses a key; a voice that its key already holds ends."""
        self.release(voice.key, STOP_S)
        self._queued = [other for other in self._queued if other.key != voice.key]
        self._decoding = [other for other in self._decoding if other.key != voice.key]
        self._prepare(voice)

    def play_waveform(self, voice: LiveVoice, waveform: Floats) -> None:
        """Plays a waveform `(samples,)` as if it were a note."""
        self.release(voice.key, STOP_S)
        self._make_room()
        self._begin(voice, WaveSource(waveform, self.sample_rate))

    def release(self, key: Hashable, release_s: float) -> None:
        """Lets a key go; its voice fades out in so many seconds."""
        self._forget_followers(key)
        for voice in [*self.sounding, *self._decoding, *self._queued, *self._rendering]:
            if voice.key == key:
                voice.is_released = True
                if voice.envelope is not None:
                    voice.envelope.fade_out(release_s, at_once=release_s == STOP_S)

    def replace(self, key: Hashable, request: NoteRequest) -> None:
        """Fades a voice over to another note, at the same place in time."""
        for voice in [*self._decoding, *self._queued]:
            if voice.key == key and voice.follows is None and not voice.is_released:
                voice.request = request
                return
        self._forget_followers(key)
        for voice in [voice for voice in self.sounding if voice.key == key and not voice.is_released]:
            self._prepare(LiveVoice(key, request, voice.gain, voice.pressed_s, follows=voice))

    def stop_all(self) -> None:
        """Ends every voice, without a click."""
        self._forget_all()
        for voice in self.sounding:
            self._stop(voice)

    def drop_all(self) -> None:
        """Ends every voice with the next sample."""
        self._forget_all()
        for voice in self.sounding:
            if voice.source is not None:
                voice.source.stop()
        self.sounding = []

    def steal_voice(self) -> bool:
        """Ends the oldest voice quickly, a released one if there is any; False if none is left."""
        lasting = [voice for voice in self.sounding if not voice.is_stopped]
        if not lasting:
            return False
        self._stop(_oldest(lasting))
        return True

    def next_onset_job(self, max_voices: int) -> DecodeJob | None:
        """The first frames of queued voices that can be decoded together; None if no voice is queued."""
        group = self._next_to_begin()[:max_voices]
        if not group:
            return None
        self._queued = [voice for voice in self._queued if voice not in group]
        self._decoding += group
        starts = [(voice.request, voice.start_s) for voice in group if voice.request is not None]

        def decode() -> OnDone:
            assert self._bank is not None
            onsets = self._bank.decode_onsets(starts)
            begun = [
                (voice, request, onset)
                for voice, (request, _), onset in zip(group, starts, onsets, strict=True)
            ]
            return lambda: self._begin_all(begun)

        return DecodeJob(decode, on_failure=lambda: self._forget(group))

    def mix(self, n_samples: int) -> Floats:
        """The next samples of all voices together, `(samples,)`."""
        mixed: Floats = np.zeros(n_samples, np.float32)
        if self._bank is not None:
            self._bank.advance(n_samples)
        for voice in self.sounding:
            assert voice.source is not None
            assert voice.envelope is not None
            block = voice.source.take(n_samples)
            voice.envelope.apply(block)
            mixed += block
            if voice.envelope.is_silent:
                voice.source.stop()
        self.sounding = [v for v in self.sounding if v.source is not None and not v.source.is_over]
        self.n_mixed += n_samples
        return mixed

    def _prepare(self, voice: LiveVoice) -> None:
        """Has a voice decoded, or rendered where it cannot be streamed."""
        assert voice.request is not None
        if self._bank is None or voice.request.midi_pitch is None:
            self._render_whole(voice)  # without a pitch no sample is ready before all frames are
        else:
            self._queued.append(voice)

    def _render_whole(self, voice: LiveVoice) -> None:
        """Has a whole note rendered; its voice begins when it is there."""
        assert voice.request is not None
        self._rendering.append(voice)

        def on_waveform(waveform: Floats | None) -> None:
            self._post(lambda: self._begin_rendered(voice, waveform))

        self._render(voice.request, on_waveform)

    def _begin_rendered(self, voice: LiveVoice, waveform: Floats | None) -> None:
        """Begins a voice whose whole note is there, unless nobody wants it any more."""
        if voice not in self._rendering:
            return
        self._rendering.remove(voice)
        if waveform is not None:
            if voice.follows is not None:
                voice.start_s = self._position_s(voice.follows)
            self._make_room()
            start = round(voice.start_s * self.sample_rate)
            self._begin(voice, WaveSource(waveform, self.sample_rate, start))

    def _next_to_begin(self) -> list[LiveVoice]:
        """Queued voices that can be decoded together now."""
        ready = [voice for voice in self._queued if self._may_begin(voice)]
        for voice in ready:
            if voice.follows is not None:
                voice.start_s = self._position_s(voice.follows)
        return [voice for voice in ready if abs(voice.start_s - ready[0].start_s) < MAX_START_DISTANCE_S]

    def _may_begin(self, voice: LiveVoice) -> bool:
        """False while the voice that it follows is itself fading in: no key sounds more than twice."""
        if voice.follows is None:
            return True
        return sum(other.key == voice.key for other in (*self.sounding, *self._decoding)) < 2

    def _begin_all(self, begun: Sequence[tuple[LiveVoice, NoteRequest, NoteOnset]]) -> None:
        """Begins voices whose first frames are there, but for those that nobody wants any more.

        Args:
            begun: Each with the note that was decoded, and its first frames.
        """
        assert self._bank is not None
        wanted = [one for one in begun if one[0] in self._decoding and not _is_too_late(one[0])]
        self._forget([voice for voice, _, _ in begun])
        self._make_room(len(wanted))
        for voice, decoded, onset in wanted:
            if voice.follows is not None:
                voice.start_s = self._position_s(voice.follows)
            before = None if voice.follows is None else voice.follows.source
            source = self._bank.begin(onset, voice.start_s, before)
            if source is None:
                continue
            requested, voice.request = voice.request, decoded
            self._begin(voice, source)
            if requested is not None and requested != decoded:
                self.replace(voice.key, requested)  # the sliders moved on while it was decoded

    def _begin(self, voice: LiveVoice, source: Source) -> None:
        """Has a voice sound from the next sample on; the one that it follows fades out."""
        before, voice.follows = voice.follows, None
        voice.source = source
        voice.envelope = Envelope(self.sample_rate, voice.gain, FADE_IN_S if before is None else CROSSFADE_S)
        voice.first_sample = self.n_mixed
        if voice.is_released:
            voice.envelope.fade_out(RELEASE_S)
        self.sounding.append(voice)
        if before is not None and before.envelope is not None:
            before.is_released = True
            before.envelope.fade_out(CROSSFADE_S)
            for other in self._queued:
                if other.follows is before:
                    other.follows = voice
            self._on_replaced(voice)

    def _position_s(self, voice: LiveVoice) -> float:
        """Where in a voice's note the next sample lies."""
        return voice.start_s + (self.n_mixed - voice.first_sample) / self.sample_rate

    def _make_room(self, n_voices: int = 1) -> None:
        while len(self.sounding) > MAX_VOICES - n_voices:
            oldest = _oldest(self.sounding)
            assert oldest.source is not None
            oldest.source.stop()
            self.sounding.remove(oldest)

    def _stop(self, voice: LiveVoice) -> None:
        """Ends a voice as fast as it does not click."""
        assert voice.envelope is not None
        voice.is_released = voice.is_stopped = True
        voice.envelope.fade_out(STOP_S, at_once=True)

    def _forget(self, group: Sequence[LiveVoice]) -> None:
        self._decoding = [voice for voice in self._decoding if voice not in group]

    def _forget_all(self) -> None:
        for voices in (self._rendering, self._decoding, self._queued):
            voices.clear()

    def _forget_followers(self, key: Hashable) -> None:
        """Voices of this key that were to follow another one, and have not begun, never will."""
        self._queued = [voice for voice in self._queued if voice.key != key or voice.follows is None]
        self._rendering = [voice for voice in self._rendering if voice.key != key or voice.follows is None]


def _oldest(voices: Sequence[LiveVoice]) -> LiveVoice:
    """The first of those that are released, if any; else the first."""
    return next((voice for voice in voices if voice.is_released), voices[0])


def _is_too_late(voice: LiveVoice) -> bool:
    """Whether the voice that it was to follow was let go meanwhile."""
    return voice.follows is not None and voice.follows.is_released
