"""The one reader of recordings: formats, rates, channels, offsets, damage."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from scipy import signal

from aae.analysis.recording_file import UnreadableError, examine_file, read_blocks, read_mono
from mcnn.spectral.level import loudest_rms_db
from tests.support.synth import SAMPLE_RATE, silence, tone, write_wav

Floats = npt.NDArray[np.float32]


def read(path: Path, sample_rate: int = SAMPLE_RATE) -> Floats:
    return np.concatenate(list(read_blocks(path, examine_file(path), sample_rate, with_side=True)))


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "PCM_16"), ("wav", "FLOAT"), ("flac", "PCM_24"),
        ("aiff", "PCM_16"), ("ogg", "VORBIS"), ("mp3", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rate", [44_100, 16_000, 48_000])
def test_any_format_and_rate_gives_the_same_tone(
    tmp_path: Path, suffix: str, subtype: str | None, rate: int
) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(440.0, 1.0, sample_rate=rate), rate, subtype=subtype)
    sound = read(path)
    assert sound.shape[1] == 1
    assert len(sound) / SAMPLE_RATE == pytest.approx(1.0, abs=0.06)
    spectrum = np.abs(np.fft.rfft(sound[:SAMPLE_RATE, 0] * np.hanning(min(len(sound), SAMPLE_RATE))))
    assert abs(np.argmax(spectrum) * SAMPLE_RATE / min(len(sound), SAMPLE_RATE) - 440.0) < 2.0


def test_blocks_are_what_resampling_at_once_gives(tmp_path: Path) -> None:
    waveform = np.tile(tone(330.0, 2.0, sample_rate=48_000), 6)
    path = tmp_path / "long.wav"
    soundfile.write(path, waveform, 48_000, subtype="FLOAT")
    sections = signal.butter(2, 10.0, "highpass", fs=SAMPLE_RATE, output="sos")
    resampled = soxr.resample(waveform, 48_000, SAMPLE_RATE)
    whole, _ = signal.sosfilt(sections, resampled, zi=signal.sosfilt_zi(sections) * resampled[0])
    np.testing.assert_array_equal(read(path)[:, 0], whole.astype(np.float32))
    np.testing.assert_array_equal(read_mono(path, SAMPLE_RATE).waveform, whole.astype(np.float32))


def test_many_channels_and_channels_that_cancel(tmp_path: Path) -> None:
    waveform = tone(440.0, 0.5)
    six = np.zeros((len(waveform), 6), np.float32)
    six[:, 2] = waveform
    soundfile.write(tmp_path / "six.wav", six, SAMPLE_RATE)
    assert read(tmp_path / "six.wav").shape == (len(waveform), 1)
    assert examine_file(tmp_path / "six.wav").lone_channel is None


def test_of_two_channels_middle_and_side_are_read(tmp_path: Path) -> None:
    left, right = tone(440.0, 0.5, noise=0.0), 0.5 * tone(660.0, 0.5, noise=0.0)
    soundfile.write(tmp_path / "two.wav", np.stack([left, right], 1), SAMPLE_RATE, subtype="FLOAT")
    sound = read(tmp_path / "two.wav")
    sections = signal.butter(2, 10.0, "highpass", fs=SAMPLE_RATE, output="sos")
    for column, wanted in zip(sound.T, (0.5 * (left + right), 0.5 * (left - right)), strict=True):
        np.testing.assert_allclose(column, signal.sosfilt(sections, wanted), atol=1e-5)
    np.testing.assert_array_equal(read_mono(tmp_path / "two.wav", SAMPLE_RATE).waveform, sound[:, 0])


@pytest.mark.parametrize("offset", [0.0, 0.01, -0.2])
def test_where_channels_cancel_the_loudest_is_heard_whatever_their_offset(
    tmp_path: Path, offset: float
) -> None:
    note = tone(440.0, 0.5, noise=0.0)
    soundfile.write(tmp_path / "two.wav", np.stack([note, -1.001 * note], 1) + offset, SAMPLE_RATE)
    assert examine_file(tmp_path / "two.wav").lone_channel == 1
    assert loudest_rms_db(
        read_mono(tmp_path / "two.wav", SAMPLE_RATE).waveform, SAMPLE_RATE
    ) == pytest.approx(loudest_rms_db(note, SAMPLE_RATE), abs=0.05)


def test_an_offset_leaves_no_step_at_the_beginning(tmp_path: Path) -> None:
    waveform = np.concatenate([silence(0.3), tone(440.0, 0.5), silence(0.3)])
    soundfile.write(tmp_path / "plain.wav", waveform, SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "offset.wav", waveform + np.float32(0.05), SAMPLE_RATE, subtype="FLOAT")
    plain, offset = (read_mono(tmp_path / f"{name}.wav", SAMPLE_RATE) for name in ("plain", "offset"))
    np.testing.assert_allclose(plain.waveform, offset.waveform, atol=1e-5)


def test_files_are_read_mono_at_the_wanted_rate_without_offset(tmp_path: Path) -> None:
    left = tone(440.0, 1.0, sample_rate=48_000, noise=0.0)
    soundfile.write(tmp_path / "a.flac", np.stack([left + 0.1, np.zeros_like(left) + 0.1], axis=1), 48_000)
    waveform = read_mono(tmp_path / "a.flac", SAMPLE_RATE).waveform
    assert waveform.dtype == np.float32
    assert len(waveform) == pytest.approx(SAMPLE_RATE, abs=2)
    assert abs(waveform.mean()) < 1e-4
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
    assert spectrum.argmax() == pytest.approx(440, abs=1)
    assert np.abs(waveform).max() == pytest.approx(0.15, abs=0.01)


def test_mp3_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.mp3", tone(440.0, 0.5), SAMPLE_RATE)
    assert loudest_rms_db(read_mono(tmp_path / "a.mp3", SAMPLE_RATE).waveform, SAMPLE_RATE) > -30.0


def test_only_the_beginning_of_an_endless_file_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(40 * 8000, np.float32), 8000)
    assert len(read_mono(tmp_path / "a.wav", 8000).waveform) == 30 * 8000


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    empty, text, no_samples, nan = (tmp_path / f"{name}.wav" for name in ("empty", "text", "none", "nan"))
    empty.touch()
    text.write_text("this is no audio")
    write_wav(no_samples, silence(0.0))
    soundfile.write(nan, np.full(1000, np.nan, np.float32), SAMPLE_RATE, subtype="FLOAT")
    for path in (empty, text, no_samples, nan, tmp_path / "missing.wav"):
        with pytest.raises(UnreadableError):
            read_mono(path, SAMPLE_RATE)


def test_a_long_mp3_is_what_decoding_it_at_once_gives(tmp_path: Path) -> None:
    """The decoder rounds otherwise where two calls meet; bytes of a NoteBank must not depend on that."""
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.tile(tone(440.0, 1.0), 8), SAMPLE_RATE)
    at_once, _ = soundfile.read(path, dtype="float32")
    sections = signal.butter(2, 10.0, "highpass", fs=SAMPLE_RATE, output="sos")
    whole, _ = signal.sosfilt(sections, at_once, zi=signal.sosfilt_zi(sections) * at_once[0])
    np.testing.assert_array_equal(read_mono(path, SAMPLE_RATE).waveform, whole.astype(np.float32))
