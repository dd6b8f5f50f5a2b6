"""MIDI and Open Sound Control: messages in, notes and changes out."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import mido
import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

from gui.input.computer_keys import ComputerKeys
from gui.input.controllers import Controllers
from gui.input.midi_input import MidiInput
from gui.input.osc_bridge import OscBridge
from gui.input.osc_settings import OscSettings
from gui.state.performer import Performer
from mcnn.errors import InputError
from tests.support.desktop.real_desktop import wait_for
from tests.support.notebook import Notebook


@pytest.fixture
def midi(performer: Performer) -> MidiInput:
    made = MidiInput.__new__(MidiInput)
    made.__dict__.update(
        _performer=performer, channel=None, ports={}, _sustained=set(), _pedals=set(), problem="a test"
    )
    return made


def test_another_channel_lets_go_what_the_one_before_held(midi: MidiInput, notebook: Notebook) -> None:
    midi.listen_to(9)
    assert notebook.asked == [("stop",)]
    for channel in (0, 9):
        midi.receive("port", mido.Message("note_on", note=60, velocity=127, channel=channel))
    midi.listen_to(9)
    assert notebook.asked == [("stop",), ("on", 60, 1.0)]


def test_midi_notes_play_and_a_zero_velocity_lets_go(midi: MidiInput, notebook: Notebook) -> None:
    midi.receive("p", mido.Message("note_on", note=60, velocity=127))
    midi.receive("p", mido.Message("note_on", note=60, velocity=0))
    midi.receive("p", mido.Message("note_off", note=61))
    assert notebook.asked[0] == ("on", 60, 1.0)
    assert [what for what, *_ in notebook.asked] == ["on", "off", "off"]


def test_the_pedal_holds_notes_until_it_comes_up(midi: MidiInput, notebook: Notebook) -> None:
    midi.receive("p", mido.Message("control_change", control=64, value=127))
    midi.receive("p", mido.Message("note_on", note=60, velocity=100))
    midi.receive("p", mido.Message("note_off", note=60))
    assert [what for what, *_ in notebook.asked] == ["on"]
    midi.receive("p", mido.Message("control_change", control=64, value=0))
    assert [what for what, *_ in notebook.asked] == ["on", "off"]
    midi.receive("p", mido.Message("control_change", control=123, value=0))
    assert notebook.asked[-1] == ("stop",)


def test_only_the_chosen_channel_plays(midi: MidiInput, notebook: Notebook) -> None:
    midi.channel = 3
    midi.receive("p", mido.Message("note_on", note=60, channel=2))
    midi.receive("p", mido.Message("note_on", note=62, channel=3))
    assert [pitch for _, pitch, _ in notebook.asked] == [62]


def test_ports_that_come_are_opened_and_ports_that_go_are_closed(midi: MidiInput) -> None:
    there: list[str] = ["keys"]
    closed: list[str] = []

    def open_input(name: str, callback: object) -> Any:
        return SimpleNamespace(close=lambda: closed.append(name), callback=callback)

    midi.__dict__.update(
        _mido=SimpleNamespace(get_input_names=lambda: there, open_input=open_input),
    )
    midi._open_new()
    assert sorted(midi.ports) == ["keys"]
    there.append("pads")
    midi._open_new()
    assert sorted(midi.ports) == ["keys", "pads"]
    there.remove("keys")
    midi._open_new()
    assert sorted(midi.ports) == ["pads"]
    assert closed == ["keys"]


@dataclass
class OtherProgram:
    """Speaks to a bridge, and notes what it is told."""

    client: SimpleUDPClient
    bridge: OscBridge
    heard: list[tuple[Any, ...]]

    def send(self, name: str, *values: Any) -> None:
        self.client.send_message(f"/clariolin/{name}", list(values))

    def heard_all(self, *messages: tuple[Any, ...]) -> bool:
        return {(f"/clariolin/{name}", *values) for name, *values in messages} <= set(self.heard)


@pytest.fixture
def other_program(performer: Performer) -> Iterator[OtherProgram]:
    heard: list[tuple[Any, ...]] = []
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(lambda address, *values: heard.append((address, *values)))
    listener = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    bridge = OscBridge(performer, lambda call: call(), port=0, send_port=listener.server_address[1])
    client = SimpleUDPClient("127.0.0.1", bridge.port)
    before = performer.session.project
    performer.session.subscribe(lambda: bridge.send_project(before))
    yield OtherProgram(client, bridge, heard)
    bridge.close()
    client.close()
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_osc_plays_sets_and_tells(
    performer: Performer, notebook: Notebook, other_program: OtherProgram
) -> None:
    other, session = other_program, performer.session
    other.send("note", 64, 127)
    wait_for(lambda: notebook.asked)
    assert notebook.asked[-1] == ("on", 64, 1.0)
    other.send("note", 64, 0)
    wait_for(lambda: notebook.asked[-1][0] == "off")
    other.send("nonsense", "?")
    other.send("weight", "instrument", "theremin", 1.0)
    other.send("weight", "mood")
    other.send("weight", "instrument", "cello", float("nan"))
    other.send("weight", "instrument", "cello", 0.25)
    wait_for(lambda: session.sound.mixes["instrument"].weights.get("cello") == 0.25)
    other.send("latent", 0.5, -0.5, float("inf"))
    other.send("latent", 0.5, -0.5, 1.0)
    wait_for(lambda: session.sound.latent == (0.5, -0.5, 1.0))
    other.send("variation", 3.0)
    wait_for(lambda: session.sound.variation == 3.0)
    wait_for(lambda: other.heard_all(("variation", 3.0)))
    assert other.heard_all(("weight", "instrument", "cello", 0.25), ("latent", 0.5, -0.5, 1.0))
    with pytest.raises(InputError, match="cannot listen"):
        OscBridge(performer, lambda call: call(), port=other.bridge.port)


def test_osc_moves_the_pad_and_is_told_of_it(performer: Performer, other_program: OtherProgram) -> None:
    other, session = other_program, performer.session
    other.send("corner", 1, 0.0, 4.0, 1.0)
    other.send("corner", 2, 4.0, 4.0, 1.0)
    other.send("corner", 4, 4.0, 0.0)
    other.send("corner", 5, 4.0, 0.0, 1.0)
    other.send("corner", 3, float("nan"), 0.0, 1.0)
    other.send("corner", 3, "nonsense")
    wait_for(lambda: session.pad.corners[1] is not None)
    other.send("pad", "a", 0.5)
    other.send("pad", float("nan"), 0.5)
    other.send("pad", 0.25, 0.5)
    wait_for(lambda: session.sound.latent == (1.0, 4.0, 1.0))
    assert [corner is not None for corner in session.pad.corners] == [True, True, False, False]
    other.send("corner", 4)
    wait_for(lambda: session.pad.corners[3] is not None)
    assert session.pad.corners[3].latent == (1.0, 4.0, 1.0)  # type: ignore[union-attr]
    other.send("pad", 7.0, -7.0)
    wait_for(lambda: session.pad.place == (1.0, 0.0))
    wait_for(
        lambda: other.heard_all(
            ("corner", 1, 0.0, 4.0, 1.0),
            ("corner", 2, 4.0, 4.0, 1.0),
            ("corner", 4, 1.0, 4.0, 1.0),
            ("pad", 0.25, 0.5),
            ("pad", 1.0, 0.0),
            ("latent", 1.0, 4.0, 1.0),
        )
    )
    other.heard.clear()
    other.send("corner", 1, "clear")
    wait_for(lambda: session.pad.corners[0] is None)
    other.send("state")
    wait_for(lambda: other.heard_all(("corner", 1, "clear"), ("corner", 3, "clear"), ("pad", 1.0, 0.0)))


def test_letters_are_keys_and_come_up_where_they_went_down() -> None:
    keys = ComputerKeys(octave=4)
    assert [keys.press(letter) for letter in "awsk"] == [60, 61, 62, 72]
    assert keys.press("a") is None
    assert keys.press("q") is None
    assert keys.shift("x")
    assert keys.release("a") == 60
    assert keys.press("a") == 72
    assert keys.letter_of(73) == "W"
    assert sorted(keys.release_all()) == [61, 62, 72, 72]
    for _ in range(9):
        keys.shift("v")
    assert keys.velocity == 127
    assert not keys.shift("b")


def test_open_sound_control_is_switched_on_and_off_and_told_in_words(performer: Performer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        settings = OscSettings(is_on_at_start=True, port=probe.getsockname()[1])
    messages: list[str] = []
    first = Controllers(performer, lambda call: call(), settings, None, messages.append)
    assert f"OSC {settings.port}" in first.in_words()
    second = Controllers(performer, lambda call: call(), settings, None, messages.append)
    assert "OSC" not in second.in_words()
    assert "cannot listen" in messages[0], "the port is taken"
    first.toggle_osc()
    assert "OSC" not in first.in_words()
    second.toggle_osc()
    assert "OSC" in second.in_words()
    first.close()
    second.close()
    assert "OSC" not in second.in_words()


def test_who_subscribes_hears_every_note(performer: Performer) -> None:
    heard: list[tuple[int, int]] = []
    performer.subscribe_to_notes(lambda pitch, velocity: heard.append((pitch, velocity)))
    performer.note_on(60, 99)
    performer.note_on(5, 99)
    performer.note_off(60)
    assert heard == [(60, 99)], "5 is below all that a model can make"
