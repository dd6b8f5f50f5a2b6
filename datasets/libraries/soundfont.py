"""SoundFonts (SF2, SF3): every note that was really sampled, rendered by FluidSynth.

A font's presets are its instruments; an articulation in a preset's name (`Muted Trumpet`) becomes the
technique; its velocity layers become the dynamics. Only keys near a sample's own are rendered: what a font
stretches over the whole keyboard no instrument plays. Drum kits (bank 128) have no pitch, and no sound has
one whose keys are not a semitone apart.

A recording's id is `<font>/<bank>-<program> <preset>/<note>_v<velocity>`.
"""

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from aae.analysis.recording_file import Sound, UnreadableError
from aae.notes.bank import UNPITCHED
from aae.notes.pitch_names import parse_pitch, pitch_name
from mcnn.errors import InputError

from ..names.velocities import VELOCITY_WORDS, usual_velocity
from ..reading.files import Survey
from ..reading.recording import Recording, as_label
from .base import Adapter
from .soundfont_presets import Preset, Region, read_contents

FONT_SUFFIXES = frozenset({".sf2", ".sf3"})
STRETCHED_SEMITONES = 3
"""Keys further than this from every sample's own are not rendered."""

_DRUM_BANK = 128
_USUAL_VELOCITY = 100
_HELD_S, _RELEASE_S = 1.6, 0.8
_FLUSH_S = 0.02
_FLUID_BLOCK = 64
_GAIN = 0.5
_TECHNIQUES = {
    "pizzicato": "pizzicato",
    "pizz": "pizzicato",
    "tremolo": "tremolo",
    "trem": "tremolo",
    "muted": "muted",
    "mute": "muted",
    "palm": "muted",
    "staccato": "staccato",
    "spiccato": "spiccato",
    "marcato": "marcato",
    "legato": "legato",
    "slap": "slap",
    "fretless": "fretless",
    "fingered": "fingered",
    "picked": "picked",
    "overdrive": "overdrive",
    "overdriven": "overdrive",
    "distortion": "distortion",
    "distorted": "distortion",
    "harmonics": "harmonics",
}
"""Words of preset names that say how an instrument is played."""
_ORDINARY = "normal"
_OF_STRINGS = frozenset({"pizzicato", "tremolo", "spiccato"})
"""Techniques that are the strings' where a preset's name has no other word, or only `section`."""
_ID = re.compile(
    r"(?P<font>.+)/(?P<bank>[0-9]{3})-(?P<program>[0-9]{3}) [^/]*/(?P<key>[^/]+)_v(?P<velocity>[0-9]+)"
)


class SoundFont(Adapter):
    """Adapter for SoundFonts: a font, or a folder of fonts."""

    name: ClassVar[str] = "soundfont"
    title: ClassVar[str] = "SoundFont"
    licence: ClassVar[str] = "The font's own"
    credits: ClassVar[str] = "The font's makers"
    takes_file: ClassVar[bool] = True
    keeps_unpitched: ClassVar[bool] = False

    def recordings(self, source: Path) -> list[Recording]:
        """Every sampled key of every preset in each of its velocity layers; see `Adapter.recordings`."""
        fonts = _fonts(source)
        if not fonts:
            raise InputError(f"there is no SoundFont in {source}: give an .sf2 or .sf3 file")
        recordings = {
            recording.id: recording
            for font in fonts
            for preset in read_contents(_font_path(source, font)).presets
            for recording in _recordings(font, preset)
        }
        if not recordings:
            raise InputError(f"{source} is a SoundFont without a single note")
        return [recordings[id_] for id_ in sorted(recordings)]

    def recognise(self, found: Survey) -> tuple[float, str]:
        """By its fonts, if there is no other audio."""
        fonts = _fonts(found.source)
        if not fonts or (found.source.is_dir() and found.names):
            return 0.0, ""
        return 1.0, f"{fonts[0]} is a SoundFont" if len(fonts) == 1 else f"it has {len(fonts)} SoundFonts"

    def origin(self, source: Path, id_: str) -> Path:
        """The font."""
        match = _ID.fullmatch(id_)
        return _font_path(source, match["font"]) if match else source

    def terms(self, source: Path) -> dict[str, str]:
        """What the font says of itself, if there is only one."""
        fonts = _fonts(source)
        stated = dict(read_contents(_font_path(source, fonts[0])).terms) if len(fonts) == 1 else {}
        return super().terms(source) | stated

    def read(self, source: Path, id_: str, sample_rate: int) -> tuple[Sound, str]:
        """Renders one note, held for 1.6 s; see `Adapter.read`."""
        match = _ID.fullmatch(id_)
        if not match:
            raise UnreadableError(source, f"{id_} is no note of a SoundFont")
        synth = _synth(str(_font_path(source, match["font"])), sample_rate)
        waveform = synth.render(
            int(match["bank"]), int(match["program"]), parse_pitch(match["key"]), int(match["velocity"])
        )
        return Sound(waveform), hashlib.sha256(waveform.tobytes()).hexdigest()


def layers(preset: Preset, key: int) -> dict[int, str]:
    """The velocity layers that a preset has near a key.

    Layers that dynamics have only one word for count as one.

    Returns:
        One velocity for each layer, the softest first, and its word; no word if there is one layer, nothing
        if the preset has no sample there.
    """
    near = _near(preset, key)
    starts = sorted({max(1, region.velocities[0]) for region in near})
    if len(starts) <= 1:
        low, high = near[0].velocities if near else (1, 0)
        return {min(max(_USUAL_VELOCITY, low), high): ""} if high >= 1 else {}
    ends = [*(start - 1 for start in starts[1:]), max(region.velocities[1] for region in near)]
    nearest: dict[int, int] = {}
    for start, end in zip(starts, ends, strict=True):
        velocity = (start + end + 1) // 2
        usual = usual_velocity(velocity)
        nearest[usual] = min(velocity, nearest.get(usual, velocity), key=lambda v: abs(v - usual))
    return {velocity: VELOCITY_WORDS[usual] for usual, velocity in sorted(nearest.items())}


def _near(preset: Preset, key: int) -> list[Region]:
    """What sounds at a key and was sampled nearby."""
    return [
        region
        for region in preset.regions
        if region.keys[0] <= key <= region.keys[1]
        and (abs(key - region.root) <= STRETCHED_SEMITONES or preset.bank == _DRUM_BANK)
    ]


def words(preset_name: str) -> dict[str, str]:
    """Instrument and technique of a preset's name."""
    parts = [part for part in re.split(r"[^A-Za-z0-9&+#]+", preset_name) if part]
    techniques = [_TECHNIQUES[part.lower()] for part in parts if part.lower() in _TECHNIQUES]
    instrument = as_label(" ".join(part for part in parts if part.lower() not in _TECHNIQUES))
    technique = techniques[0] if techniques else _ORDINARY
    if instrument in ("", "section") and technique in _OF_STRINGS:
        instrument = "strings"
    return {"instrument": instrument or as_label(preset_name) or "unnamed", "technique": technique}


def _recordings(font: str, preset: Preset) -> Iterator[Recording]:
    place = f"{font}/{preset.bank:03d}-{preset.program:03d} {preset.name.replace('/', '-')}"
    labels = words(preset.name)
    is_drums = preset.bank == _DRUM_BANK
    for key in range(128):
        for velocity, dynamics in layers(preset, key).items():
            said = dict(labels, technique=f"key-{key}") if is_drums else dict(labels)
            if dynamics:
                said["dynamics"] = dynamics
            id_ = f"{place}/{pitch_name(key)}_v{velocity}"
            has_pitch = not is_drums and any(region.follows_keys for region in _near(preset, key))
            yield Recording(id_, key if has_pitch else UNPITCHED, said)


def _fonts(source: Path) -> list[str]:
    """Fonts, relative to the folder; the file itself if it is one."""
    if source.is_file():
        return [source.name] if source.suffix.lower() in FONT_SUFFIXES else []
    found = (path for path in source.rglob("*") if path.suffix.lower() in FONT_SUFFIXES and path.is_file())
    return sorted(path.relative_to(source).as_posix() for path in found)


def _font_path(source: Path, font: str) -> Path:
    return source if source.is_file() else source / font


class _Synth:
    """FluidSynth with one font, without reverb and chorus."""

    def __init__(self, font: str, sample_rate: int) -> None:
        self._fluidsynth = _load_fluidsynth()
        settings: Mapping[str, Any] = {
            "synth.reverb.active": 0,
            "synth.chorus.active": 0,
            "synth.dynamic-sample-loading": 1,
            "synth.cpu-cores": 1,
        }
        self._synth = self._fluidsynth.Synth(
            gain=_GAIN, samplerate=float(sample_rate), channels=16, **settings
        )
        self._path = font
        self._font = self._synth.sfload(font)
        if self._font < 0:
            raise UnreadableError(font, "FluidSynth cannot load this SoundFont")
        self._sample_rate = sample_rate

    def render(self, bank: int, program: int, key: int, velocity: int) -> npt.NDArray[np.float32]:
        """One note `(samples,)` in mono."""
        self._synth.system_reset()
        if self._synth.program_select(0, self._font, bank, program) < 0:
            raise UnreadableError(self._path, f"the font has no preset {bank}-{program}")
        # A voice's first block depends on what it played before: let that be the same note, always.
        for _ in range(2):
            self._synth.all_sounds_off(0)
            self._samples(_FLUSH_S)
            self._synth.noteon(0, key, velocity)
            began = self._samples(_FLUSH_S)
        held = self._samples(_HELD_S)
        self._synth.noteoff(0, key)
        return np.concatenate([began, held, self._samples(_RELEASE_S)])

    def _samples(self, duration_s: float) -> npt.NDArray[np.float32]:
        """Whole blocks, so that every note begins at the start of one: the same note is always the same.

        FluidSynth's 16-bit output is dithered by a running sequence, so the unrounded one is taken.
        """
        n_samples = -(-round(duration_s * self._sample_rate) // _FLUID_BLOCK) * _FLUID_BLOCK
        stereo = np.zeros((2, n_samples), np.float32)
        left, right = (channel.ctypes.data for channel in stereo)
        _write_float(self._fluidsynth)(self._synth.synth, n_samples, left, 0, 1, right, 0, 1)
        return np.asarray(stereo.mean(axis=0), np.float32)


@functools.lru_cache(maxsize=2)
def _synth(font: str, sample_rate: int) -> _Synth:
    return _Synth(font, sample_rate)


def _load_fluidsynth() -> Any:
    try:
        import fluidsynth
    except (ImportError, OSError) as error:
        raise InputError(
            "SoundFonts need FluidSynth: pip install -e '.[soundfont]', and on Debian or Ubuntu"
            " apt-get install libfluidsynth3"
        ) from error
    return fluidsynth


@functools.lru_cache(maxsize=1)
def _write_float(fluidsynth: Any) -> Any:
    """FluidSynth's function for unrounded samples, which its Python module leaves out."""
    pointer, integer = fluidsynth.c_void_p, fluidsynth.c_int
    parameters = [("synth", pointer), ("len", integer)]
    for side in ("l", "r"):
        parameters += [(f"{side}out", pointer), (f"{side}off", integer), (f"{side}incr", integer)]
    return fluidsynth.cfunc(
        "fluid_synth_write_float", integer, *((name, kind, 1) for name, kind in parameters)
    )
