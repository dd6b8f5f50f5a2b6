"""The adapters there are, by the name that `--format` takes, and which of them a folder calls for."""

from mcnn.errors import InputError

from ..reading.files import Survey
from .base import Adapter
from .folder import Folder
from .good_sounds import GoodSounds
from .iowa import Iowa
from .mapped import DecentSampler, Sfz
from .nsynth import NSynth
from .philharmonia import Philharmonia
from .sol import OrchideaSol, Sol, TinySol
from .sonatina import Sonatina
from .soundfont import SoundFont
from .vcsl import Vcsl
from .vsco import Vsco

ADAPTERS: dict[str, type[Adapter]] = {
    adapter.name: adapter
    for adapter in (
        DecentSampler,
        Folder,
        GoodSounds,
        Iowa,
        NSynth,
        OrchideaSol,
        Philharmonia,
        Sfz,
        Sol,
        Sonatina,
        SoundFont,
        TinySol,
        Vcsl,
        Vsco,
    )
}
AUTO = "auto"
"""The format that means: find out which."""


def adapter_for(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        InputError: If there is none; the message lists those there are.
    """
    if name not in ADAPTERS:
        raise InputError(f"{name!r} is no known format: choose one of {', '.join([AUTO, *sorted(ADAPTERS)])}")
    return ADAPTERS[name]()


def recognise(found: Survey) -> tuple[Adapter, str]:
    """The adapter that is surest of a folder, and why in words.

    Raises:
        InputError: If there is nothing in the folder that any adapter could read.
    """
    claims = [(*adapter().recognise(found), name) for name, adapter in sorted(ADAPTERS.items())]
    share, why, name = max(claims, key=lambda claim: claim[0])
    if not share or (not found.names and name == Folder.name):
        unusable = found.unusable[0] if found.unusable else None
        but = f" that can be read ({unusable.id}: {unusable.detail})" if unusable else ""
        raise InputError(
            f"there is no audio in {found.source}{but}: give a folder of recordings, or a SoundFont (.sf2,"
            " .sf3)"
        )
    return ADAPTERS[name](), why
