"""Sound files in and out: rates, channels, formats, damage."""

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aae.analysis.recording_file import read_blocks
from aae.transform.audio_file import SoundWriter, examine
from mcnn.errors import InputError
from tests.support.synth import SAMPLE_RATE, tone

Floats = npt.NDArray[np.float32]


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    left, right = tone(440.0, 1.0), 0.5 * tone(660.0, 1.0)
    sound = np.stack([left, right], 1)
    path = tmp_path / "out.wav"
    with SoundWriter(path, SAMPLE_RATE, SAMPLE_RATE, 2, len(sound) + 100) as writer:
        for part in np.array_split(sound, 7):
            writer.write(part)
        writer.write(np.zeros((0, 2), np.float32), last=True)
    written, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    np.testing.assert_allclose(written[: len(sound)], sound, atol=2**-23)
    np.testing.assert_array_equal(written[len(sound) :], np.zeros((100, 2)))


def test_another_rate_is_written_at_its_length(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    with SoundWriter(path, SAMPLE_RATE, 48_000, 1, 48_000) as writer:
        writer.write(tone(440.0, 0.7)[:, None])
        writer.write(tone(440.0, 0.5)[:, None], last=True)
    assert soundfile.info(path).frames == 48_000
    assert soundfile.info(path).subtype == "PCM_24"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty file"), (b"RIFF", "not decodable"), (b"hello " * 1000, "not decodable")],
)
def test_what_is_no_sound_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        examine(path)


def test_silence_infinities_and_very_short_files_are_said(tmp_path: Path) -> None:
    path = tmp_path / "odd.wav"
    for samples, words in (
        (np.zeros(SAMPLE_RATE), "silent"),
        (np.full(SAMPLE_RATE, np.nan), "no finite numbers"),
        (np.ones(10), "10 samples"),
    ):
        soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
        with pytest.raises(InputError, match=words):
            examine(path)
    with pytest.raises(InputError, match="No such file"):
        examine(tmp_path / "missing.wav")
    with pytest.raises(InputError):
        examine(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["wav", "flac", "ogg", "aiff", "mp3", "noise"]),
    damage=st.sampled_from(["cut", "flip", "zero", "grow", "header"]),
)
def test_damaged_files_are_read_or_refused_by_name(seed: int, kind: str, damage: str) -> None:
    """150 malformed files: each is either a finite sound or one clear line."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"odd.{'wav' if kind == 'noise' else kind}"
        if kind == "noise":
            path.write_bytes(rng.bytes(int(rng.integers(0, 5000))))
        else:
            soundfile.write(path, 0.1 * rng.standard_normal((4000, int(rng.integers(1, 3)))), 8000)
        content = bytearray(path.read_bytes())
        _damage(content, damage, rng)
        path.write_bytes(content)
        refusal = _refusal(path)
        if refusal is not None:
            assert str(path) in refusal
            assert "\n" not in refusal
            return
        facts = examine(path)
        sound = np.concatenate(list(read_blocks(path, facts, SAMPLE_RATE)))
        assert np.isfinite(sound).all()


def _refusal(path: Path) -> str | None:
    try:
        examine(path)
    except InputError as error:
        return str(error)
    return None


def _damage(content: bytearray, kind: str, rng: np.random.Generator) -> None:
    if not content:
        return
    if kind == "cut":
        del content[int(rng.integers(len(content))) :]
    elif kind == "grow":
        content += rng.bytes(100)
    elif kind == "zero":
        start = int(rng.integers(len(content)))
        content[start : start + 200] = bytes(len(content[start : start + 200]))
    else:
        reach = min(64, len(content)) if kind == "header" else len(content)
        for _ in range(8):
            content[int(rng.integers(reach))] = int(rng.integers(256))
