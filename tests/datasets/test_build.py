import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aae.notes.bank import NOT_GIVEN, UNPITCHED, NoteBank, Split
from datasets import assemble, shards
from datasets.assemble import split_of
from datasets.build import build
from datasets.plan import BuildSettings
from datasets.reading.recording import SkipReason
from datasets.report import BuildEvent, BuildFinished, BuildProgress, BuildReport
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.synth import recording, silence, tone, write_philharmonia, write_table, write_wav

SMALL = SpectrogramConfig(n_fft=2048, n_mels=32)


def finish(events: list[BuildEvent]) -> BuildFinished:
    last = events[-1]
    assert isinstance(last, BuildFinished)
    return last


def built(source: Path, format: str, out: Path, **settings: Any) -> BuildReport:
    return finish(list(build(source, format, out, BuildSettings(config=SMALL, **settings), workers=1))).report


@pytest.fixture(scope="module")
def messy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine good notes of one technique, and one recording of every kind that is no note."""
    folder = tmp_path_factory.mktemp("messy") / "library"
    notes = ("C4", "Cs4", "D4", "Ds4", "E4", "F4", "Fs4", "G4", "Gs4")
    write_philharmonia(folder, ("flute",), notes, ("forte",), ("normal",), 0.2)
    note = recording(tone(440.0, 0.2))
    write_wav(folder / "flute_A4_05_piano_normal.wav", recording(silence(0.3)))
    write_wav(
        folder / "flute_As4_05_piano_normal.wav",
        recording(tone(4000.0, 0.005, attack_s=0.001, release_s=0.001, noise=0.0)),
    )
    write_wav(folder / "flute_A4_phrase_piano_normal.wav", note)
    write_wav(folder / "flute_A4_05_loud_normal.wav", note)
    write_wav(folder / "flute_B4_05_piano_normal.wav", recording(tone(440.0, 0.3)))
    write_wav(folder / "flute_A4_05_forte_slap.wav", note)
    write_wav(folder / "gong__05_forte_struck.wav", recording(tone(100.0, 0.2)))
    (folder / "flute_A4_05_pianissimo_normal.wav").write_text("no audio")
    shutil.copy(folder / "flute/flute_C4_05_forte_normal.wav", folder / "flute_C4_1_forte_normal.wav")
    shutil.copy(folder / "flute/flute_D4_05_forte_normal.wav", folder / "flute_D4_05_forte_normal.wav")
    return folder


def test_a_folder_whose_name_is_no_label_is_left_out_and_the_others_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "my\nlibrary"
    for number, folder in enumerate(("flute", "弦楽器", "a\x1b[31m", "x\n<region> sample=y")):
        write_wav(source / folder / "A4.wav", recording(tone(440.0, 0.2 + 0.05 * number)))
    report = built(source, "folder", tmp_path / "notes.h5")
    reasons = [(skip.reason, skip.detail) for skip in report.skips]
    assert [reason for reason, _ in reasons] == [SkipReason.TAG] * 2
    assert any("it holds an escape character" in detail for _, detail in reasons)
    assert all(detail.isprintable() for _, detail in reasons)
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert bank.attributes["instrument"] == ("flute", "弦楽器")


def test_every_recording_is_accounted_for(messy_folder: Path, tmp_path: Path) -> None:
    report = built(messy_folder, "philharmonia", tmp_path / "notes.h5", fewest=2)
    reasons = {skip.id: skip.reason for skip in report.skips}
    assert reasons == {
        "flute_A4_05_piano_normal.wav": SkipReason.SILENT,
        "flute_As4_05_piano_normal.wav": SkipReason.TOO_SHORT,
        "flute_A4_phrase_piano_normal.wav": SkipReason.PHRASE,
        "flute_A4_05_loud_normal.wav": SkipReason.TAG,
        "flute_B4_05_piano_normal.wav": SkipReason.WRONG_PITCH,
        "flute_A4_05_forte_slap.wav": SkipReason.RARE,
        "gong__05_forte_struck.wav": SkipReason.UNPITCHED,
        "flute_A4_05_pianissimo_normal.wav": SkipReason.UNREADABLE,
        "flute_C4_1_forte_normal.wav": SkipReason.DUPLICATE,
        "flute/flute_C4_05_forte_normal.wav": SkipReason.DUPLICATE,
        "flute_D4_05_forte_normal.wav": SkipReason.DUPLICATE,
    }
    assert report.n_notes == 8
    assert report.n_recordings == report.n_notes + len(report.skips) == 19
    assert sum(count for _reason, count, _example in report.rows()) == 11
    details = {skip.id: skip.detail for skip in report.skips}
    assert details["flute_B4_05_piano_normal.wav"].startswith("labelled B4, sounds A4")
    assert "under other labels" in details["flute_C4_1_forte_normal.wav"]
    assert details["flute_D4_05_forte_normal.wav"] == "same as flute/flute_D4_05_forte_normal.wav"
    assert json.loads(json.dumps(report.to_json()))["skipped"]["silent"] == 1
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert len(bank) == 8
        assert bank.ids == sorted(bank.ids)
        assert BuildReport.from_json(report.bank, bank.provenance["report"]) == report
        assert bank.attributes["technique"] == ("normal",)
        assert bank.provenance["source"] == "library"
        assert "Philharmonia" in bank.provenance["credits"]
    assert not (tmp_path / "notes.h5.building").exists()


def test_what_is_asked_for_goes_in(messy_folder: Path, tmp_path: Path) -> None:
    report = built(
        messy_folder, "philharmonia", tmp_path / "a.h5", unpitched=True, correct_pitch=True, fewest=1
    )
    assert not {SkipReason.UNPITCHED, SkipReason.WRONG_PITCH, SkipReason.RARE} & report.counts.keys()
    assert [note.id for note in report.corrections] == ["flute_B4_05_piano_normal.wav"]
    assert report.corrections[0].detail.startswith("labelled B4, sounds A4")
    with NoteBank.open(tmp_path / "a.h5") as bank:
        gong, corrected = (
            bank.ids.index("gong__05_forte_struck.wav"),
            bank.ids.index(report.corrections[0].id),
        )
        assert bank.midi_pitch[gong] == UNPITCHED
        assert np.isnan(bank.f0_cents(gong)).all()
        assert bank.midi_pitch[corrected] == 69
        assert abs(bank.tuning_cents[corrected]) < 2.0


def test_of_contradicting_copies_the_one_that_sounds_its_label_stays(tmp_path: Path) -> None:
    source = tmp_path / "library"
    write_wav(source / "flute_A4_05_piano_normal.wav", recording(tone(440.0, 0.3)))
    shutil.copy(source / "flute_A4_05_piano_normal.wav", source / "cello_A5_05_piano_normal.wav")
    for number, correct_pitch in enumerate((False, True)):
        out = tmp_path / f"{number}.h5"
        report = built(source, "philharmonia", out, correct_pitch=correct_pitch, fewest=1)
        assert [skip.id for skip in report.skips] == ["cello_A5_05_piano_normal.wav"]
        with NoteBank.open(out) as bank:
            assert bank.ids == ["flute_A4_05_piano_normal.wav"]


def test_a_bank_holds_what_the_front_end_makes_of_its_waveforms(bank: NoteBank) -> None:
    spectrogram = Spectrogram(bank.config)
    assert len(bank) == 72
    assert set(bank.split.tolist()) == {0, 1, 2}
    for index in range(0, len(bank), 9):
        expected = spectrogram(torch.from_numpy(bank.waveform(index))[None])[0].numpy()
        assert expected.shape == (bank.config.n_mels, bank.n_frames[index])
        assert np.abs(bank.log_mel(index) - expected).max() < 0.02
        assert np.abs(bank.tuning_cents[index]) < 2.0
        assert len(bank.f0_cents(index)) == bank.n_frames[index]


def test_forte_is_recorded_louder_than_piano(bank: NoteBank) -> None:
    dynamics = np.array(bank.attributes["dynamics"])[bank.labels["dynamics"]]
    difference = bank.level_db[dynamics == "forte"].mean() - bank.level_db[dynamics == "piano"].mean()
    assert difference == pytest.approx(20.0 * np.log10(4.0), abs=0.2)


@pytest.fixture(scope="module")
def whole_bank(philharmonia_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank that one process built without a break."""
    path = tmp_path_factory.mktemp("whole") / "notes.h5"
    built(philharmonia_folder, "philharmonia", path)
    return path


def test_a_killed_build_continues_and_ends_the_same_with_more_workers(
    philharmonia_folder: Path, whole_bank: Path, tmp_path: Path
) -> None:
    out = tmp_path / "notes.h5"
    script = (
        "import sys; from pathlib import Path; from datasets.build import build\n"
        "from datasets.plan import BuildSettings\n"
        "from mcnn.spectral.config import SpectrogramConfig\n"
        "if __name__ == '__main__':\n"
        "    settings = BuildSettings(config=SpectrogramConfig(n_fft=2048, n_mels=32))\n"
        "    for event in build(Path(sys.argv[1]), 'philharmonia', Path(sys.argv[2]), settings, workers=1):\n"
        "        sys.stdout.write(f'{event.done}\\n'); sys.stdout.flush()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(philharmonia_folder), str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as lines:
        while int(lines.readline()) == 0:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not out.exists()
    events = list(build(philharmonia_folder, "philharmonia", out, BuildSettings(config=SMALL), workers=2))
    first = events[0]
    assert isinstance(first, BuildProgress)
    assert first.resumed > 0
    assert out.read_bytes() == whole_bank.read_bytes()
    assert not (tmp_path / "notes.h5.building").exists()


@pytest.mark.parametrize("stop_after", [1, 2, 4])
def test_a_build_may_be_abandoned_at_any_event(
    stop_after: int, philharmonia_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "notes.h5"
    events = build(philharmonia_folder, "philharmonia", out, BuildSettings(limit=30, config=SMALL), workers=1)
    for _ in range(stop_after):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert not out.exists()
    assert built(philharmonia_folder, "philharmonia", out, limit=30).n_notes == 30


def test_progress_counts_every_recording(philharmonia_folder: Path, tmp_path: Path) -> None:
    events = list(
        build(
            philharmonia_folder, "philharmonia", tmp_path / "notes.h5", BuildSettings(config=SMALL), workers=1
        )
    )
    reading = [event for event in events if isinstance(event, BuildProgress) and event.stage == "reading"]
    writing = [event for event in events if isinstance(event, BuildProgress) and event.stage == "writing"]
    assert [event.done for event in reading] == [0, 24, 48, 72]
    assert writing[-1].done == writing[-1].total == 72


def test_a_finished_bank_is_not_built_again(
    philharmonia_folder: Path, whole_bank: Path, tmp_path: Path
) -> None:
    out = tmp_path / "notes.h5"
    shutil.copy(whole_bank, out)
    again = list(build(philharmonia_folder, "philharmonia", out, BuildSettings(config=SMALL), workers=1))
    with NoteBank.open(out) as bank:
        report = BuildReport.from_json(out, bank.provenance["report"])
    assert again == [BuildFinished(report, was_there=True)]
    assert built(philharmonia_folder, "philharmonia", out, limit=10).n_recordings == 10
    with NoteBank.open(out) as bank:
        assert len(bank) + len(bank.provenance["report"]["skips"]) == 10


def test_damaged_shards_and_leftovers_are_replaced(philharmonia_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "notes.h5"
    events = build(philharmonia_folder, "philharmonia", out, BuildSettings(limit=30, config=SMALL), workers=1)
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    build_dir = tmp_path / "notes.h5.building"
    (shard,) = build_dir.glob("*.npz")
    shard.write_bytes(shard.read_bytes()[:1000])
    (build_dir / ".bank.h5.1.partial").write_bytes(b"half")
    assert built(philharmonia_folder, "philharmonia", out, limit=30).n_notes == 30


def test_a_limit_is_spread_over_the_library(philharmonia_folder: Path, tmp_path: Path) -> None:
    built(philharmonia_folder, "philharmonia", tmp_path / "notes.h5", limit=24)
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert bank.attributes["instrument"] == ("clarinet", "flute", "violin")
    with pytest.raises(InputError, match="limit is 0"):
        built(philharmonia_folder, "philharmonia", tmp_path / "notes.h5", limit=0)


def test_a_folder_of_ones_own_is_measured_where_it_says_nothing(tmp_path: Path) -> None:
    source = tmp_path / "mine"
    write_wav(source / "a.wav", recording(tone(220.0, 0.4)))
    write_wav(source / "b.wav", recording(tone(261.63, 0.4)))
    write_wav(source / "c.wav", recording(np.random.default_rng(0).normal(0, 0.1, 20_000).astype(np.float32)))
    rows = [{"file": "a.wav", "note": "", "mood": "dark"}, {"file": "b.wav", "note": "C4"}, {"file": "c.wav"}]
    write_table(source, rows)
    report = built(source, "folder", tmp_path / "notes.h5")
    assert {skip.id: skip.reason for skip in report.skips} == {"c.wav": SkipReason.NO_PITCH}
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert bank.midi_pitch.tolist() == [57, 60]
        assert bank.labels["mood"].tolist() == [0, NOT_GIVEN]
    built(source, "folder", tmp_path / "all.h5", unpitched=True)
    with NoteBank.open(tmp_path / "all.h5") as bank:
        assert bank.midi_pitch.tolist() == [57, 60, UNPITCHED]


def test_takes_of_one_note_share_its_split() -> None:
    labels = {"instrument": "flute", "technique": "normal"}
    take_like = frozenset({"duration", "dynamics"})
    splits = [split_of({**labels, "dynamics": loudness}, 60, take_like) for loudness in ("piano", "forte")]
    assert splits[0] is splits[1] is split_of(labels, 60, take_like)
    many = [
        split_of({"instrument": str(number)}, pitch, take_like)
        for number in range(50)
        for pitch in range(100)
    ]
    assert np.bincount(many) / len(many) == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert split_of({"instrument": "violin"}, 69, take_like) is Split.TRAIN


def touched(path: Path) -> Path:
    path.touch()
    return path


@pytest.mark.parametrize(
    ("arrange", "said"),
    [
        (lambda path: (path / "nowhere", path / "notes.h5"), "there is nothing at"),
        (lambda path: (touched(path / "a.wav"), path / "notes.h5"), "is a single file"),
        (lambda path: (touched(path / "a.zip"), path / "notes.h5"), "recordings, unpacked"),
        (lambda path: (path, path), "is a folder"),
    ],
)
def test_bad_paths_are_refused(
    arrange: Callable[[Path], tuple[Path, Path]], said: str, tmp_path: Path
) -> None:
    source, out = arrange(tmp_path)
    with pytest.raises(InputError, match=said):
        list(build(source, "folder", out))


def test_a_library_without_a_single_note_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "in/C4.wav", silence(0.5))
    with pytest.raises(InputError, match=r"none of the 1 recordings.*1 silent"):
        built(tmp_path / "in", "folder", tmp_path / "notes.h5")
    assert not (tmp_path / "notes.h5").exists()


def test_a_place_that_cannot_be_is_refused(philharmonia_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write beside .*notes\.h5"):
        built(philharmonia_folder, "philharmonia", tmp_path / "file" / "notes.h5", limit=8)


@pytest.mark.parametrize("module", [shards, assemble])
def test_a_full_disk_is_one_clear_line(
    module: Any, philharmonia_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "atomic_path", no_space)
    out = tmp_path / "notes.h5"
    with pytest.raises(InputError, match="No space left on device"):
        built(philharmonia_folder, "philharmonia", out, limit=8)
    assert not out.exists()
