"""Names of notes: scientific pitch notation, C4 = MIDI 60, sharps or flats, or plain MIDI numbers."""

import re

from mcnn.errors import InputError

MIN_PITCH, MAX_PITCH = 0, 127
"""MIDI numbers of the lowest (C-1) and the highest (G9) note that has a name."""

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "s": 1, "♯": 1, "b": -1, "♭": -1}
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NOTE = r"[A-Ga-g][#s♯b♭]?-?[0-9]{1,2}|[0-9]{1,3}"
_ONE_NOTE = re.compile(rf"\s*({_NOTE})\s*")
_RANGE = re.compile(rf"\s*({_NOTE})\s*-\s*({_NOTE})\s*")
_PARTS = re.compile(r"([A-G])([#s♯b♭]?)(-?[0-9]+)")


def parse_pitch(text: str) -> int:
    """MIDI number of a note.

    Args:
        text: A name such as `C4`, `C#4`, `Cs4`, `Db4` or `A-1` (upper or lower case), or a MIDI number.

    Returns:
        The MIDI number; C4 is 60.

    Raises:
        InputError: If `text` names no note, or one outside MIDI's 0 to 127.
    """
    match = _ONE_NOTE.fullmatch(text)
    if not match:
        raise InputError(
            f"{text!r} is not a note: give a name such as C4, F#3 or Bb2, or a MIDI number 0 to 127"
        )
    name = match[1]
    parts = _PARTS.fullmatch(name[0].upper() + name[1:])
    pitch = 12 * (int(parts[3]) + 1) + _STEPS[parts[1]] + _ACCIDENTALS[parts[2]] if parts else int(name)
    if not MIN_PITCH <= pitch <= MAX_PITCH:
        raise InputError(f"{text!r} is MIDI note {pitch}: notes go from C-1 (0) to G9 (127)")
    return pitch


def parse_pitches(text: str) -> list[int]:
    """MIDI numbers of a list of notes and ranges.

    Args:
        text: Notes and inclusive ranges, separated by commas: `C3-B4`, `C4,E4,G4`, `60-72`, `C-1-C2,60`.

    Returns:
        The MIDI numbers in the order given, each once.

    Raises:
        InputError: If a part is neither a note nor a range from a lower note to a higher one.
    """
    pitches: dict[int, None] = {}
    for part in text.split(","):
        bounds = _RANGE.fullmatch(part)
        if not bounds:
            pitches[parse_pitch(part)] = None
            continue
        low, high = parse_pitch(bounds[1]), parse_pitch(bounds[2])
        if low > high:
            raise InputError(f"the range {part.strip()!r} runs downwards: give the lower note first")
        pitches.update(dict.fromkeys(range(low, high + 1)))
    return list(pitches)


def pitch_name(midi_pitch: int) -> str:
    """Name of a note, with sharps: `C4` for 60, `C#4` for 61.

    Args:
        midi_pitch: MIDI number, 0 to 127.

    Raises:
        InputError: If the number is outside MIDI's range.
    """
    if not MIN_PITCH <= midi_pitch <= MAX_PITCH:
        raise InputError(f"{midi_pitch} is not a MIDI note: notes go from 0 (C-1) to 127 (G9)")
    octave, step = divmod(int(midi_pitch), 12)
    return f"{_NAMES[step]}{octave - 1}"


def pitch_frequency_hz(midi_pitch: float) -> float:
    """Frequency of a MIDI pitch in equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((midi_pitch - 69.0) / 12.0))
