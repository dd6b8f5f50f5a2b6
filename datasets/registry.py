"""The adapters there are, by the name that `--format` takes."""

from mcnn.errors import InputError

from .base import Adapter
from .folder import Folder
from .philharmonia import Philharmonia

ADAPTERS: dict[str, type[Adapter]] = {adapter.name: adapter for adapter in (Folder, Philharmonia)}


def adapter_for(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        InputError: If there is none; the message lists those there are.
    """
    if name not in ADAPTERS:
        raise InputError(f"{name!r} is no known format: choose one of {', '.join(sorted(ADAPTERS))}")
    return ADAPTERS[name]()
