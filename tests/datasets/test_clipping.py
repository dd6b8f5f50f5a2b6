import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from aae.analysis.recording_file import read_mono
from aae.cli.app import main
from aae.notes.bank import CLIPPING_UNKNOWN, NoteBank
from datasets.banks import BanksFinished, merge, split_by
from datasets.build import build
from datasets.plan import BuildSettings
from datasets.report import BuildFinished, BuildReport
from mcnn.spectral.config import SpectrogramConfig
from tests.support.libraries import write_soundfont
from tests.support.synth import SAMPLE_RATE, tone

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)


def sine(frequency_hz: float, amplitude: float, rate: int = SAMPLE_RATE) -> npt.NDArray[np.float64]:
    """One second of a sine, cut off at full scale."""
    wave = amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(rate) / rate + 0.3)
    return np.clip(wave, -1.0, 1.0)


def clipped(path: Path, wave: npt.NDArray[np.floating], subtype: str, rate: int = SAMPLE_RATE) -> int:
    """What is counted in a file of that wave."""
    soundfile.write(path, wave, rate, subtype=subtype)
    return read_mono(path, SAMPLE_RATE).clipped


@pytest.mark.parametrize(
    ("suffix", "subtype", "slack"),
    [
        (".wav", "PCM_16", 0.01),
        (".wav", "PCM_24", 0.01),
        (".wav", "PCM_32", 0.01),
        (".wav", "PCM_U8", 0.05),
        (".wav", "FLOAT", 0.01),
        (".aiff", "PCM_16", 0.01),
        (".flac", "PCM_16", 0.01),
        (".flac", "PCM_24", 0.01),
    ],
)
def test_of_a_sine_cut_off_the_part_above_full_scale_is_counted(
    suffix: str, subtype: str, slack: float, tmp_path: Path
) -> None:
    wave = sine(443.3, 1.25)
    share = 1.0 - 2.0 * np.arcsin(1.0 / 1.25) / np.pi
    counted = clipped(tmp_path / f"a{suffix}", wave, subtype)
    assert counted / SAMPLE_RATE == pytest.approx(share, abs=slack)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_U8", "FLOAT"])
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
@pytest.mark.parametrize("frequency_hz", [27.5, 440.0, 2000.0])
def test_a_wave_that_only_touches_full_scale_is_not_clipped(
    subtype: str, rate: int, frequency_hz: float, tmp_path: Path
) -> None:
    assert clipped(tmp_path / "a.wav", sine(frequency_hz, 1.0, rate), subtype, rate) == 0


def test_single_peaks_and_a_float_file_beyond_full_scale_are_not_clipped(tmp_path: Path) -> None:
    peaks = sine(440.0, 0.5)
    peaks[1000::500] = 1.0
    peaks[1001::500] = 1.0
    assert clipped(tmp_path / "a.wav", peaks, "PCM_16") == 0
    assert clipped(tmp_path / "b.wav", 3.0 * sine(440.0, 0.9), "FLOAT") == 0


def test_three_samples_in_a_row_are_enough_and_the_worst_channel_counts(tmp_path: Path) -> None:
    stereo = np.stack([sine(440.0, 0.5), sine(440.0, 0.5)], axis=1)
    stereo[1000:1003, 0] = -1.0
    stereo[2000:2005, 1] = 1.0
    stereo[3000:3004, 1] = -1.0
    assert clipped(tmp_path / "a.wav", stereo, "PCM_16") == 9
    assert clipped(tmp_path / "b.wav", stereo[:, :1], "PCM_16") == 3


@pytest.mark.parametrize(("suffix", "format"), [(".mp3", "MP3"), (".ogg", "OGG")])
def test_a_loss_does_not_hide_hard_clipping(suffix: str, format: str, tmp_path: Path) -> None:
    for amplitude, is_clipped in ((4.0, True), (0.8, False)):
        soundfile.write(tmp_path / f"a{suffix}", sine(441.0, amplitude), SAMPLE_RATE, format=format)
        assert (read_mono(tmp_path / f"a{suffix}", SAMPLE_RATE).clipped > 0) is is_clipped


def write_library(folder: Path) -> None:
    """Three clean notes and two that are clipped, E4 more than D4."""
    folder.mkdir(parents=True)
    for note, midi_pitch, gain in (("C4", 60, 0.8), ("D4", 62, 1.5), ("E4", 64, 3.0), ("F4", 65, 0.8)):
        wave = tone(440.0 * 2 ** ((midi_pitch - 69) / 12), 0.4, peak=gain)
        soundfile.write(folder / f"Flute {note}.wav", np.clip(wave, -1.0, 1.0), SAMPLE_RATE)


def built(source: Path, out: Path, *, skip_clipped: bool = False) -> BuildReport:
    (*_progress, last) = build(
        source, "folder", out, BuildSettings(skip_clipped=skip_clipped, config=SMALL), workers=1
    )
    assert isinstance(last, BuildFinished)
    return last.report


def test_a_build_tells_clipped_notes_and_a_merge_and_a_split_keep_it(tmp_path: Path) -> None:
    write_library(tmp_path / "flute")
    report = built(tmp_path / "flute", tmp_path / "notes.h5")
    assert list(report.clipped) == ["Flute E4.wav", "Flute D4.wav"]
    assert report.n_notes == 4
    write_library(tmp_path / "more/oboe")
    (tmp_path / "more/oboe/Flute D4.wav").unlink()
    built(tmp_path / "more", tmp_path / "more.h5")
    both = tmp_path / "both.h5"
    assert isinstance(list(merge([tmp_path / "notes.h5", tmp_path / "more.h5"], both))[-1], BanksFinished)
    list(split_by(both, "instrument", tmp_path / "parts"))
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        counts = dict(zip(bank.ids, bank.clipped.tolist(), strict=True))
    assert counts == {"Flute C4.wav": 0, "Flute F4.wav": 0, **report.clipped}
    with NoteBank.open(tmp_path / "parts/flute.h5") as bank:
        assert sorted(bank.clipped.tolist()) == sorted(counts.values())


def test_clipped_recordings_are_left_out_if_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_library(tmp_path / "flute")
    command = [
        "dataset",
        "build",
        str(tmp_path / "flute"),
        "--out",
        str(tmp_path / "notes.h5"),
        "--workers",
        "1",
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "2 of 4 notes are clipped" in said
    assert said.index("Flute E4.wav") < said.index("Flute D4.wav")
    assert main(["dataset", "info", str(tmp_path / "notes.h5"), "--json"]) == 0
    clipping = json.loads(capsys.readouterr().out)["clipping"]
    assert (clipping["notes"], clipping["unknown"]) == (2, 0)
    assert [row["note"] for row in clipping["worst"]] == ["Flute E4.wav", "Flute D4.wav"]
    assert main(["dataset", "info", str(tmp_path / "notes.h5")]) == 0
    assert "2 of 4 notes are clipped" in capsys.readouterr().out
    assert main([*command, "--skip-clipped", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["notes"], report["skipped"], report["clipped"]) == (2, {"clipped": 2}, [])


def test_of_a_rendered_note_it_is_not_known(tmp_path: Path) -> None:
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    write_soundfont(tmp_path)
    for _event in build(
        tmp_path / "tiny.sf2",
        "auto",
        tmp_path / "notes.h5",
        BuildSettings(limit=2, config=SMALL),
        workers=1,
    ):
        pass
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert set(bank.clipped.tolist()) == {CLIPPING_UNKNOWN}
