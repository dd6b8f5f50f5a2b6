"""Names of rendered files: `violin_C4_forte_arco-normal_v1.wav`, `violin0.5-clarinet0.5_Cs4_v2.wav`.

The instrument (or the first attribute) leads, then the note with `s` for sharp, then whatever else was asked
for, then the variation: the order of the libraries that the sounds come from. Labels keep their script;
`safe_names` says what every file system takes.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aae.model.conditioning import Mix
from aae.notes.pitch_names import pitch_name
from aae.notes.safe_names import (
    PRESET_SUFFIX,
    compared,
    not_reserved,
    safe_part,
    short_hash,
    shortened_stem,
)

_MAX_PART_BYTES = 48
_WITHIN_INSTRUMENT = ("technique", "dynamics")
"""One instrument is played in all of these."""


def note_file_names(
    attributes: Sequence[str],
    mixes: Sequence[Mix],
    completed: Sequence[Mix],
    midi_pitches: Sequence[int | None],
    n_variations: int,
    *,
    name: str | None = None,
    used: set[str] | None = None,
) -> list[str]:
    """Distinct names for each mix at each pitch in each variation, in this order.

    Args:
        attributes: The model's attributes.
        mixes: What was asked for; only this is named.
        completed: The same, every attribute given; named where nothing was asked for.
        midi_pitches: MIDI numbers; None for an unpitched sound.
        n_variations: Files per mix and pitch.
        name: Leads instead of the instrument, or before it if there are several.
        used: Names that are taken, as `compared` has them; the new ones are added.
    """
    names: list[str] = []
    used = set() if used is None else used
    for asked, full in zip(mixes, completed, strict=True):
        first, *others = _style_parts(attributes, asked, full)
        first = _lead(attributes, first, name, telling_attributes(mixes))
        for midi_pitch in midi_pitches:
            for variation in range(1, n_variations + 1):
                stem = "_".join([first, note_part(midi_pitch), *others, f"v{variation}"])
                names.append(distinct_name(stem, used) + ".wav")
    return names


class PresetNames:
    """Names of a set's instruments; two different ones never share a name.

    Args:
        attributes: The model's attributes.
    """

    def __init__(self, attributes: Sequence[str]) -> None:
        self._attributes = attributes
        self._owners: dict[str, object] = {}

    def name(self, asked: Mix, completed: Mix, telling: Collection[str], name: str | None = None) -> str:
        """Name of the instrument that a note belongs to; technique and dynamics are choices within it.

        Args:
            asked: The mix that was asked for.
            completed: The same, every attribute given.
            telling: Attributes that tell the instruments of the set apart.
            name: Leads instead of the instrument, or before it if there are several.
        """
        told = {attribute: asked[attribute] for attribute in asked if attribute in telling}
        first, *others = _style_parts(self._attributes, told, completed)
        stem = "_".join([_lead(self._attributes, first, name, telling), *others])
        stem = shortened_stem(not_reserved(stem), PRESET_SUFFIX)
        leading = _leading(self._attributes)
        if leading is not None and (not name or leading in telling):
            told[leading] = completed[leading]
        instrument = (name, {attribute: _heard(weights) for attribute, weights in sorted(told.items())})
        while self._owners.setdefault(compared(stem), instrument) != instrument:
            ending = f"-{short_hash(repr(instrument))}"
            stem = shortened_stem(stem, f"{ending}{PRESET_SUFFIX}") + ending
        return stem


def telling_attributes(mixes: Sequence[Mix]) -> set[str]:
    """Attributes other than technique and dynamics in which the asked mixes differ."""
    names = {name for mix in mixes for name in mix} - set(_WITHIN_INSTRUMENT)
    return {name for name in names if any(mix.get(name) != mixes[0].get(name) for mix in mixes)}


def description_of(row: Mapping[str, Any]) -> str:
    """A row of a manifest in a few words: `violin C4 forte arco-normal, variation 1`."""
    note = "unpitched" if row["midi_pitch"] is None else pitch_name(row["midi_pitch"])
    sound = ", ".join(mix_part(weights) for weights in row["mix"].values())
    return f"{note} {sound}, variation {row['variation']}"


def mix_part(weights: Mapping[str, float]) -> str:
    """A mix as a part of a file name: `violin`, `violin0.5-clarinet0.5`."""
    heard = _heard(weights)
    if list(heard.values()) == [1.0]:
        part = next(iter(heard))
    else:
        part = "-".join(f"{label}{weight:g}" for label, weight in heard.items())
    return _safe(part)


def note_part(midi_pitch: int | None) -> str:
    """A note as a part of a file name: `Cs4`, `unpitched`."""
    return "unpitched" if midi_pitch is None else pitch_name(midi_pitch).replace("#", "s")


def distinct_name(stem: str, used: set[str]) -> str:
    """The stem of a WAV file, with a number after it if a file system could confuse it with another.

    Args:
        stem: Of the name, which may be in a folder; shortened where it is too long for a file system.
        used: Names that are taken, as `compared` has them; the new one is added.
    """
    folder, slash, own = stem.rpartition("/")
    ending, count = "", 1
    while True:
        candidate = f"{folder}{slash}{shortened_stem(own, f'{ending}.wav')}{ending}"
        if compared(candidate) not in used:
            used.add(compared(candidate))
            return candidate
        count += 1
        ending = f"-{count}"


def _style_parts(attributes: Sequence[str], asked: Mix, full: Mix) -> list[str]:
    leading = _leading(attributes)
    if leading is None:
        return ["note"]
    others = [name for name in attributes if name in asked and name != leading]
    return [mix_part(full[leading]), *(mix_part(asked[name]) for name in others)]


def _lead(attributes: Sequence[str], sound: str, name: str | None, telling: Collection[str]) -> str:
    """The first part of a name: the given one, and the sound where that is not the same for all."""
    if not name:
        return sound
    return f"{_safe(name)}_{sound}" if _leading(attributes) in telling else _safe(name)


def _leading(attributes: Sequence[str]) -> str | None:
    return "instrument" if "instrument" in attributes else next(iter(attributes), None)


def _heard(weights: Mapping[str, float]) -> dict[str, float]:
    return {label: weight for label, weight in weights.items() if weight}


def _safe(part: str) -> str:
    return safe_part(part, _MAX_PART_BYTES)
