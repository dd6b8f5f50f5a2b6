"""The computer's keyboard as a piano, laid out as in Ableton Live. Qt-free.

A to the key beside L are white keys, the row above has the black ones; Z and X shift the octave, C and V the
velocity, Space plays the last note again.
"""

WHITE_AND_BLACK = "AWSEDFTGYHUJKOLP;'"
"""Letters in the order of the semitones, from C."""
MIN_OCTAVE, MAX_OCTAVE = 0, 8
VELOCITY_STEP = 20


class ComputerKeys:
    """The notes of the letters, and which of them are down.

    Args:
        octave: The key A is the C of this octave.
        velocity: Of every key, 1 to 127.
    """

    def __init__(self, octave: int = 4, velocity: int = 100) -> None:
        self.octave, self.velocity = octave, velocity
        self._down: dict[str, int] = {}

    def press(self, letter: str) -> int | None:
        """MIDI pitch of a key that goes down; None for other keys, and for one that is down already."""
        step = WHITE_AND_BLACK.find(letter.upper()) if len(letter) == 1 else -1
        if step < 0 or letter.upper() in self._down:
            return None
        pitch = 12 * (self.octave + 1) + step
        if pitch > 127:
            return None
        self._down[letter.upper()] = pitch
        return pitch

    def release(self, letter: str) -> int | None:
        """MIDI pitch of a key that comes up, as it was when it went down: the octave may have changed."""
        return self._down.pop(letter.upper(), None)

    def release_all(self) -> list[int]:
        """Pitches of all keys that are down: the window lost the keyboard."""
        pitches = list(self._down.values())
        self._down.clear()
        return pitches

    def shift(self, letter: str) -> bool:
        """Shifts octave or velocity if the letter is Z, X, C or V; returns whether it was."""
        key = letter.upper()
        if key in ("Z", "X"):
            step = 1 if key == "X" else -1
            self.octave = min(max(self.octave + step, MIN_OCTAVE), MAX_OCTAVE)
        elif key in ("C", "V"):
            step = VELOCITY_STEP if key == "V" else -VELOCITY_STEP
            self.velocity = min(max(self.velocity + step, 1), 127)
        return key in ("Z", "X", "C", "V")

    @staticmethod
    def letter_is_note(letter: str) -> bool:
        """Whether a letter is a key of the piano."""
        return len(letter) == 1 and letter.upper() in WHITE_AND_BLACK

    def letter_of(self, midi_pitch: int) -> str | None:
        """The letter that plays a note now."""
        step = midi_pitch - 12 * (self.octave + 1)
        return WHITE_AND_BLACK[step] if 0 <= step < len(WHITE_AND_BLACK) else None
