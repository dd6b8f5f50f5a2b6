"""SoundFonts chunk by chunk: sizes, order, the samples' very bits; what is too much is refused."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aae.rendering.samplers.export import write_instruments
from mcnn.errors import InputError
from tests.aae.rendering.samplers.test_instrument import _row
from tests.support.players import fluid_player, needs_fluidsynth


def _rows(directory: Path, subtype: str, techniques: int = 2, variations: int = 2) -> list[dict[str, Any]]:
    rows = [
        _row(60, f"technique-{t}", variation=v, format="sf2")
        for t in range(techniques)
        for v in range(1, variations + 1)
    ]
    rng = np.random.default_rng(0)
    for row in rows:
        soundfile.write(directory / row["file"], rng.uniform(-0.5, 0.5, 1001), 44_100, subtype=subtype)
    return rows


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk below RIFF and LIST, in order; sizes must add up."""
    place = 0
    while place < len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + size]
        assert len(body) == size
        if name in (b"RIFF", b"LIST"):
            yield from _parts(body[4:])
        else:
            yield name, body
        place += 8 + size + size % 2
    assert place == len(data)


@pytest.mark.parametrize(("subtype", "version"), [("PCM_16", (2, 1)), ("PCM_24", (2, 4)), ("FLOAT", (2, 4))])
def test_chunks_and_samples(tmp_path: Path, subtype: str, version: tuple[int, int]) -> None:
    rows = _rows(tmp_path, subtype)
    (path,) = write_instruments(tmp_path, rows)
    parts = dict(_parts(path.read_bytes()))
    tables = [b"phdr", b"pbag", b"pmod", b"pgen", b"inst", b"ibag", b"imod", b"igen", b"shdr"]
    pool = [b"smpl"] if subtype == "PCM_16" else [b"smpl", b"sm24"]
    assert list(parts) == [b"ifil", b"isng", b"INAM", b"ISFT", *pool, *tables]
    assert struct.unpack("<HH", parts[b"ifil"]) == version
    assert len(parts[b"shdr"]) == 46 * (len(rows) + 1)
    assert len(parts[b"phdr"]) == 38 * (4 + 1), "two techniques in two banks"
    upper = np.frombuffer(parts[b"smpl"], "<i2").astype(np.int32)
    lower = np.frombuffer(parts.get(b"sm24", bytes(len(upper))), np.uint8)
    for number, row in enumerate(rows):
        name, start, end, first, last, rate, key, cents, _, kind = struct.unpack_from(
            "<20sIIIIIBbHH", parts[b"shdr"], 46 * number
        )
        assert name.rstrip(b"\0") == f"{number + 1} C4 flute_60_technique"[:19].encode()
        assert (end - start, first - start, last - start) == (1001, 100, 901)
        assert (rate, key, cents, kind) == (44_100, 60, -3, 1)
        written = soundfile.read(tmp_path / row["file"], dtype="int32")[0] >> 8
        np.testing.assert_array_equal((upper[start:end] << 8) + lower[start:end], written)
        assert not upper[end : end + 46].any()


@needs_fluidsynth
def test_fluidsynth_accepts_24_bits_and_names_every_preset(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (path,) = write_instruments(tmp_path, _rows(tmp_path, "PCM_24"))
    with fluid_player(path) as player:
        assert player.preset_names(4) == ["flute technique-0", "flute technique-1"]
        assert player.preset_names(4, bank=1) == ["flut technique-0 v2", "flut technique-1 v2"]
    assert "warning" not in capfd.readouterr().err


def test_more_than_a_soundfont_holds_is_refused(tmp_path: Path) -> None:
    (row,) = _rows(tmp_path, "PCM_16", 1, 1)
    many = [row | {"variation": v, "midi_pitch": p} for v in range(130) for p in range(128)]
    with pytest.raises(InputError, match="16640 zones are more than a SoundFont can hold"):
        write_instruments(tmp_path, many)
    assert [path.name for path in tmp_path.iterdir()] == [row["file"]]
