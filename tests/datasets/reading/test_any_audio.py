"""Whatever a disk may hold: every file becomes the right note, or is named with the reason why not."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from aae.analysis.f0 import measure_pitch
from aae.analysis.recording_file import UnreadableError, read_mono
from aae.analysis.trimming import prepare
from aae.notes.bank import NoteBank
from datasets.build import build
from datasets.plan import BuildSettings
from datasets.reading.files import survey
from datasets.reading.recording import SkipReason
from datasets.report import BuildFinished, BuildReport
from mcnn.spectral.config import SpectrogramConfig
from tests.support.synth import SAMPLE_RATE, silence, tone, write_wav

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)
A4 = 440.0


def built(source: Path, out: Path) -> BuildReport:
    (*_progress, last) = build(source, "folder", out, BuildSettings(config=SMALL), workers=1)
    assert isinstance(last, BuildFinished)
    return last.report


def frequency_hz(waveform: np.ndarray) -> float:
    """Of the strongest partial, in the middle of the note."""
    middle = waveform[len(waveform) // 4 : 3 * len(waveform) // 4]
    n_fft = 1 << 18
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), n_fft))
    return float(spectrum.argmax() * SAMPLE_RATE / n_fft)


FORMATS = [
    *(
        ("wav", subtype)
        for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
    ),
    *(("wav", subtype) for subtype in ("IMA_ADPCM", "MS_ADPCM")),
    *(("aiff", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT")),
    *(("flac", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")),
    ("ogg", "VORBIS"),
    ("opus", "OPUS"),
    ("mp3", "MPEG_LAYER_III"),
    *(("au", subtype) for subtype in ("PCM_16", "ULAW")),
    ("caf", "PCM_24"),
    ("w64", "PCM_24"),
    ("rf64", "PCM_24"),
    ("voc", "PCM_16"),
]


@pytest.mark.parametrize(("suffix", "subtype"), FORMATS, ids=lambda value: value)
def test_every_format_and_width_gives_the_same_note(suffix: str, subtype: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    container = {"opus": "OGG", "rf64": "RF64"}.get(suffix, suffix.upper())
    rate = 48_000 if suffix == "opus" else SAMPLE_RATE
    note = tone(A4, 0.5, sample_rate=rate, amplitudes=(1.0, 0.2))
    soundfile.write(path, note, rate, format=container, subtype=subtype)
    assert survey(tmp_path).names == (path.name,)
    waveform = read_mono(path, SAMPLE_RATE).waveform
    assert len(waveform) / SAMPLE_RATE == pytest.approx(0.5, abs=0.06)
    assert frequency_hz(waveform) == pytest.approx(A4, abs=0.5)
    assert np.abs(waveform).max() == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize(
    "rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rate_and_any_number_of_channels(rate: int, channels: int, tmp_path: Path) -> None:
    note = tone(A4, 0.4, sample_rate=rate, amplitudes=(1.0, 0.3))
    soundfile.write(tmp_path / "a.wav", np.stack([note] * channels, axis=1), rate)
    waveform = read_mono(tmp_path / "a.wav", SAMPLE_RATE).waveform
    assert len(waveform) == pytest.approx(0.4 * SAMPLE_RATE, abs=3)
    assert frequency_hz(waveform) == pytest.approx(A4, abs=0.3)


def test_channels_of_opposite_sign_do_not_cancel(tmp_path: Path) -> None:
    note = tone(A4, 0.4, noise=0.0)
    soundfile.write(tmp_path / "a.wav", np.stack([0.5 * note, -0.5 * note], axis=1), SAMPLE_RATE)
    assert np.abs(read_mono(tmp_path / "a.wav", SAMPLE_RATE).waveform).max() == pytest.approx(0.15, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(
    offset=st.floats(-0.3, 0.3),
    noise=st.floats(0.0, 1e-3),
    gain=st.sampled_from([0.003, 0.05, 0.3, 3.0]),
    before_s=st.floats(0.0, 0.4),
    seed=st.integers(0, 1000),
)
def test_offset_noise_clipping_and_quiet_leave_the_note_itself(
    offset: float, noise: float, gain: float, before_s: float, seed: int
) -> None:
    note = tone(A4, 0.4, noise=0.0, peak=gain, seed=seed)
    waveform = np.concatenate([silence(before_s), note, silence(0.1)])
    random = np.random.default_rng(seed)
    waveform += (min(noise, 0.006 * gain) * random.standard_normal(len(waveform))).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        soundfile.write(path, np.clip(waveform + offset, -1.0, 1.0), SAMPLE_RATE, subtype="PCM_24")
        prepared = prepare(read_mono(path, SAMPLE_RATE).waveform, SAMPLE_RATE, SMALL.max_samples)
    assert prepared is not None
    assert 0.38 <= len(prepared.waveform) / SAMPLE_RATE <= 0.6
    assert abs(prepared.waveform.mean()) < 0.01
    heard = measure_pitch(prepared.waveform, SAMPLE_RATE)
    assert heard.midi_pitch == pytest.approx(69.0, abs=0.2)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder with one good note and one entry of every kind that is none."""
    source = tmp_path / "disk"
    write_wav(source / "good/A4.wav", tone(A4, 0.3, seed=1))
    whole = (source / "good/A4.wav").read_bytes()
    (source / "empty.wav").touch()
    (source / "half.wav").write_bytes(whole[: len(whole) // 2])
    (source / "header.wav").write_bytes(whole[:20])
    (source / "text.wav").write_text("no audio at all")
    (source / "picture.flac").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (source / "phone.m4a").write_bytes(bytes(100))
    (source / "notes.txt").write_text("not a recording")
    os.mkfifo(source / "pipe.wav")
    (source / "gone.wav").symlink_to("nowhere.wav")
    (source / "good/loop").symlink_to("../good")
    (source / "self").symlink_to("self")
    (source / "turn").mkdir()
    (source / "turn/back").symlink_to("../../disk")
    with open(os.fsencode(source) + b"/caf\xe9.wav", "wb") as file:
        file.write(whole)
    return source


def test_every_file_that_is_no_note_is_named_with_its_reason(disk: Path, tmp_path: Path) -> None:
    report = built(disk, tmp_path / "notes.h5")
    assert report.n_notes == 1
    assert {skip.id: skip.detail for skip in report.skips} == {
        "caf\\udce9.wav": "its name is not UTF-8: rename it",
        "empty.wav": "empty file",
        "gone.wav": "a link to nothing: No such file or directory",
        "half.wav": f"truncated: {13_252} of {26_504} bytes are there",
        "header.wav": f"truncated: 20 of {26_504} bytes are there",
        "phone.m4a": "M4A is not read: convert it to WAV or FLAC",
        "picture.flac": "not decodable: Format not recognised.",
        "pipe.wav": "no regular file",
        "text.wav": "not decodable: Format not recognised.",
    }
    assert {skip.reason for skip in report.skips} == {SkipReason.UNREADABLE}


def test_a_wrong_ending_does_not_matter(tmp_path: Path) -> None:
    for name, container in (
        ("flac.wav", "FLAC"),
        ("wav.flac", "WAV"),
        ("mp3.wav", "MP3"),
        ("ogg.mp3", "OGG"),
    ):
        soundfile.write(tmp_path / name, tone(A4, 0.4), SAMPLE_RATE, format=container)
        assert frequency_hz(read_mono(tmp_path / name, SAMPLE_RATE).waveform) == pytest.approx(A4, abs=0.5)


@pytest.mark.parametrize("container", ["FLAC", "OGG", "MP3", "AIFF"])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.95])
def test_cut_files_give_a_note_or_a_reason(container: str, kept: float, tmp_path: Path) -> None:
    path = tmp_path / "a.audio"
    soundfile.write(path, tone(A4, 0.5), SAMPLE_RATE, format=container)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    try:
        waveform = read_mono(path, SAMPLE_RATE).waveform
    except UnreadableError:
        return
    assert np.isfinite(waveform).all()


def test_a_streamed_header_of_unknown_size_is_no_truncation(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(A4, 0.3))
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(data)
    assert len(read_mono(tmp_path / "a.wav", SAMPLE_RATE).waveform) == pytest.approx(0.3 * SAMPLE_RATE, abs=2)


NAMES = [
    "Ünïcödé ♭♯ 猫 🎻/ré 4.wav",
    "e\u0301 decomposed.wav",
    "new\nline\tand\rtab.wav",
    " leading and trailing .wav",
    "quote'\"`$(rm -rf)`.wav",
    "-rf.wav",
    "%s{0}\\n.wav",
    "\u202eright-to-left.wav",
    "x" * 251 + ".wav",
]


def test_odd_names_are_read_and_kept(tmp_path: Path) -> None:
    source = tmp_path / "names"
    for number, name in enumerate(NAMES):
        write_wav(source / name, tone(A4, 0.2, seed=number))
    assert built(source, tmp_path / "notes.h5").n_notes == len(NAMES)
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert sorted(bank.ids) == sorted(NAMES)


@pytest.fixture
def forbidden() -> Iterator[Path]:
    """A folder in which one file and one folder may not be read by an ordinary user."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        source.chmod(0o755)
        write_wav(source / "A4.wav", tone(A4, 0.2))
        write_wav(source / "secret.wav", tone(A4, 0.3))
        write_wav(source / "closed/A4.wav", tone(A4, 0.4))
        (source / "secret.wav").chmod(0)
        (source / "closed").chmod(0)
        yield source
        (source / "closed").chmod(0o755)


def test_what_may_not_be_read_is_said(forbidden: Path) -> None:
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65_534)
    try:
        found = survey(forbidden)
        with pytest.raises(UnreadableError, match="Permission denied"):
            read_mono(forbidden / "secret.wav", SAMPLE_RATE)
    finally:
        if is_root:
            os.seteuid(0)
    assert found.names == ("A4.wav", "secret.wav")
    (closed,) = found.unusable
    assert (closed.id, closed.detail) == ("closed/", "the folder cannot be opened: Permission denied")


def test_folders_behind_links_are_read_once(tmp_path: Path) -> None:
    write_wav(tmp_path / "elsewhere/A4.wav", tone(A4, 0.2))
    (tmp_path / "library").mkdir()
    (tmp_path / "library/first").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "library/second").symlink_to(tmp_path / "elsewhere")
    assert survey(tmp_path / "library").names == ("first/A4.wav",)


def test_a_header_that_promises_gigabytes_is_no_trap(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(A4, 0.2))
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[22:24] = (65_535).to_bytes(2, "little")
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(UnreadableError):
        read_mono(tmp_path / "a.wav", SAMPLE_RATE)
