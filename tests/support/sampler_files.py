"""Small readers of samplers' files, as strict as a player would be on a bad day."""

import re
import struct
from collections.abc import Iterator

SFZ_HEADERS = ("control", "global", "group", "region")
_TOKEN = re.compile(r"<(\w+)>|(\w+)=")


def parse_sfz(text: str) -> list[tuple[str, dict[str, str]]]:
    """Headers with their opcodes; a value ends where the next opcode, header or line begins.

    Args:
        text: Of the file.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        line = line.partition("//")[0]
        assert not any(sign in line for sign in ("/*", "$", "#")), f"{line!r} holds a directive"
        tokens = list(_TOKEN.finditer(line))
        assert line[: tokens[0].start() if tokens else None].strip() == "", f"{line!r} begins with no token"
        for token, following in zip(tokens, [*tokens[1:], None], strict=False):
            value = line[token.end() : following.start() if following else None].strip()
            if token[1]:
                assert token[1] in SFZ_HEADERS
                assert not value
                found.append((token[1], {}))
            else:
                assert token[2] not in found[-1][1], f"{token[2]} twice"
                assert "<" not in value
                assert ">" not in value
                found[-1][1][token[2]] = value
    return found


def soundfont_names(data: bytes) -> dict[str, list[str]]:
    """Names of a SoundFont's presets, instruments and samples; every one must be ASCII and ended.

    Args:
        data: Of the file.
    """
    sizes = {b"phdr": 38, b"inst": 22, b"shdr": 46}
    names: dict[str, list[str]] = {}
    for kind, body in _chunks(data):
        if kind in sizes:
            raw = [body[place : place + 20] for place in range(0, len(body), sizes[kind])][:-1]
            assert all(name[-1] == 0 for name in raw)
            names[kind.decode()] = [name.partition(b"\0")[0].decode("ascii") for name in raw]
    return names


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + size]
        if kind in (b"RIFF", b"LIST"):
            yield from _chunks(body[4:])
        else:
            yield kind, body
        place += 8 + size + size % 2
