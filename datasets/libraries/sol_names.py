"""The file names of the SOL family (Ircam's Studio On Line, OrchideaSOL, TinySOL), taken apart.

OrchideaSOL and TinySOL: `<Inst[+Mute]>-<tech>-<Pitch|N>-<dyn>-<take>-<retuning>.wav` in the folders
`<Family>/<Instrument[+mute]>/<technique>`, where the take is a string (`4c`), an alternative (`alt2`), a
number, a fingering, or `N`. The original SOL: `<Inst>-<tech>-<Pitch>-<dyn>[-<string>].wav`, with hyphens
inside techniques too.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

INSTRUMENTS = {
    "acc": "Accordion",
    "asax": "Alto Saxophone",
    "bn": "Bassoon",
    "btb": "Bass Tuba",
    "cb": "Contrabass",
    "clbb": "Clarinet in Bb",
    "bclbb": "Bass Clarinet in Bb",
    "fl": "Flute",
    "gtr": "Guitar",
    "hn": "French Horn",
    "hp": "Harp",
    "ob": "Oboe",
    "tbn": "Trombone",
    "trbt": "Trombone",
    "tpc": "Trumpet in C",
    "va": "Viola",
    "vc": "Cello",
    "vn": "Violin",
}
"""Abbreviations in lower case, as OrchideaSOL's own table writes them out; `trbt` and `bclbb` are SOL's."""
FAMILIES = {
    "Brass": "Brass",
    "Keyboards": "Keyboards",
    "PluckedStrings": "Plucked Strings",
    "Strings": "Violin Family",
    "Winds": "Woodwinds",
}
MUTES = {
    "N": "None",
    "S": "Sordina",
    "SC": "Cup",
    "SH": "Harmon",
    "SP": "Piombo",
    "SS": "Straight",
    "SW": "Wah",
}
DYNAMICS_IDS = {"pp": 0, "p": 1, "mf": 2, "f": 3, "ff": 4}

_PITCH = r"[A-Ga-g][#sb]?-?[0-9]"
_DYNAMICS = r"N|[mpfs]{1,3}z?[mpf]{0,4}"
_ORCHIDEA = re.compile(
    rf"(?P<instrument>[A-Za-z]+)(?:\+(?P<mute>[A-Z]+))?-(?P<technique>[A-Za-z_]+)-(?P<pitch>{_PITCH}(?:_{_PITCH})?|N)"
    rf"-(?P<dynamics>{_DYNAMICS})-(?P<take>[A-Za-z0-9#]+)-(?P<retuning>N|[TR][0-9]+[ud](?:_R[0-9]+[ud])?)"
)
_ORIGINAL = re.compile(
    rf"(?P<instrument>[A-Za-z]+)(?:\+(?P<mute>[A-Za-z]+))?-(?P<technique>[A-Za-z][A-Za-z_+-]*?)-(?P<pitch>{_PITCH}|N)"
    rf"-(?P<dynamics>{_DYNAMICS})(?:-(?P<take>[A-Za-z0-9]+))?"
)
_STRING = re.compile(r"([1-9])c")
_TAKE = re.compile(r"(alt)?([0-9]+)")
_FIRST_FINGERINGS = {"Bn": (34, 0), "Ob": (58, 13)}
"""Takes without a reed are named by what is fingered; the table counts them through, bassoon first."""


@dataclass(frozen=True)
class SolName:
    """What a name says.

    Attributes:
        family: Folder of the family, such as `Strings`; empty where there are no folders.
        instrument: As abbreviated in the name.
        mute: As abbreviated, `N` for none.
        technique: As abbreviated in the name.
        technique_in_full: As its folder says; the abbreviation where there are no folders.
        pitch: As written: a note, `N`, or two notes.
        dynamics: As written.
        instance: Which of several takes, from 0; None where the name leaves that open.
        string: Which string, from 1; None if it does not say one.
        is_retuned: Whether the take was transposed or tuned afterwards.
    """

    family: str
    instrument: str
    mute: str
    technique: str
    technique_in_full: str
    pitch: str
    dynamics: str
    instance: int | None
    string: int | None
    is_retuned: bool

    @property
    def is_pair(self) -> bool:
        """Whether it names two notes: what is fingered and what sounds, or a slap between two."""
        return "_" in self.pitch

    @property
    def midi_pitch(self) -> int:
        """MIDI number, `UNPITCHED` for `N`.

        Raises:
            InputError: If it is no note, or two.
        """
        return UNPITCHED if self.pitch == "N" else parse_pitch(self.pitch)

    @property
    def instrument_in_full(self) -> str:
        """The instrument's name; the abbreviation if that is not known."""
        return INSTRUMENTS.get(self.instrument.lower(), self.instrument)

    def columns(self) -> dict[str, str]:
        """The same as OrchideaSOL's and TinySOL's own table has it, all columns but path and fold."""
        midi_pitch = None if self.is_pair or self.pitch == "N" else self.midi_pitch
        dynamics = DYNAMICS_IDS.get(self.dynamics)
        return {
            "Family (abbr.)": self.family,
            "Family (in full)": FAMILIES.get(self.family, self.family),
            "Instrument (abbr.)": self.instrument,
            "Instrument (in full)": self.instrument_in_full,
            "Technique (abbr.)": self.technique,
            "Technique (in full)": self.technique_in_full,
            "Pitch": self.pitch,
            "Pitch ID (if applicable)": _decimal(midi_pitch),
            "Dynamics": self.dynamics,
            "Dynamics ID (if applicable)": _decimal(dynamics),
            "Instance ID": _decimal(self.instance),
            "Mute (abbr.)": self.mute,
            "Mute (in full)": MUTES.get(self.mute, self.mute),
            "String ID (if applicable)": _decimal(self.string),
            "Needed digital retuning": str(self.is_retuned).upper(),
        }


def parse_orchidea(path: PurePosixPath) -> SolName:
    """Takes a name of OrchideaSOL or TinySOL apart.

    Args:
        path: Relative to wherever the library lies; the folders of family and technique are read if there.

    Raises:
        InputError: If the name is not in their manner.
    """
    match = _ORCHIDEA.fullmatch(path.stem)
    if not match:
        raise InputError(f"{path.name!r} is not named like Vc-ord-D3-pp-4c-N.wav")
    folders = path.parent.parts
    family = folders[-3] if len(folders) >= 3 else ""
    technique = folders[-1] if folders else match["technique"]
    if match["technique"] == "blow_no_reed" and match["pitch"] != "N":
        instance, string = _fingering(match["instrument"], match["take"]), None
    else:
        instance, string = _take(match["take"])
    return SolName(
        family=family,
        instrument=match["instrument"],
        mute=match["mute"] or "N",
        technique=match["technique"],
        technique_in_full=technique,
        pitch="N" if match["technique"] == "blow_no_reed" else match["pitch"],
        dynamics=match["dynamics"],
        instance=instance,
        string=string,
        is_retuned=match["retuning"] != "N",
    )


def parse_original(path: PurePosixPath) -> SolName:
    """Takes a name of the original SOL apart.

    Raises:
        InputError: If the name is not in its manner.
    """
    match = _ORIGINAL.fullmatch(path.stem)
    if not match:
        raise InputError(f"{path.name!r} is not named like ASax-ord-D#5-mf.wav")
    instance, string = _take(match["take"] or "N")
    technique = match["technique"]
    return SolName(
        family="",
        instrument=match["instrument"],
        mute=(match["mute"] or "N").upper(),
        technique=technique,
        technique_in_full=technique,
        pitch=match["pitch"],
        dynamics=match["dynamics"],
        instance=instance,
        string=string,
        is_retuned=False,
    )


def _take(text: str) -> tuple[int | None, int | None]:
    """Instance and string of a take's name."""
    if text == "N":
        return 0, None
    string = _STRING.fullmatch(text)
    if string:
        return int(string[1]) - 1, int(string[1])
    numbered = _TAKE.fullmatch(text)
    if numbered:
        return int(numbered[2]) - (0 if numbered[1] else 1), None
    return None, None


def _fingering(instrument: str, text: str) -> int | None:
    try:
        fingered = parse_pitch(text)
    except InputError:
        return None
    lowest, first = _FIRST_FINGERINGS.get(instrument, (fingered, 0))
    return fingered - lowest + first


def _decimal(value: int | None) -> str:
    """As the tables write numbers."""
    return "" if value is None else f"{value}.0"
