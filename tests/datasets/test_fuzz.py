"""Nothing that a name, a table or a file may hold makes a build crash; see `tests/support/fuzzing.py`."""

import io
import json

import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fuzzing import fuzz_audio, fuzz_mappings, fuzz_names, fuzz_soundfont, fuzz_tables
from tests.support.libraries import soundfont_bytes
from tests.support.synth import tone

BRIEF = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = st.sampled_from(
    [
        *(
            "cello",
            "C4",
            "Cs4",
            "H9",
            "N",
            "05",
            "forte",
            "arco-normal",
            "phrase",
            "_",
            "-",
            "+",
            "/",
            ".",
            " ",
        ),
        *("Vc", "ord", "pp", "4c", "alt1", "R100u", "T12d_R100u", "C#3_B5", "S", "Strings", "Violin"),
        *("bass_synthetic", "033", "999", "060", "LDFlute", "susvib", "v1", "rr2", "Sum", "B9", "G9", "-1"),
    ]
)
WORDS_OF_MAPPINGS = st.sampled_from(
    [
        *(
            "<region>",
            "<group>",
            "<control>",
            "<global>",
            "sample=a.wav",
            "sample=../a.wav",
            "key=60",
            "key=c#4",
        ),
        *(
            "lovel=1",
            "hivel=-5",
            "seq_length=1e9",
            "seq_position=0",
            "tune=99999999",
            "pitch_keycenter=sample",
        ),
        *(
            "#define $A $A",
            "$A",
            '#include "x.sfz"',
            "default_path=..\\",
            "/*",
            "*/",
            "//",
            "\n",
            " ",
            "=",
            "\0",
        ),
        *("<DecentSampler>", "</DecentSampler>", "<groups>", "</groups>", "<!DOCTYPE a>", "&lt;"),
        *('<sample path="a.wav" rootNote="inf"/>', '<sample path="a.wav" loVel="nan" hiNote="-9"/>'),
    ]
)
NAMES = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=80)).map(
    lambda name: name.encode("utf-8", "replace")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def wav_bytes(container: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(440.0, 0.2), 44_100, format=container)
    return file.getvalue()


FONT = soundfont_bytes()
WHOLE = {container: wav_bytes(container) for container in ("WAV", "AIFF", "FLAC", "OGG", "MP3", "CAF", "AU")}


@BRIEF
@given(NAMES)
def test_any_name(name: bytes) -> None:
    fuzz_names(name)


@BRIEF
@given(st.integers(0, 5), st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_table(kind: int, text: bytes) -> None:
    fuzz_tables(bytes([kind]) + text)


@BRIEF
@given(
    st.integers(0, 2),
    st.one_of(
        st.binary(max_size=200),
        st.lists(WORDS_OF_MAPPINGS, max_size=30).map(lambda words: "".join(words).encode()),
    ),
)
def test_any_mapping(kind: int, text: bytes) -> None:
    fuzz_mappings(bytes([kind]) + text)


@BRIEF
@given(st.dictionaries(st.sampled_from(["1", "2", "a"]), VALUES, max_size=3), st.sampled_from([2, 3, 4]))
def test_any_json(rows: dict[str, object], kind: int) -> None:
    fuzz_tables(bytes([kind]) + json.dumps(rows).encode())


@pytest.mark.parametrize("container", sorted(WHOLE))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_audio(container: str, data: st.DataObject) -> None:
    fuzz_audio(damaged(WHOLE[container], data))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_a_soundfont(data: st.DataObject) -> None:
    fuzz_soundfont(damaged(FONT, data, from_the_end=700))


@BRIEF
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    fuzz_audio(data)
    fuzz_soundfont(data)


def damaged(whole: bytes, data: st.DataObject, from_the_end: int = 0) -> bytes:
    """A file with some bytes changed, most of them in its header (or near its end), and perhaps cut."""
    changed = bytearray(whole)
    reach = st.integers(0, min(len(whole), 100) - 1)
    if from_the_end:
        reach = st.integers(len(whole) - from_the_end, len(whole) - 1)
    places = st.lists(
        st.tuples(st.one_of(reach, st.integers(0, len(whole) - 1)), st.integers(0, 255)), max_size=6
    )
    for place, value in data.draw(places):
        changed[place] = value
    if data.draw(st.booleans()):
        del changed[data.draw(st.integers(0, len(whole))) :]
    return bytes(changed)
