"""Exported instruments in real players: pitch of every key, layers, round robins, switches, loops, ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aae.cli.app import main
from aae.cli.console import SHIPPED_MODEL
from aae.rendering.loops import STEADY_DB
from aae.rendering.manifest import read_manifest
from aae.rendering.samplers.export import write_instruments
from aae.rendering.samplers.instrument import Instrument, build_instruments
from aae.rendering.samplers.sfz import IN_MEMORY
from tests.support.players import (
    RATE,
    FluidPlayer,
    SfizzPlayer,
    fluid_player,
    level_db,
    needs_fluidsynth,
    needs_sfizz,
    played_cents,
    sharpest_bend_db,
)

NEAR_CENTS = 6.0
OPTIONS = (
    "--instrument clarinet:0.5,cello:0.5 --technique arco-normal --technique pizz-normal --dynamics piano "
    "--dynamics fortissimo --duration 1 --notes C3,E3,A3 --variations 2 --inverter rtpghi"
)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half clarinet, half cello by the shipped model: two techniques, two layers, two round robins."""
    folder = tmp_path_factory.mktemp("rendered") / "hybrid"
    assert main(["render", *OPTIONS.split(), "--format", "sfz", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def rows(rendered: Path) -> list[dict[str, Any]]:
    return read_manifest(rendered)


@pytest.fixture(scope="module")
def instrument(rows: list[dict[str, Any]]) -> Instrument:
    (made,) = build_instruments(rows)
    return made


@pytest.fixture
def sfizz(rendered: Path, instrument: Instrument) -> SfizzPlayer:
    switches = [a.switch_key for a in instrument.articulations if a.switch_key is not None]
    return SfizzPlayer(rendered / f"{instrument.name}.sfz", switches)


@pytest.fixture(scope="module")
def soundfont(rendered: Path, rows: list[dict[str, Any]]) -> Path:
    (path,) = write_instruments(rendered, [row | {"format": "sf2"} for row in rows])
    return path


@pytest.fixture
def fluid(soundfont: Path) -> Iterator[FluidPlayer]:
    with fluid_player(soundfont) as player:
        yield player


def _keys(instrument: Instrument) -> range:
    zones = [zone for articulation in instrument.articulations for zone in articulation.zones]
    return range(min(zone.low_key for zone in zones), max(zone.high_key for zone in zones) + 1)


def _sustain(sound: np.ndarray) -> np.ndarray:
    return sound[round(0.2 * RATE) : round(0.9 * RATE)]


def _similarity(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other))


@needs_sfizz
def test_sfizz_plays_every_key_in_tune_in_both_layers(sfizz: SfizzPlayer, instrument: Instrument) -> None:
    assert sfizz.keys == list(_keys(instrument)) == list(range(46, 60))
    for key in sfizz.keys:
        for velocity in (30, 110):
            assert abs(played_cents(_sustain(sfizz.play(key, velocity)), key)) < NEAR_CENTS


@needs_fluidsynth
def test_fluidsynth_plays_every_key_in_tune_in_both_layers(
    fluid: FluidPlayer, instrument: Instrument
) -> None:
    for key in _keys(instrument):
        for velocity in (60, 110):
            assert abs(played_cents(_sustain(fluid.play(key, velocity)), key)) < NEAR_CENTS


@needs_sfizz
def test_velocity_chooses_the_recorded_layer(sfizz: SfizzPlayer, rendered: Path) -> None:
    """At its own key a player gives back the very file of the layer."""
    for velocity, dynamics in ((80, "piano"), (81, "fortissimo")):
        played = sfizz.play(48, velocity)
        best = max(
            (_similarity(_aligned(played, rendered / row["file"]), _beginning(rendered / row["file"])), row)
            for row in _own_key(rendered, "arco-normal")
        )
        assert best[1]["dynamics"] == dynamics
        assert best[0] > 0.9


def _own_key(rendered: Path, technique: str) -> list[dict[str, Any]]:
    return [r for r in read_manifest(rendered) if r["midi_pitch"] == 48 and r["technique"] == technique]


def _beginning(path: Path) -> np.ndarray:
    return np.asarray(soundfile.read(path, dtype="float32")[0][: round(0.25 * RATE)])


def _aligned(played: np.ndarray, path: Path) -> np.ndarray:
    """The stretch of what was played that resembles the beginning of a file most."""
    beginning = _beginning(path)
    lags = np.correlate(played[: len(beginning) + 2048], beginning, "valid")
    lag = int(lags.argmax())
    return played[lag : lag + len(beginning)]


@needs_sfizz
def test_round_robins_alternate(sfizz: SfizzPlayer) -> None:
    first, second, third, fourth = (_sustain(sfizz.play(48)) for _ in range(4))
    assert _similarity(first, third) > 0.999
    assert _similarity(second, fourth) > 0.999
    assert _similarity(first, second) < 0.99


@needs_fluidsynth
def test_variations_are_banks_of_a_soundfont(fluid: FluidPlayer) -> None:
    first = _sustain(fluid.play(48))
    fluid.choose(0, bank=1)
    assert _similarity(first, _sustain(fluid.play(48))) < 0.99


@needs_sfizz
def test_key_switches_switch(sfizz: SfizzPlayer, rows: list[dict[str, Any]]) -> None:
    """Bowed notes hold as long as the key; plucked ones have no loop and are over when their file is."""
    longest_s = max(row["duration_s"] for row in rows)
    held = sfizz.play(48, held_s=longest_s + 0.5, total_s=longest_s + 0.6)
    sfizz.choose(1)
    plucked = sfizz.play(48, held_s=longest_s + 0.5, total_s=longest_s + 0.6)
    sfizz.choose(0)
    again = sfizz.play(48, held_s=longest_s + 0.5, total_s=longest_s + 0.6)
    last = slice(round((longest_s + 0.2) * RATE), round((longest_s + 0.4) * RATE))
    assert level_db(plucked[last]) < -90 < -60 < level_db(held[last])
    assert level_db(again[last]) > -60


@needs_fluidsynth
def test_techniques_are_programs_of_a_soundfont(fluid: FluidPlayer, rows: list[dict[str, Any]]) -> None:
    assert len(fluid.preset_names(8)) == 2
    longest_s = max(row["duration_s"] for row in rows)
    last = slice(round((longest_s + 0.2) * RATE), round((longest_s + 0.4) * RATE))
    assert level_db(fluid.play(48, held_s=longest_s + 0.5, total_s=longest_s + 0.5)[last]) > -60
    fluid.choose(1)
    assert level_db(fluid.play(48, held_s=longest_s + 0.5, total_s=longest_s + 0.5)[last]) < -80


def _level_range_db(sustain: np.ndarray) -> float:
    parts = [level_db(part) for part in np.array_split(sustain, 20)]
    return max(parts) - min(parts)


def _held_without_a_click(sound: np.ndarray, original: np.ndarray) -> None:
    """Four seconds change their level no more than the file's loop does, and bend no sharper."""
    sustain = sound[round(1.0 * RATE) : round(3.9 * RATE)]
    own = _level_range_db(np.resize(original, len(sustain)))
    assert own < STEADY_DB
    assert _level_range_db(sustain) < own + 0.5
    assert sharpest_bend_db(sustain, original) < 3.0


@needs_sfizz
def test_loops_hold_and_do_not_click_in_sfizz(
    sfizz: SfizzPlayer, rendered: Path, rows: list[dict[str, Any]]
) -> None:
    files = [row for row in rows if row["loop"] and row["dynamics"] == "fortissimo"]
    assert len(files) == 6
    for row in files:
        loop = row["loop"]
        original = soundfile.read(rendered / row["file"], dtype="float32")[0][loop["start"] : loop["end"]]
        _held_without_a_click(sfizz.play(row["midi_pitch"], 127, 4.0, 4.0), original)


@needs_fluidsynth
def test_loops_hold_and_do_not_click_in_fluidsynth(
    fluid: FluidPlayer, rendered: Path, rows: list[dict[str, Any]]
) -> None:
    for row in [row for row in rows if row["loop"] and row["dynamics"] == "fortissimo"]:
        loop = row["loop"]
        original = soundfile.read(rendered / row["file"], dtype="float32")[0][loop["start"] : loop["end"]]
        fluid.choose(0, bank=row["variation"] - 1)
        _held_without_a_click(fluid.play(row["midi_pitch"], 127, 4.0, 4.0), original)


@needs_sfizz
@needs_fluidsynth
def test_notes_end_soon_after_the_key_is_let_go(sfizz: SfizzPlayer, fluid: FluidPlayer) -> None:
    for player in (sfizz, fluid):
        sound = player.play(48, 110, 1.0, 2.2)
        held, after = level_db(sound[round(0.8 * RATE) : RATE]), level_db(sound[round(2.0 * RATE) :])
        assert after < held - 50
        assert level_db(sound[RATE : round(1.05 * RATE)]) > held - 25, "the end is cut, not released"


@needs_sfizz
def test_sfizz_reads_the_loop_of_the_wav_itself(rendered: Path, rows: list[dict[str, Any]]) -> None:
    """A sampler that is given nothing but the WAV finds root key and loop in its chunks."""
    row = next(row for row in rows if row["loop"])
    path = rendered / "bare.sfz"
    path.write_text(f"<control> {IN_MEMORY} <region> pitch_keycenter=sample sample={row['file']}\n")
    player = SfizzPlayer(path)
    path.unlink()
    long = player.play(row["midi_pitch"], 127, row["duration_s"] + 1, row["duration_s"] + 1)
    assert level_db(long[-RATE // 4 :]) > -60
    assert abs(played_cents(_sustain(long), row["midi_pitch"])) < NEAR_CENTS


def test_the_shipped_model_is_what_was_rendered(rows: list[dict[str, Any]]) -> None:
    assert json.dumps(rows)
    assert {row["model"] for row in rows} == {SHIPPED_MODEL.name}
