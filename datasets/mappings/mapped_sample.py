"""What a sampler's mapping says of one sample, whatever its format."""

from dataclasses import dataclass
from pathlib import Path

from mcnn.errors import InputError

MAX_MAPPING_BYTES = 16 << 20
MAX_SAMPLES = 50_000
"""Regions of one mapping."""
ALL_KEYS = ALL_VELOCITIES = (0, 127)


@dataclass(frozen=True)
class MappedSample:
    """One region of a mapping.

    Attributes:
        path: The sample, relative to the mapping's folder, with forward slashes.
        midi_pitch: MIDI number that it sounds by itself; None if the mapping does not say.
        follows_keys: Whether it is played higher on higher keys; a drum is not.
        is_note: Whether a key that is struck sounds it; releases and noises of pedals are no notes.
        velocities: Softest and hardest touch, both included.
        keys: Lowest and highest key, both included.
        group: Name of the articulation that it belongs to; empty if it has none.
        position: Turn in its round robin, from 1.
        n_positions: Length of the round robin.
        loop: First and last sample of its loop.
    """

    path: str
    midi_pitch: int | None
    follows_keys: bool = True
    is_note: bool = True
    velocities: tuple[int, int] = ALL_VELOCITIES
    keys: tuple[int, int] = ALL_KEYS
    group: str = ""
    position: int = 1
    n_positions: int = 1
    loop: tuple[int, int] | None = None


def sounding_pitch(root_key: int | None, tuning_semitones: float) -> int | None:
    """MIDI number that a sample sounds by itself: what the mapping raises to its root key by tuning it."""
    if root_key is None or not abs(tuning_semitones) <= 127:
        return None
    pitch = round(root_key - tuning_semitones)
    return pitch if 0 <= pitch <= 127 else None


def plain_path(path: str) -> str | None:
    """A sample's path with forward slashes and without detours; None if it leads out of any folder.

    `..` may remain at the beginning: a mapping often lies in a folder beside that of its samples.
    """
    text = path.replace("\\", "/")
    if text.startswith("/") or ":" in text.partition("/")[0] or "\0" in text:
        return None
    parts: list[str] = []
    for part in text.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def mapping_bytes(path: Path) -> bytes:
    """What a mapping's file holds, up to one byte more than any mapping has.

    Raises:
        InputError: If it is no regular file, or cannot be read.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path.name} is no file")
        with path.open("rb") as file:
            return file.read(MAX_MAPPING_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error


def require_mapping_size(name: str, size: int) -> None:
    """Refuses what is larger than any mapping.

    Raises:
        InputError: If it is.
    """
    if size > MAX_MAPPING_BYTES:
        raise InputError(f"{name} is larger than {MAX_MAPPING_BYTES >> 20} MB: no mapping is")
