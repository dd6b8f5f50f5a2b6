"""SFZ read: text whose headers inherit from one another, with `#include` and `#define`.

Source: sfzformat.com (opcodes of SFZ 1 and 2, and of ARIA as far as libraries use them).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from .mapped_sample import (
    MAX_SAMPLES,
    MappedSample,
    mapping_bytes,
    plain_path,
    require_mapping_size,
    sounding_pitch,
)

MAX_INCLUDES = 1_000
MAX_INCLUDE_DEPTH = 16
MAX_LINE_LENGTH = 1 << 16
_MAX_DEFINES = 4_096
_LEVELS = ("global", "master", "group", "region")
"""Headers that inherit, from the outermost."""
_COMMENTS = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_TOKEN = re.compile(r"<(?P<header>[a-z_]+)>|(?<![^\s>])(?P<opcode>[A-Za-z_][\w]*)=", re.IGNORECASE)
_INCLUDE = re.compile(r'\s*#include\s+"(?P<path>[^"]*)"')
_DEFINE = re.compile(r"#define\s+\$(?P<name>\w+)\s+(?P<value>\S+)")
_VARIABLE = re.compile(r"\$(\w+)")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?")


def read_sfz(path: Path, folder: Path) -> list[MappedSample]:
    """The regions of an SFZ file.

    Args:
        path: The file.
        folder: The library's folder; nothing outside it is included.

    Raises:
        InputError: If it cannot be read, includes itself, or is larger than any mapping.
    """
    return list(_regions(path.name, _Reader(path, folder).lines()))


class _Reader:
    """Lines of a file and of those that it includes, variables replaced.

    Args:
        path: The file.
        folder: Nothing outside it is read.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._defines: dict[str, str] = {}
        self._n_includes = 0
        self._n_bytes = 0

    def lines(self) -> Iterator[str]:
        """Every line, in the order in which a sampler reads them."""
        yield from self._lines(self._path, 0)

    def _lines(self, path: Path, depth: int) -> Iterator[str]:
        for line in _COMMENTS.sub("", self._text(path)).splitlines():
            if len(line) > MAX_LINE_LENGTH:
                raise InputError(f"{self._path.name}: a line of {len(line)} characters is no mapping")
            include = _INCLUDE.match(line)
            if include:
                yield from self._lines(self._included(include["path"], path, depth), depth + 1)
                continue
            for define in _DEFINE.finditer(line):
                if len(self._defines) < _MAX_DEFINES:
                    self._defines[define["name"]] = self._replaced(define["value"])[:MAX_LINE_LENGTH]
            yield self._replaced(_DEFINE.sub("", line))

    def _included(self, name: str, includer: Path, depth: int) -> Path:
        """The file that a line includes: relative to the mapping, or to the file that includes it."""
        self._n_includes += 1
        if self._n_includes > MAX_INCLUDES or depth >= MAX_INCLUDE_DEPTH:
            raise InputError(f"{self._path.name} includes {name} again and again: no mapping does")
        relative = plain_path(self._replaced(name))
        for folder in (self._path.parent, includer.parent):
            found = (folder / relative).resolve() if relative else folder
            if found.is_relative_to(self._folder.resolve()) and found.is_file():
                return found
        raise InputError(f"{self._path.name} includes {name}, which is no file in {self._folder}")

    def _text(self, path: Path) -> str:
        raw = mapping_bytes(path)
        self._n_bytes += len(raw)
        require_mapping_size(self._path.name, self._n_bytes)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return raw.decode("cp1252", "replace")

    def _replaced(self, text: str) -> str:
        """The text with its variables' values; the longest name that fits is the variable."""
        if "$" not in text:
            return text
        replaced = _VARIABLE.sub(lambda match: self._value(match[1]), text)
        if len(replaced) > MAX_LINE_LENGTH:
            raise InputError(f"{self._path.name}: a line of {len(replaced)} characters is no mapping")
        return replaced

    def _value(self, word: str) -> str:
        for end in range(len(word), 0, -1):
            if word[:end] in self._defines:
                return self._defines[word[:end]] + word[end:]
        return f"${word}"


def _regions(file: str, lines: Iterator[str]) -> Iterator[MappedSample]:
    levels: dict[str, dict[str, str]] = {level: {} for level in _LEVELS}
    control: dict[str, str] = {}
    header, n_regions = "", 0
    for line in lines:
        for name, value in _tokens(line):
            if value is None:
                if header == "region":
                    yield from _sample(levels, control)
                    n_regions += 1
                    if n_regions > MAX_SAMPLES:
                        raise InputError(f"{file} has more than {MAX_SAMPLES} regions: no mapping does")
                header = name
                for level in _LEVELS[_LEVELS.index(header) :] if header in _LEVELS else ():
                    levels[level] = {}
            elif header == "control":
                control[name] = value
            elif header in levels:
                levels[header][name] = value
    if header == "region":
        yield from _sample(levels, control)


def _tokens(line: str) -> Iterator[tuple[str, str | None]]:
    """Headers, as (name, None), and opcodes of a line; a value reaches to the next of either."""
    found = list(_TOKEN.finditer(line))
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(line)
        if match["header"]:
            yield match["header"].lower(), None
        else:
            yield match["opcode"].lower(), line[match.end() : end].strip()


def _sample(levels: Mapping[str, Mapping[str, str]], control: Mapping[str, str]) -> Iterator[MappedSample]:
    """The region that all levels together describe; nothing for a synthesised or an absent one."""
    said: dict[str, str] = {}
    for level in _LEVELS:
        said |= levels[level]
    name = said.get("sample", "")
    path = None if not name or name.startswith("*") else plain_path(control.get("default_path", "") + name)
    if not path:
        return
    shift = _integer(control.get("note_offset")) + 12 * _integer(control.get("octave_offset"))
    key = _key(said.get("key"), shift)
    low, high = (_key(said.get(name), shift, key) for name in ("lokey", "hikey"))
    tuning = _number(said.get("transpose")) + _number(said.get("tune", said.get("pitch"))) / 100.0
    position, n_positions = _turn(said)
    yield MappedSample(
        path=path,
        midi_pitch=sounding_pitch(_root(said, shift, key, (low, high)), tuning),
        follows_keys=_number(said.get("pitch_keytrack"), 100.0) != 0.0,
        is_note=said.get("trigger", "attack") in ("attack", "first", "legato") and -1 not in (low, high),
        velocities=(_velocity(said.get("lovel"), 0), _velocity(said.get("hivel"), 127)),
        keys=(0 if low is None else low, 127 if high is None else high),
        group=said.get("sw_label") or said.get("group_label") or said.get("master_label", ""),
        position=position,
        n_positions=n_positions,
        loop=_loop(said),
    )


def _root(
    said: Mapping[str, str], shift: int, key: int | None, keys: tuple[int | None, int | None]
) -> int | None:
    """Key at which a sample plays as recorded; by default C4, if it is spread over keys."""
    if "pitch_keycenter" in said:
        return _key(said["pitch_keycenter"], shift)
    if key is not None:
        return key
    return None if keys[0] == keys[1] and keys[0] is not None else 60 + shift


def _turn(said: Mapping[str, str]) -> tuple[int, int]:
    """Turn and length of a round robin; a random choice is one too."""
    low, high = _number(said.get("lorand")), _number(said.get("hirand"), 1.0)
    if 0.0 <= low < high <= 1.0 and high - low < 1.0:
        n_positions = max(1, round(1.0 / (high - low)))
        return min(round(low * n_positions) + 1, n_positions), n_positions
    n_positions = min(max(1, _integer(said.get("seq_length"), 1)), 128)
    return min(max(1, _integer(said.get("seq_position"), 1)), n_positions), n_positions


def _loop(said: Mapping[str, str]) -> tuple[int, int] | None:
    if said.get("loop_mode", said.get("loopmode", "")) in ("no_loop", "one_shot"):
        return None
    start, end = (said.get(f"loop_{edge}", said.get(f"loop{edge}")) for edge in ("start", "end"))
    if start is None or end is None:
        return None
    loop = _integer(start), _integer(end)
    return loop if 0 <= loop[0] < loop[1] else None


def _key(text: str | None, shift: int, default: int | None = None) -> int | None:
    """A key as a number or a name; -1 is none at all."""
    if text is None:
        return default
    if text.strip() == "-1":
        return -1
    try:
        key = parse_pitch(text) + shift
    except InputError:
        return default
    return key if 0 <= key <= 127 else default


def _number(text: str | None, default: float = 0.0) -> float:
    match = _NUMBER.match(text.strip()) if text else None
    return float(match[0]) if match and len(match[0]) < 32 else default


def _velocity(text: str | None, default: int) -> int:
    return min(max(0, _integer(text, default)), 127)


def _integer(text: str | None, default: int = 0) -> int:
    return int(_number(text, default))
