"""The state that undo goes back to: the sound, the pad, the recorded path. Qt-free."""

from dataclasses import dataclass, field

from .latent_pad import LatentPad
from .latent_path import LatentPath
from .sound import Sound


@dataclass(frozen=True)
class ProjectState:
    """Everything that a person makes here; a value, so that undo is a list of them."""

    sound: Sound
    pad: LatentPad = field(default_factory=LatentPad)
    path: LatentPath = field(default_factory=LatentPath)

    def with_parts(self, pad: LatentPad | None, path: LatentPath | None, latent_size: int) -> "ProjectState":
        """The same with another pad and path, as far as they are given and of a latent space of this size."""
        fitting = (None, latent_size)
        return self.changed(
            pad=pad if pad is not None and pad.latent_size in fitting else None,
            path=path if path is not None and path.latent_size in fitting else None,
        )

    def changed(
        self, sound: Sound | None = None, pad: LatentPad | None = None, path: LatentPath | None = None
    ) -> "ProjectState":
        """The same with other parts; None leaves a part as it is."""
        return ProjectState(
            self.sound if sound is None else sound,
            self.pad if pad is None else pad,
            self.path if path is None else path,
        )
