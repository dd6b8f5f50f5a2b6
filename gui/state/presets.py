"""Presets, as plain JSON files in a folder: save, load, list, rename, remove. Qt-free."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError

from mcnn.atomic import atomic_path
from mcnn.errors import InputError
from mcnn.plain import Settings

from .latent_pad import LatentPad
from .latent_path import LatentPath
from .project_state import ProjectState
from .sound import Sound

FORMAT, VERSION = "clariolin-preset", 1
SUFFIX = ".clariolin.json"
MAX_BYTES = 8 << 20
"""Largest file that is read; a path of two minutes that never rests takes this much."""
_UNSAFE = re.compile(r"[^\w .,+()&'-]+")


@dataclass(frozen=True)
class Preset:
    """A sound with a name."""

    name: str
    sound: Sound
    model: str
    """File name of the model that it was made with."""
    pad: LatentPad | None = None
    path: LatentPath | None = None
    """Pad and recorded path; None if the file says nothing of them."""


def preset_of(project: ProjectState, name: str, model: str) -> Preset:
    """A project under a name; an empty pad or path is left out, so that the preset replaces no other one."""
    pad = None if project.pad.is_empty else project.pad
    return Preset(name, project.sound, model, pad, project.path if project.path.points else None)


class _Content(Settings):
    """The checked part of a preset's file; its name and model are plain text."""

    model_config = ConfigDict(extra="ignore")

    sound: Sound
    pad: LatentPad | None = None
    path: object = None


def user_folder(kind: str) -> Path:
    """The folder of a person's files of a kind (`data` or `state`), by the convention of Linux desktops."""
    variable, default = {
        "data": ("XDG_DATA_HOME", ".local/share"),
        "state": ("XDG_STATE_HOME", ".local/state"),
    }[kind]
    return Path(os.environ.get(variable) or Path.home() / default) / "clariolin"


def write_preset(path: Path, preset: Preset) -> None:
    """Writes a preset's file in one step.

    Raises:
        InputError: If it cannot be written there.
    """
    value = {
        "format": FORMAT,
        "version": VERSION,
        "name": preset.name,
        "model": preset.model,
        "sound": json.loads(preset.sound.model_dump_json()),
    }
    if preset.pad is not None:
        value["pad"] = json.loads(preset.pad.model_dump_json())
    if preset.path is not None:
        value["path"] = preset.path.to_json()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as partial:
            partial.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise InputError(f"the preset cannot be written to {path} ({error.strerror})") from None


def read_preset(path: Path) -> Preset:
    """Reads a preset's file.

    Raises:
        InputError: If it is missing, too large, no preset, damaged, or from a newer version.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path.name} is too large for a preset")
        value: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path.name} is not a preset: it is no JSON") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise InputError(f"{path.name} is not a preset of Clariolin")
    if value.get("version") != VERSION:
        raise InputError(f"{path.name} is a preset of version {value.get('version')}; this program reads 1")
    try:
        return _preset_of(value, path.name.removesuffix(SUFFIX))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path.name} is a damaged preset: {where} {first['msg']}") from None
    except ValueError as error:
        raise InputError(f"{path.name} is a damaged preset: {error}") from None


def _preset_of(value: dict[str, Any], name: str) -> Preset:
    """The preset in a file; pad and path may be missing."""
    content = _Content.model_validate(value)
    path = None if content.path is None else LatentPath.from_json(content.path)
    size = len(content.sound.latent)
    for what, part in (("pad", content.pad), ("path", path)):
        if part is not None and part.latent_size not in (None, size):
            raise ValueError(f"its {what} has points of {part.latent_size} numbers, its sound one of {size}")
    named = str(value.get("name") or name)
    return Preset(named, content.sound, str(value.get("model", "")), content.pad, path)


class PresetFolder:
    """The folder of a person's presets.

    Args:
        folder: Made when the first one is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of the presets, in alphabetical order."""
        return sorted((preset.name for preset in self._all()), key=str.casefold)

    def save(self, preset: Preset) -> Path:
        """Saves a preset; one of the same name is replaced."""
        path = self._path_of(preset.name) or self._free_path(preset.name)
        write_preset(path, preset)
        return path

    def load(self, name: str) -> Preset:
        """Opens a preset by its name."""
        return read_preset(self._existing(name))

    def rename(self, name: str, new_name: str) -> None:
        """Gives a preset another name.

        Raises:
            InputError: If the new name is empty, or another preset has it.
        """
        new_name = new_name.strip()
        if not new_name:
            raise InputError("a preset needs a name")
        if new_name == name:
            return
        if self._path_of(new_name) is not None:
            raise InputError(f"there is a preset '{new_name}' already")
        path = self._existing(name)
        preset = read_preset(path)
        write_preset(self._free_path(new_name), replace(preset, name=new_name))
        path.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Removes a preset."""
        self._existing(name).unlink(missing_ok=True)

    def _files(self) -> Iterable[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def _all(self) -> list[Preset]:
        presets = []
        for path in self._files():
            try:
                presets.append(read_preset(path))
            except InputError:
                continue  # a foreign or damaged file hides no others
        return presets

    def _path_of(self, name: str) -> Path | None:
        for path in self._files():
            try:
                if read_preset(path).name == name:
                    return path
            except InputError:
                continue
        return None

    def _existing(self, name: str) -> Path:
        path = self._path_of(name)
        if path is None:
            raise InputError(f"there is no preset '{name}'")
        return path

    def _free_path(self, name: str) -> Path:
        stem = _UNSAFE.sub("-", name).strip(" .-")[:80] or "preset"
        taken = {path.name.casefold() for path in self._files()}
        candidate, count = f"{stem}{SUFFIX}", 1
        while candidate.casefold() in taken:
            count += 1
            candidate = f"{stem}-{count}{SUFFIX}"
        return self.folder / candidate
