"""The whole way as a person types it: recordings, NoteBank, training, model, notes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

import aae.evaluation.run
from aae.cli.app import main
from aae.evaluation.judges.progress import StageProgress
from aae.evaluation.measures.settings import EvaluationSettings
from aae.evaluation.run import Evaluated
from aae.model.model_file import read_info
from mcnn.network.config import McnnConfig, SourceFilterConfig
from mcnn.network.inverter_file import InverterFileInfo, build_inverter, save_inverter
from tests.support.toy_bank import INSTRUMENTS, write_toy_bank

CLARIOLIN = Path(sys.executable).with_name("clariolin")
SMALL = [
    "model.encoder_width=8",
    "model.decoder_width=8",
    "model.decoder_blocks=1",
    "model.style_width=8",
    "training.batch_size=8",
    "training.fewest_steps=1",
    "training.epochs=1",
    "training.precision=32-true",
]


def _train(notes: Path, run: Path, *others: str) -> int:
    settings = [part for setting in SMALL for part in ("--set", setting)]
    return main(["train", str(notes), "--out", str(run), "--device", "cpu", *settings, *others])


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_bank(tmp_path_factory.mktemp("toy") / "notes.h5")


@pytest.fixture(scope="module")
def model(notes: Path) -> Path:
    """A model trained through the command line."""
    assert _train(notes, notes.parent / "run") == 0
    return notes.parent / "run" / "model.safetensors"


def test_build_then_info(
    philharmonia_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "notes.h5"
    build = ["dataset", "build", str(philharmonia_folder), "--format", "philharmonia", "--out", str(out)]
    assert main([*build, "--limit", "12", "--workers", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["recordings"] == 12
    assert report["notes"] + sum(report["skipped"].values()) == 12
    assert main(["dataset", "info", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["notes"] == report["notes"]
    assert sum(label["notes"] for label in summary["attributes"]["instrument"].values()) == summary["notes"]
    assert sum(row["notes"] for row in summary["combinations"]) == summary["notes"]
    assert main([*build, "--limit", "12", "--workers", "1"]) == 0
    assert "was there already" in capsys.readouterr().out


def test_info_of_a_bank_in_words(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "info", str(notes)]) == 0
    said = capsys.readouterr().out
    assert "60 notes" in said
    assert "A3 to E5" in said


def test_build_refuses_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "notes.h5"
    assert main(["dataset", "build", str(tmp_path), "--format", "mp4", "--out", str(out)]) == 2
    assert "'mp4' is no known format" in capsys.readouterr().err
    assert main(["dataset", "info", str(tmp_path / "missing.h5")]) == 2
    assert "missing.h5" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_model_says_what_it_knows(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(model), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert tuple(facts["attributes"]["instrument"]) == INSTRUMENTS
    assert facts["attributes"]["instrument"]["bright"]["low"] >= 57
    assert facts["latent_size"] == 3
    assert main(["info", str(model)]) == 0
    assert "--instrument" in capsys.readouterr().out


def test_training_again_continues(model: Path, notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _train(notes, model.parent) == 0
    assert "continued at step" in capsys.readouterr().out
    assert _train(notes, model.parent, "--set", "training.seed=5") == 2
    assert "another run" in capsys.readouterr().err


def test_a_training_can_be_followed_by_a_program(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(notes, tmp_path / "run", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["started", "validated", "finished"]
    assert events[0]["n_train"] == 48
    assert events[1]["metrics"]["validation/mean_error_db"] > 0
    assert events[2]["model_path"] == str(tmp_path / "run" / "model.safetensors")
    assert (tmp_path / "run" / "preview.png").is_file()


def test_training_refuses_bad_settings(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for others in (["--preset", "nonsense"], ["--set", "model.depth=3"], ["--set", "nonsense"]):
        assert _train(notes, tmp_path / "run", *others) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "nonsense" in line or "depth" in line
    assert not (tmp_path / "run").exists()


def test_a_process_and_a_call_make_the_same_bytes(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["render", "--model", str(model), "--instrument", "bright:0.5,dark:0.5"]
    command += ["--dynamics", "forte", "--notes", "A3,C4", "--out"]
    done = subprocess.run([CLARIOLIN, *command, "one"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 notes")
    one = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert sorted(one) == [
        "bright0.5-dark0.5_A3_forte_v1.wav",
        "bright0.5-dark0.5_C4_forte_v1.wav",
        "manifest.jsonl",
    ]
    assert main([*command, "two"]) == 0
    assert one == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    waveform, sample_rate = soundfile.read(tmp_path / "one" / "bright0.5-dark0.5_A3_forte_v1.wav")
    assert sample_rate == 16_000
    assert 0.0 < abs(waveform).max() < 1.0
    assert abs(waveform[-1]) < 1e-3


def test_bench_prints_one_json_object(model: Path, notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(model), "--notes", str(notes), "--quick", "--count", "2", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["sound_of"] == "held-out notes of notes.h5"
    assert measured["live"] == "rtpghi"
    assert measured["recordings"]["n_notes"] == 2
    assert [row["method"] for row in measured["recordings"]["rows"]] == [
        "griffin-lim 32",
        "griffin-lim 100",
        "librosa 32",
        "librosa 100",
        "rtpghi",
        "pghi",
        "mcnn-published",
    ]
    assert measured["recordings"]["rows"][-1]["spectral_convergence"] is None
    assert [row["method"] for row in measured["decoded"]["rows"]][-2:] == ["rtpghi", "recordings"]
    assert measured["latency"] is None
    assert "rtpghi stands in for it" in measured["notices"][0]


def test_bench_pictures_want_recordings(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(model), "--pictures", str(tmp_path / "new")]) == 2
    assert "give the NoteBank that they are in as --notes" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_bench_takes_inverter_files(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    front_end = read_info(model).spectrogram
    shapes: dict[str, SourceFilterConfig | McnnConfig] = {
        "own": SourceFilterConfig(width=8, blocks=1, head_width=8),
        "old": McnnConfig(heads=2, layers=4),
    }
    files = []
    for name, shape in shapes.items():
        path = tmp_path / f"{name}.safetensors"
        info = InverterFileInfo(shape=shape, provenance={}, spectrogram=front_end)
        save_inverter(path, info, build_inverter(shape, front_end))
        files += ["--inverter-file", str(path)]
    assert main(["bench", str(model), "--quick", "--count", "1", *files]) == 0
    said = capsys.readouterr().out
    assert "Inversion of log-mels, notes that model.safetensors made: one note" in said
    assert "mcnn beside griffin-lim 100 (one note): spectral convergence" in said
    assert "mcnn beside librosa 100 (one note): spectral convergence" in said
    assert "a block of 16 voices" in said
    assert "without --notes there are no recordings" in said
    assert "untrained" not in said
    assert main(["bench", str(model), "--inverter-file", str(model)]) == 2
    assert "not one of clariolin's inverter files" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
def test_evaluate_shows_progress_and_targets(
    as_json: bool,
    model: Path,
    notes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = {"what": "in tune", "inverter": "rtpghi", "aim": 0.99, "at_least": True, "unit": "share"}
    report = {
        "targets": [{**target, "measured": 0.975, "real": float("nan"), "met": False}],
        "reconstruction": {"all": {"log_spectral_distance_db": 7.5, "spectral_convergence_db": float("nan")}},
    }

    def measured(*arguments: object) -> Iterator[StageProgress | Evaluated]:
        settings = EvaluationSettings.quick(3, 24)
        assert arguments == (model, notes, tmp_path, settings, ["rtpghi"], False)
        yield StageProgress("judging new notes", 1, 2)
        yield Evaluated(report, tmp_path)

    monkeypatch.setattr(aae.evaluation.run, "evaluate", measured)
    command = ["evaluate", str(model), str(notes), "--out", str(tmp_path), "--seed", "3", "--quick"]
    command += ["--inverter", "rtpghi", "--without-originals"]
    assert main([*command, *(["--json"] if as_json else [])]) == 0
    said = capsys.readouterr().out
    if as_json:
        assert json.loads(said)["reconstruction"]["all"]["spectral_convergence_db"] is None
    else:
        assert "97.5 %" in said
        assert "short" in said
        assert "7.5 dB log-spectral distance" in said


def test_evaluate_asks_for_what_is_missing(
    model: Path, notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "report")]
    for files, expected in (
        ([notes], "takes a model file and a NoteBank, 1 files"),
        ([model, model, notes], "--compare takes more"),
        (["--compare", model, notes], "--compare takes two model files or more"),
    ):
        assert main(["evaluate", *map(str, files), *out]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert expected in line
    assert not (tmp_path / "report").exists()


def test_truncated_model_is_refused(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(model.read_bytes()[:-100])
    assert main(["render", "--model", str(cut), "--notes", "C4", "--out", str(tmp_path / "set")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "truncated" in line
    assert not (tmp_path / "set").exists()
