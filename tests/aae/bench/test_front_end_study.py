from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from aae.bench.front_end_study import main, read_notes, study, table_line
from tests.support.synth import recording, silence, tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, f0_hz, attack_s in (("low/a", 55.0, 0.02), ("high/b", 440.0, 0.001), ("high/c", 330.0, 0.1)):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, recording(tone(f0_hz, 0.8, attack_s=attack_s)), 44_100)
    soundfile.write(tmp_path / "low" / "silent.wav", silence(1.0), 44_100)
    (tmp_path / "low" / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "readme.txt").write_text("not a sound")
    return tmp_path


def test_what_can_be_used_is_read(folder: Path) -> None:
    notes = read_notes(folder, 3)
    assert sorted(note.f0_hz for note in notes) == pytest.approx([55.0, 330.0, 440.0], rel=5e-3)
    assert sorted(note.is_sharp for note in notes) == [False, True, True]
    for note in notes:
        quiet, loud = np.abs(note.waveform[:1000]).max(), np.abs(note.waveform).max()
        assert quiet < 0.1 * loud


def test_one_front_end_keeps_a_note(folder: Path) -> None:
    (row,) = study(read_notes(folder, 3), [(4096, 512, 512)])
    assert row.values_per_s == pytest.approx(44_100)
    assert row.spectral_convergence_db < -20
    assert row.low_pitch_cents < 2
    assert row.other_pitch_cents < 2
    assert table_line(row).startswith("| 4096 / 512 / 512 | -")


def test_the_table_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aae.bench.front_end_study.CANDIDATES", ((2048, 512, 256),))
    n_threads = torch.get_num_threads()
    main(folder, 3)
    torch.set_num_threads(n_threads)
    assert "3 notes, 1 low and 2 other" in capsys.readouterr().out
