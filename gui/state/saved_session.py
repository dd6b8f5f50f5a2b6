"""The state that the desktop restores after it was closed, or crashed: one JSON file. Qt-free."""

import contextlib
import json
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from mcnn.atomic import atomic_path
from mcnn.plain import Settings

from .latent_pad import LatentPad
from .sound import Sound

MAX_RECENT = 10


class SavedSession(Settings):
    """The state that outlives the process."""

    model_config = ConfigDict(extra="ignore")

    model: str = ""
    """Path of the model file."""
    sound: Sound | None = None
    path: list[list[float]] = Field(default_factory=list)
    """Rows of `LatentPath.to_json`."""
    pad: LatentPad = LatentPad()
    theme: str = "dark"
    octave: int = 4
    velocity: int = 100
    geometry: str = ""
    """The window's place, as Qt encodes it."""
    splitters: dict[str, str] = Field(default_factory=dict)
    """Name to state, as Qt encodes it."""
    recent: tuple[str, ...] = ()
    """Paths of files that were opened, the last one first."""
    dropped: tuple[str, ...] = ()
    """Paths of the recordings that were listed."""
    follows: bool = False
    velocity_plays_dynamics: bool = False
    midi_channel: int | None = Field(None, ge=0, le=15)
    """The only one that is listened to, 0 to 15; None is all."""
    ended: bool = True
    """Whether the desktop was closed; if not, it crashed."""

    def with_recent(self, path: Path) -> "SavedSession":
        """The same with a file put first among the recent ones."""
        others = [other for other in self.recent if other != str(path)]
        return self.model_copy(update={"recent": tuple([str(path), *others][:MAX_RECENT])})


def read_session(path: Path) -> SavedSession:
    """The saved state; an empty one if there is no file, or none that can be read."""
    try:
        value: Any = json.loads(path.read_text("utf-8"))
        return SavedSession.model_validate(value)
    except (OSError, ValueError, ValidationError):
        return SavedSession()


def write_session(path: Path, session: SavedSession) -> None:
    """Replaces the file; a disk that is full or locked costs the state, not the program."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as partial:
            partial.write_text(session.model_dump_json(indent=1), "utf-8")
