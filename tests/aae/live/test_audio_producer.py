"""The producer's schedule, by a clock that only work moves: it does not depend on the machine."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np
import pytest
import torch

from aae.cli.console import SHIPPED_MODEL
from aae.live.audio_output import BLOCK
from aae.live.audio_producer import AudioProducer, Timing
from aae.live.decoding_thread import DecodeJob, DecodeResult, Decoding, OnResult, run_job
from aae.live.live_voice import LiveVoice
from aae.live.note_sources import NoteOnset, StreamBank, StreamedSource
from aae.live.voice_allocator import MAX_VOICES
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.decoding import DecodedNote
from aae.synthesis.inverters import streaming_inverter
from aae.synthesis.request import NoteRequest
from mcnn.network.source_filter import SourceFilterMcnn

RATE = 44_100
BLOCK_S = BLOCK / RATE
CHORD = range(48, 64)


@dataclass
class Costs:
    """What work takes, in seconds for one note, and each further note's share of that."""

    onset: float = 0.007
    part: float = 0.008
    block: float = 0.0018
    further: float = 0.35
    further_in_block: float = 0.12
    beside: float = 1.3
    """How much longer each takes while the other thread works too."""


class Clock:
    """Tells what time it is by the work that was done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class CountedDecoding(Decoding):
    """Work that is done when the clock says so, beside what the producer does."""

    def __init__(self, clock: Clock, on_result: OnResult) -> None:
        super().__init__(on_result)
        self.clock = clock
        self.cost = 0.0
        """Of the job that was run last; the bank tells it."""
        self.submitted: deque[DecodeJob] = deque()
        self.ends: tuple[float, DecodeResult] | None = None

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def submit(self, job: DecodeJob) -> None:
        self.submitted.append(job)
        self.go_on()

    def go_on(self) -> None:
        """Hands over what is done by now, and begins what comes next."""
        while True:
            if self.ends is None:
                if not self.submitted:
                    return
                self.cost = 0.0
                made = run_job(self.submitted.popleft())
                self.ends = self.clock.now + self.cost, made
            if self.clock.now < self.ends[0]:
                return
            (_, made), self.ends = self.ends, None
            self._on_result(made)


class CountedBank(StreamBank):
    """The real bank; its work takes the time that the test says."""

    def __init__(self, loaded: LoadedModel, clock: Clock, costs: Costs) -> None:
        inverter = streaming_inverter(loaded)
        assert inverter is not None
        super().__init__(loaded, inverter, MAX_VOICES)
        self.clock, self.costs = clock, costs
        self.decoding: CountedDecoding | None = None
        self.n_begun: list[int] = []

    def decode_onsets(self, starts: Sequence[tuple[NoteRequest, float]]) -> list[NoteOnset]:
        made = super().decode_onsets(starts)
        self.n_begun.append(len(starts))
        self._spend(self.costs.onset, len(starts))
        return made

    def decode(self, sources: Sequence[StreamedSource]) -> list[DecodedNote]:
        self._spend(self.costs.part, len(sources))
        return super().decode(sources)

    def advance(self, n_samples: int) -> None:
        super().advance(n_samples)
        busy = self.decoding is not None and self.decoding.ends is not None
        further = self.costs.further_in_block * max(len(self._sources) - 1, 0)
        self.clock.now += self.costs.block * (1 + further) * (self.costs.beside if busy else 1.0)

    def _spend(self, first_s: float, n_notes: int) -> None:
        if self.decoding is not None:
            self.decoding.cost = first_s * (1 + self.costs.further * (n_notes - 1)) * self.costs.beside


class Stage:
    """A producer and a device that takes a block whenever one is due."""

    def __init__(self, loaded: LoadedModel, costs: Costs) -> None:
        self.clock = Clock()
        self.bank = CountedBank(loaded, self.clock, costs)
        self.failures: list[str] = []
        self.producer = AudioProducer(
            RATE,
            self.bank,
            lambda _request, _on_waveform: pytest.fail("every note is streamed"),
            on_failure=self.failures.append,
            timing=Timing(partial(CountedDecoding, self.clock), self.clock),
        )
        self.dropouts = 0
        self._heard = np.zeros(BLOCK, np.float32)
        self._mix = {"instrument": {"violin": 1.0}}
        self._latent = (0.0,) * loaded.info.latent_size
        self.producer.warm_up(self.request(60))
        self.decoding = self.bank.decoding = cast(CountedDecoding, self.producer._decoding)
        self._due = self.clock.now + BLOCK_S

    def request(self, midi_pitch: int, seed: int = 0) -> NoteRequest:
        return NoteRequest(midi_pitch, self._mix, self._latent, seed)

    def press(self, *pitches: int) -> list[LiveVoice]:
        notes = [LiveVoice(pitch, self.request(pitch), 1.0, self.clock.now) for pitch in pitches]
        for note in notes:
            self.producer.post(partial(self.producer.voices.note_on, note))
        return notes

    def step(self) -> None:
        if not self.producer.step():
            ends = [] if self.decoding.ends is None else [self.decoding.ends[0]]
            self.clock.now = max(min([self._due, *ends]), self.clock.now)
        self.decoding.go_on()
        while self.clock.now >= self._due:
            short = self.producer.ring.read_into(self._heard) < BLOCK
            self.dropouts += short and self.producer.is_promised
            self._due += BLOCK_S

    def go_on(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.step()

    def begin(self, notes: list[LiveVoice]) -> float:
        """Goes on until all of these are made; returns how many seconds that took."""
        started = self.clock.now
        while any(note.first_sample < 0 for note in notes):
            self.step()
        return self.clock.now - started


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    opened = load_model(SHIPPED_MODEL)
    torch.manual_seed(0)
    return replace(opened, inverter=SourceFilterMcnn(opened.info.spectrogram).eval())


@pytest.mark.parametrize(("slowness", "within_s"), [(0.6, 0.06), (1.0, 0.08), (1.3, 0.1)])
def test_a_chord_of_sixteen_keys_in_the_same_instant_has_no_dropout(
    loaded: LoadedModel, slowness: float, within_s: float
) -> None:
    stage = Stage(loaded, Costs(0.007 * slowness, 0.008 * slowness, 0.0018 * slowness))
    notes = stage.press(*CHORD)
    took_s = stage.begin(notes)
    first = [note.first_sample for note in notes]
    stage.go_on(0.6)
    assert stage.dropouts == 0
    assert took_s < within_s
    assert (max(first) - min(first)) / RATE < within_s


def test_a_chord_over_others_that_sound_has_no_dropout(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs())
    stage.begin(stage.press(*range(70, 78)))
    for shift in (0, 24):
        stage.begin(stage.press(*(pitch + shift for pitch in CHORD)))
        stage.go_on(0.15)
    assert stage.dropouts == 0
    assert len(stage.producer.voices.sounding) <= MAX_VOICES


def test_keys_one_after_the_other_do_not_wait(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs())
    for pitch in range(50, 58):
        assert stage.begin(stage.press(pitch)) < 0.03
        stage.go_on(0.04)
    assert stage.dropouts == 0


def test_where_machines_are_too_slow_keys_are_heard_all_the_same(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs(0.03, 0.03, 0.011))
    stage.begin(stage.press(60))
    assert stage.begin(stage.press(64, 67, 71)) < 1.5


def test_a_key_that_follows_the_sliders_never_sounds_more_than_twice(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs())
    voices = stage.producer.voices
    stage.begin(stage.press(60))
    for seed in range(1, 30):
        stage.producer.post(partial(voices.replace, 60, stage.request(60, seed)))
        stage.go_on(0.016)
        assert len(voices.sounding) <= 2
    stage.go_on(0.3)
    (last,) = voices.sounding
    assert last.request == stage.request(60, 29)
    assert last.follows is None
    assert 0.2 < last.start_s < 0.8
    assert stage.dropouts == 0
    assert len(stage.bank.n_begun) < 20


def test_what_is_asked_before_a_note_has_begun_is_what_begins(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs())
    voices = stage.producer.voices
    (note,) = stage.press(60)
    stage.producer.post(lambda: voices.replace(60, stage.request(60, 7)))
    stage.producer.post(lambda: voices.release(60, 0.2))
    stage.begin([note])
    assert note.request == stage.request(60, 7)
    assert note.is_released
    stage.go_on(0.5)
    assert not voices.sounding


def test_sliders_that_move_while_a_note_is_decoded_are_heard_right_after(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs())
    voices = stage.producer.voices
    (note,) = stage.press(60)
    stage.producer.step()
    assert stage.decoding.ends is not None
    stage.producer.post(lambda: voices.replace(60, stage.request(60, 7)))
    stage.begin([note])
    assert note.request == stage.request(60)
    stage.go_on(0.3)
    assert [sounding.request for sounding in voices.sounding] == [stage.request(60, 7)]


@pytest.mark.parametrize("how", ["stopped", "struck again"])
def test_a_note_that_nobody_wants_any_more_when_it_is_decoded_does_not_begin(
    loaded: LoadedModel, how: str
) -> None:
    stage = Stage(loaded, Costs())
    (note,) = stage.press(60)
    stage.producer.step()
    assert stage.decoding.ends is not None
    again = stage.press(60) if how == "struck again" else []
    if how == "stopped":
        stage.producer.post(stage.producer.voices.stop_all)
    stage.go_on(0.1)
    assert note.first_sample < 0
    assert stage.producer.voices.sounding == again


def test_a_note_that_fails_is_told_and_ends_no_other(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs())
    stage.begin(stage.press(60))
    for _ in range(MAX_VOICES + 1):
        bad = LiveVoice(62, replace(stage.request(62), latent=(0.0,)), 1.0, 0.0)
        stage.producer.post(partial(stage.producer.voices.note_on, bad))
        stage.go_on(0.01)
    assert len(stage.failures) == MAX_VOICES + 1
    assert "finite numbers" in stage.failures[0]
    stage.begin(stage.press(64))
    assert [note.key for note in stage.producer.voices.sounding] == [60, 64]


def test_where_blocks_take_too_long_the_oldest_notes_end_and_the_others_go_on(loaded: LoadedModel) -> None:
    stage = Stage(loaded, Costs(block=0.004, further_in_block=0.2))
    notes = stage.press(*CHORD)
    stage.begin(notes)
    stage.go_on(0.3)
    kept = [note for note in stage.producer.voices.sounding if not note.is_stopped]
    assert 8 <= len(kept) < 12
    assert stage.producer.n_stolen == len(notes) - len(kept)
    assert kept == notes[-len(kept) :]
    late = stage.dropouts
    stage.go_on(0.3)
    assert stage.dropouts == late
