"""The state that undo goes back to: the sound, the pad, the recorded path. Qt-free."""

from dataclasses import dataclass, field, replace

from .latent_pad import LatentPad
from .latent_path import LatentPath
from .sound import Sound


@dataclass(frozen=True)
class ProjectState:
    """All that a person makes here; a value, so that undo is a list of them."""

    sound: Sound
    pad: LatentPad = field(default_factory=LatentPad)
    path: LatentPath = field(default_factory=LatentPath)

    def with_parts(self, pad: LatentPad | None, path: LatentPath | None, latent_size: int) -> "ProjectState":
        """The same with another pad and path, as far as they are given and of a latent space of this size."""
        fitting = (None, latent_size)
        parts: dict[str, object] = {}
        if pad is not None and pad.latent_size in fitting:
            parts["pad"] = pad
        if path is not None and path.latent_size in fitting:
            parts["path"] = path
        return self.changed(**parts)

    def changed(self, **values: object) -> "ProjectState":
        """The same with other values."""
        return replace(self, **values)  # type: ignore[arg-type]
