"""An instrument as every sampler understands it, made from the rows of a manifest.

Rows of one preset are one instrument. Its techniques are articulations, chosen by key switches; its dynamics
are velocity layers; its variations are round robins; its notes are spread over the keys between them.

Conventions: keys and velocities are MIDI numbers, ranges include both ends, cents are how much higher a file
sounds than its root key.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mcnn.errors import InputError

MIN_KEY, MAX_KEY = 0, 127
UNPITCHED_KEY = 60
NOMINAL_VELOCITIES = {
    "molto-pianissimo": 16, "ppp": 16, "pianissimo": 33, "pp": 33, "piano": 49, "p": 49,
    "mezzo-piano": 64, "mp": 64, "mezzo-forte": 80, "mf": 80, "forte": 96, "f": 96,
    "fortissimo": 112, "ff": 112, "molto-fortissimo": 124, "fff": 124,
}  # fmt: skip
"""Place of a dynamic on the velocity scale (the usual import scale of notation programs)."""
SWITCH_OCTAVES = (36, 24, 12, 0)
"""First keys of key switches, in order of preference, if they stay below the instrument's notes."""
RELEASE_S = 0.3
"""Of a note without a loop, which dies away by itself."""
NATURAL_TRACKING = 0.3
"""Share of the volume that velocity changes where the layers have their natural levels already."""


@dataclass(frozen=True)
class Sample:
    """A file.

    Attributes:
        file: Its name, relative to the manifest's folder.
        root_key: Key at which it plays as recorded.
        tuning_cents: How much higher than that key it sounds.
        loop: First and last sample of its loop.
        pitched: Whether it follows the keys.
        release_s: How long it takes to fall silent when the key is let go.
    """

    file: str
    root_key: int
    tuning_cents: float
    loop: tuple[int, int] | None
    pitched: bool
    release_s: float


@dataclass(frozen=True)
class Zone:
    """Keys and velocities that a sample is played at.

    Attributes:
        sample: The file.
        low_key: Lowest key.
        high_key: Highest key.
        low_velocity: Softest touch.
        high_velocity: Hardest touch.
        position: Turn in its round robin, from 1.
        n_positions: Length of the round robin.
    """

    sample: Sample
    low_key: int
    high_key: int
    low_velocity: int
    high_velocity: int
    position: int
    n_positions: int


@dataclass(frozen=True)
class Articulation:
    """One way of playing.

    Attributes:
        name: As in the model's words.
        switch_key: Key that chooses it; None if there is no choice.
        zones: What it plays.
    """

    name: str
    switch_key: int | None
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class Instrument:
    """An instrument as a sampler loads it.

    Attributes:
        name: Of the preset.
        articulations: Ways of playing; the first is on at the beginning.
        velocity_tracking: How far velocity changes the volume, 0 to 1.
    """

    name: str
    articulations: tuple[Articulation, ...]
    velocity_tracking: float


def build_instruments(rows: Sequence[Mapping[str, Any]]) -> list[Instrument]:
    """The instruments of a manifest, in the order of its rows.

    Raises:
        InputError: If an instrument has more articulations than there are free keys to switch them.
    """
    presets: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        presets[row["preset"]].append(row)
    return [_instrument(name, notes) for name, notes in presets.items()]


def _instrument(name: str, rows: Sequence[Mapping[str, Any]]) -> Instrument:
    played: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        played[_articulation_name(row)].append(row)
    articulations = [Articulation(key, None, _zones(notes)) for key, notes in played.items()]
    n_layers = max(len({zone.high_velocity for zone in articulation.zones}) for articulation in articulations)
    matched = all(row["level"] != "natural" for row in rows)
    tracking = 1.0 if matched or n_layers == 1 else NATURAL_TRACKING
    return Instrument(name, _with_switches(name, articulations), tracking)


def _with_switches(name: str, articulations: Sequence[Articulation]) -> tuple[Articulation, ...]:
    if len(articulations) == 1:
        return tuple(articulations)
    keys = [zone for articulation in articulations for zone in articulation.zones]
    low, high = min(zone.low_key for zone in keys), max(zone.high_key for zone in keys)
    count = len(articulations)
    above = 12 * (high // 12 + 1)
    starts = [start for start in SWITCH_OCTAVES if start + count <= low]
    starts += [above] if above + count - 1 <= MAX_KEY else []
    starts += [high + 1] if high + count <= MAX_KEY else []
    if not starts:
        raise InputError(
            f"{name} has {count} techniques and no room for as many key switches beside its notes "
            f"({low} to {high}): give fewer techniques or a smaller range of notes"
        )
    return tuple(
        replace(articulation, switch_key=starts[0] + index)
        for index, articulation in enumerate(articulations)
    )


def _zones(rows: Sequence[Mapping[str, Any]]) -> tuple[Zone, ...]:
    """Zones of one articulation: layers by velocity, in each of them notes by key."""
    layers: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        layers[_nominal_velocity(row) or 0].append(row)
    velocities = sorted(layers)
    bounds = _spread(velocities, 1, 127)
    return tuple(
        zone
        for velocity, (low, high) in zip(velocities, bounds, strict=True)
        for zone in _layer_zones(layers[velocity], low, high)
    )


def _layer_zones(rows: Sequence[Mapping[str, Any]], low_velocity: int, high_velocity: int) -> list[Zone]:
    notes: dict[int | None, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        notes[row["midi_pitch"]].append(row)
    pitches = sorted(pitch for pitch in notes if pitch is not None)
    widest = max((b - a for a, b in itertools.pairwise(pitches)), default=1)
    reach = widest // 2
    keys: dict[int | None, tuple[int, int]] = dict(
        zip(
            pitches,
            _spread(pitches, max(MIN_KEY, pitches[0] - reach), min(MAX_KEY, pitches[-1] + reach))
            if pitches
            else [],
            strict=True,
        )
    )
    if None in notes:
        keys[None] = (UNPITCHED_KEY, UNPITCHED_KEY)
    return [
        Zone(_sample(row), *keys[pitch], low_velocity, high_velocity, position, len(same))
        for pitch, same in notes.items()
        for position, row in enumerate(same, start=1)
    ]


def _spread(places: Sequence[int], lowest: int, highest: int) -> list[tuple[int, int]]:
    """Ranges around sorted places that share everything from lowest to highest, split half-way."""
    splits = [(a + b) // 2 for a, b in itertools.pairwise(places)]
    return list(zip([lowest, *(split + 1 for split in splits)], [*splits, highest], strict=True))


def _sample(row: Mapping[str, Any]) -> Sample:
    pitch, loop = row["midi_pitch"], row["loop"]
    return Sample(
        file=row["file"],
        root_key=UNPITCHED_KEY if pitch is None else pitch,
        tuning_cents=row["tuning_cents"] or 0.0,
        loop=(loop["start"], loop["end"]) if loop else None,
        pitched=pitch is not None,
        release_s=loop["release_s"] if loop else RELEASE_S,
    )


def _articulation_name(row: Mapping[str, Any]) -> str:
    """The technique, and dynamics that are a way of playing (a crescendo) rather than a loudness."""
    words = [_words(row["mix"].get("technique", {}))]
    if _nominal_velocity(row) is None:
        words.append(_words(row["mix"].get("dynamics", {})))
    return " ".join(word for word in words if word) or "normal"


def _nominal_velocity(row: Mapping[str, Any]) -> int | None:
    """The velocity that a row's dynamics stand for; None if they are no loudness."""
    mix: Mapping[str, float] = row["mix"].get("dynamics", {})
    weights = {label: weight for label, weight in mix.items() if weight > 0}
    if not weights or not all(label in NOMINAL_VELOCITIES for label in weights):
        return None
    total: float = sum(NOMINAL_VELOCITIES[label] * weight for label, weight in weights.items())
    return round(total / sum(weights.values()))


def _words(mix: Mapping[str, float]) -> str:
    heard = {label: weight for label, weight in mix.items() if weight}
    if list(heard.values()) == [1.0]:
        return next(iter(heard))
    return "+".join(f"{label} {weight:g}" for label, weight in heard.items())
