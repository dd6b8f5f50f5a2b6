"""A note's file: tuning, level, dither, sample rate, chunks; the same bytes from the same note."""

import io
import struct

import numpy as np
import pytest
import soundfile

from aae.notes.pitch_names import pitch_frequency_hz
from aae.rendering.note_file import NoteFile, encode, make_note_file, measure_tuning
from aae.rendering.output import OutputSettings
from aae.rendering.samplers.wav_chunks import chunks
from mcnn.errors import InputError

RATE = 44_100


def _note(midi_pitch: float = 57.0, duration_s: float = 1.5, peak: float = 0.2) -> np.ndarray:
    time_s = np.arange(round(duration_s * RATE)) / RATE
    phase = 2 * np.pi * pitch_frequency_hz(midi_pitch) * time_s
    tone = sum(np.sin(n * phase + n) / n for n in range(1, 8))
    envelope = np.clip(time_s / 0.05, 0, 1) * np.clip((duration_s - time_s) / 0.2, 0, 1)
    return (peak / 2 * tone * envelope).astype(np.float32)


def _read(made: NoteFile) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(io.BytesIO(made.data), dtype="float64")
    return samples, rate


@pytest.mark.parametrize("cents", [-30.0, -2.0, 0.0, 7.5, 40.0])
def test_tuning_is_measured_to_a_cent(cents: float) -> None:
    assert measure_tuning(_note(57 + cents / 100), RATE, 57) == pytest.approx(cents, abs=1.0)


def test_what_has_no_steady_pitch_has_no_tuning() -> None:
    rng = np.random.default_rng(0)
    assert measure_tuning(rng.normal(0, 0.1, RATE).astype(np.float32), RATE, 57) is None
    assert measure_tuning(np.zeros(RATE, np.float32), RATE, 57) is None
    time_s = np.arange(RATE) / RATE
    glide = np.sin(2 * np.pi * np.cumsum(220 * 2 ** (3 * time_s / 12)) / RATE).astype(np.float32)
    assert measure_tuning(glide, RATE, 57) is None
    assert make_note_file(glide, RATE, None, OutputSettings()).facts["tuning_cents"] is None


@pytest.mark.parametrize(("bits", "subtype"), [(16, "PCM_16"), (24, "PCM_24"), (32, "FLOAT")])
def test_depths(bits: int, subtype: str) -> None:
    settings = OutputSettings(bits=bits)  # type: ignore[arg-type]
    made = make_note_file(_note(), RATE, 57, settings)
    assert soundfile.info(io.BytesIO(made.data)).subtype == subtype
    error = _read(made)[0] - _note()
    assert np.abs(error).max() <= {16: 1.5 / 2**15, 24: 1.5 / 2**23, 32: 1e-7}[bits]


def test_dither_keeps_what_rounding_would_lose() -> None:
    """A tone of a third of a step vanishes by rounding; with dither its mean over many takes is there."""
    quiet = (np.sin(2 * np.pi * np.arange(441) / 441) / 3 / 2**15).astype(np.float32)
    takes = [soundfile.read(io.BytesIO(encode(quiet, RATE, 16, (seed,))))[0] for seed in range(400)]
    np.testing.assert_allclose(np.mean(takes, axis=0), quiet, atol=0.2 / 2**15)
    noise = np.mean([np.var(take - quiet) for take in takes]) * 2**30
    assert noise == pytest.approx(0.25, abs=0.01), "triangular dither and rounding: a quarter of a step²"


def test_level_is_reached_or_said_to_be_missed() -> None:
    made = make_note_file(_note(), RATE, 57, OutputSettings(level="lufs:-23"))
    assert made.facts["loudness_lufs"] == pytest.approx(-23, abs=0.02)
    assert made.facts["held_back_db"] == 0.0
    loud = make_note_file(_note(), RATE, 57, OutputSettings(level="lufs:-3"))
    assert np.abs(_read(loud)[0]).max() == pytest.approx(0.97, abs=0.001)
    assert loud.facts["held_back_db"] == pytest.approx(-3 - loud.facts["loudness_lufs"], abs=0.05)


@pytest.mark.parametrize("rate", [22_050, 48_000, 96_000])
def test_other_sample_rates(rate: int) -> None:
    made = make_note_file(_note(), RATE, 57, OutputSettings(sample_rate=rate, looped=True))
    samples, written_rate = _read(made)
    assert written_rate == rate
    assert len(samples) / rate == pytest.approx(1.5, abs=0.001)
    assert measure_tuning(samples.astype(np.float32), rate, 57) == pytest.approx(0, abs=1)
    assert made.facts["loop"]["end"] < len(samples)


def test_same_note_same_bytes_other_seed_other_dither() -> None:
    settings = OutputSettings(bits=16, looped=True)
    one, two, other = (make_note_file(_note(), RATE, 57, settings, seed=seed) for seed in (0, 0, 1))
    assert one == two
    assert one.data != other.data


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_chunks_tell_a_sampler_root_key_tuning_and_loop(bits: int) -> None:
    settings = OutputSettings(bits=bits, looped=True)  # type: ignore[arg-type]
    made = make_note_file(_note(57.1), RATE, 57, settings, description="violin")
    found = dict(chunks(made.data))
    assert next(iter(found)) == b"bext"
    assert b"PEAK" not in found, "it would say when the file was written"
    assert len(made.data) % 2 == 0
    assert struct.unpack_from("<I", made.data, 4)[0] == len(made.data) - 8
    smpl = struct.unpack("<15I", found[b"smpl"])
    assert smpl[2] == round(1e9 / RATE)
    assert smpl[3] + smpl[4] / 2**32 == pytest.approx(57 + made.facts["tuning_cents"] / 100, abs=1e-4)
    loop = made.facts["loop"]
    assert smpl[7] == 1
    assert smpl[9:] == (0, 0, loop["start"], loop["end"], 0, 0)
    assert struct.unpack("<BbbBBBB", found[b"inst"]) == (57, -10, 0, 0, 127, 1, 127)
    assert found[b"bext"].startswith(b"violin\0")


@pytest.mark.parametrize("cents", [-48.0, -10.0, -2.0, 0.0, 7.5, 40.0])
def test_a_reader_of_one_chunk_is_off_by_no_more_than_the_note_itself(cents: float) -> None:
    """Whether it reads the fraction of `smpl` or ignores it; `inst` has all of a flat note's tuning."""
    made = make_note_file(_note(57 + cents / 100), RATE, 57, OutputSettings())
    found = dict(chunks(made.data))
    key, fraction = struct.unpack_from("<II", found[b"smpl"], 12)
    sounding = 57 + made.facts["tuning_cents"] / 100
    assert key == 57
    for told in (key, key + fraction / 2**32):
        assert abs(100 * (sounding - told)) <= abs(made.facts["tuning_cents"]) + 0.01
    inst_key, correction = struct.unpack_from("<Bb", found[b"inst"])
    assert 100 * sounding + correction == pytest.approx(100 * inst_key, abs=0.6)


def test_a_note_that_cannot_be_held_gets_no_loop() -> None:
    settings = OutputSettings(looped=True)
    assert make_note_file(_note(), RATE, 57, settings, held=False).facts["loop"] is None
    assert make_note_file(_note(), RATE, 57, settings).facts["loop"] is not None


def test_silence_is_a_file_too() -> None:
    made = make_note_file(np.zeros(4410, np.float32), RATE, 57, OutputSettings(level="lufs:-23", looped=True))
    assert made.facts["loudness_lufs"] is None
    assert np.abs(_read(made)[0]).max() <= 1 / 2**23


@pytest.mark.parametrize("rate", [0, 100, 1_000_000])
def test_sample_rates_that_nobody_plays_are_refused(rate: int) -> None:
    with pytest.raises(InputError, match="give one from 8000 to 192000 Hz"):
        OutputSettings(sample_rate=rate)
