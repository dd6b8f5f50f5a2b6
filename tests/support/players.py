"""Real players for exported instruments: sfizz for SFZ, FluidSynth for SoundFonts; and what they are asked.

`python -m tests.support.players FOLDER` prints, for every key of the instruments in a rendered folder, the
asked and the played pitch; with `--picture FILE` it draws a scale as the player plays it.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest

from aae.analysis.f0 import track_f0
from aae.notes.pitch_names import pitch_frequency_hz

RATE = 44_100
BLOCK = 64
FULL_GAIN = 1.0

needs_sfizz = pytest.mark.skipif(
    importlib.util.find_spec("pysfizz") is None, reason="sfizz (pysfizz) has no build for this machine"
)
needs_fluidsynth = pytest.mark.skipif(
    importlib.util.find_spec("fluidsynth") is None or find_library("fluidsynth") is None,
    reason="FluidSynth is not installed (Debian: libfluidsynth3)",
)

Sound = npt.NDArray[np.float32]


class Player(Protocol):
    """Something that plays notes of a loaded instrument."""

    def play(self, key: int, velocity: int = 100, held_s: float = 1.0, total_s: float = 1.5) -> Sound:
        """One note, mono `(samples,)`."""

    def choose(self, articulation: int) -> None:
        """Switches to the articulation of this number."""


class SfizzPlayer:
    """sfizz with an SFZ file.

    Args:
        path: The file.
        switch_keys: Keys of its articulations.
    """

    def __init__(self, path: Path, switch_keys: Sequence[int] = ()) -> None:
        import pysfizz

        self._synth = pysfizz.Synth(RATE, BLOCK)
        assert self._synth.load_sfz_file(path)
        self.keys: list[int] = self._synth.playable_keys
        self._switch_keys = switch_keys

    def choose(self, articulation: int) -> None:
        """Presses a key switch."""
        self._synth.render_note(self._switch_keys[articulation], 100, 0.01, 0.05)

    def play(self, key: int, velocity: int = 100, held_s: float = 1.0, total_s: float = 1.5) -> Sound:
        """One note, with silence before and after it."""
        played = self._synth.render_note(key, velocity, held_s, total_s)
        self._synth._synth.all_sound_off()
        return np.asarray(played[0], np.float32)


class FluidPlayer:
    """FluidSynth with a SoundFont, dry.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        import fluidsynth

        self._synth: Any = fluidsynth.Synth(gain=FULL_GAIN, samplerate=RATE)
        self._synth.setting("synth.reverb.active", 0)
        self._synth.setting("synth.chorus.active", 0)
        self._font = self._synth.sfload(str(path))
        assert self._font >= 0
        self.choose(0)

    def choose(self, articulation: int, bank: int = 0) -> None:
        """Selects a program."""
        assert self._synth.program_select(0, self._font, bank, articulation) == 0

    def preset_names(self, n_programs: int, bank: int = 0) -> list[str]:
        """What the first programs of a bank are called."""
        names = [self._synth.sfpreset_name(self._font, bank, program) for program in range(n_programs)]
        return [name for name in names if name]

    def play(self, key: int, velocity: int = 100, held_s: float = 1.0, total_s: float = 1.5) -> Sound:
        """One note; what still sounds after it is cut off."""
        self._synth.noteon(0, key, velocity)
        held = self._samples(held_s)
        self._synth.noteoff(0, key)
        rest = self._samples(total_s - held_s)
        self._synth.all_sounds_off(0)
        self._samples(0.05)
        return np.concatenate([held, rest])

    def close(self) -> None:
        """Frees the player."""
        self._synth.delete()

    def _samples(self, duration_s: float) -> Sound:
        frames = self._synth.get_samples(round(duration_s * RATE))
        return np.asarray(frames.reshape(-1, 2)[:, 0] / 32768.0, np.float32)


@contextmanager
def fluid_player(path: Path) -> Iterator[FluidPlayer]:
    """FluidSynth with a SoundFont, freed at the end."""
    player = FluidPlayer(path)
    try:
        yield player
    finally:
        player.close()


def played_cents(sound: Sound, key: int) -> float:
    """How far a played note is from its key; NaN if it has no pitch near it."""
    cents = track_f0(sound, RATE, 512, pitch_frequency_hz(key))
    heard = cents[np.isfinite(cents)]
    return float(np.median(heard)) if len(heard) else float("nan")


def level_db(sound: Sound) -> float:
    """Root mean square in dB of full scale."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


def sharpest_bend_db(sound: Sound, reference: Sound) -> float:
    """The sharpest fourth difference of a sound over that of another, both at one level."""
    bends = [np.abs(np.diff(part.astype(np.float64), 4)).max() / part.std() for part in (sound, reference)]
    return float(20 * np.log10(bends[0] / bends[1]))
