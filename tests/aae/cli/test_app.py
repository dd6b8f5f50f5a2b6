"""How commands end: exit status, one line on standard error, nothing written; and `render` as typed."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import aae.cli.console
from aae.cli.app import main
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from tests.support.fake_synthesizer import INFO, FakeSynthesizer


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model file whose synthesizer is the stand-in."""
    monkeypatch.setattr("aae.cli.render_options.read_info", lambda path: INFO)
    monkeypatch.setattr(Synthesizer, "open", lambda path, inverter: FakeSynthesizer())
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights")
    return path


def _render(model: Path, out: Path, *others: str) -> int:
    return main(["render", "--model", str(model), "--out", str(out), *others])


def _error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("clariolin: ")
    return line


def test_render_makes_files_manifest_and_sheet(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    options = ["--instrument", "violin:0.5,clarinet:0.5", "--technique", "normal", "--notes", "C3-D3"]
    assert _render(model, out, *options, "--variations", "2", "--seed", "3", "--contact-sheet") == 0
    rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [row["midi_pitch"] for row in rows] == [48, 48, 49, 49, 50, 50]
    assert {row["file"] for row in rows} | {"manifest.jsonl", "contact-sheet.png"} == {
        path.name for path in out.iterdir()
    }
    said = capsys.readouterr()
    assert said.out.startswith("6 notes, 3.0 s of sound: ")
    assert said.err == ""


def test_render_again_continues(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _render(model, tmp_path / "set", "--notes", "C4,E4") == 0
    assert _render(model, tmp_path / "set", "--notes", "C4,E4") == 0
    assert "2 notes, 1.0 s of sound, 2 of them made before" in capsys.readouterr().out


def test_notes_outside_what_was_trained_are_warned_of_and_rendered(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _render(model, tmp_path / "set", "--notes", "B2,C3,C#6") == 0
    assert capsys.readouterr().err == (
        "warning: forte, violin, normal was trained from C3 to C6: 2 of 3 notes are a guess\n"
    )
    assert _render(model, tmp_path / "other", "--notes", "C4", "--technique", "pizz-normal") == 0
    assert "was not in the training data: 1 of 1 notes" in capsys.readouterr().err
    assert len(list((tmp_path / "other").glob("*.wav"))) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--notes", "H4"], "'H4' is not a note"),
        (["--notes", "C4-C3"], "runs downwards"),
        (["--notes", "C-1"], "MIDI note 0 is outside C0 to B8"),
        (["--notes", "C4", "--instrument", "chello"], "no instrument 'chello'; did you mean cello?"),
        (["--notes", "C4", "--instrument", "violin:-1"], "weights are 0 or more"),
        (["--notes", "C4", "--instrument", "violin:0"], "all weights of instrument are 0"),
        (["--notes", "C4", "--instrumnt", "cello"], "did you mean --instrument?"),
        (["--notes", "C4", "--latent", "1,2"], "a latent of this model is 3 finite numbers"),
        (["--notes", "C4", "--latent", "1,x,2"], "is not a list of numbers"),
        (["--notes", "C4", "--variations", "0"], "'--variations'"),
        (["--notes", "C4", "--seed", "-1"], "'--seed'"),
        (["--notes", "C4", "--format", "flac"], "'flac' is not one of 'wav'"),
        (["--notes", "C4", "--inverter", "magic"], "'magic' is not one of 'griffin-lim'"),
        ([], "Missing option '--notes'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert _render(model, tmp_path / "set", *options) == 2
    assert message in _error(capsys)
    assert not (tmp_path / "set").exists()


def test_bad_model_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, message in [
        (None, "there is no model file at"),
        (b"RIFF....WAVE", "is truncated or is no model file"),
    ]:
        path = tmp_path / "model.safetensors"
        if content is not None:
            path.write_bytes(content)
        assert _render(path, tmp_path / "set", "--notes", "C4") == 2
        assert message in _error(capsys)
    assert not (tmp_path / "set").exists()


def test_folder_that_cannot_be_written(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _render(model, model, "--notes", "C4") == 2
    assert "give a folder that can be written" in _error(capsys)


def test_full_disk_is_one_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    assert _render(model, tmp_path / "set", "--notes", "C4") == 1
    line = _error(capsys)
    assert "_C4_v1.wav: No space left on device; the notes before it are whole" in line
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["manifest.jsonl"]


def _interrupt_at(monkeypatch: pytest.MonkeyPatch, midi_pitch: int, error: BaseException) -> None:
    sound = FakeSynthesizer.render

    def render(self: FakeSynthesizer, requests: Sequence[NoteRequest]) -> list[npt.NDArray[np.float32]]:
        if requests[0].midi_pitch == midi_pitch:
            raise error
        return sound(self, requests)

    monkeypatch.setattr(FakeSynthesizer, "render", render)


def test_interrupted_render_keeps_what_is_whole(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _interrupt_at(patched, 62, KeyboardInterrupt())
        assert _render(model, tmp_path / "set", "--notes", "C4-E4") == 130
    assert "interrupted; what is whole stays" in _error(capsys)
    assert len(list((tmp_path / "set").glob("*.wav"))) == 2
    assert _render(model, tmp_path / "set", "--notes", "C4-E4") == 0
    assert "5 notes, 2.5 s of sound, 2 of them made before" in capsys.readouterr().out


def test_the_unexpected_is_one_line_and_a_trace_on_demand(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLARIOLIN_DEBUG", raising=False)
    _interrupt_at(monkeypatch, 60, RuntimeError("two\nlines"))
    assert _render(model, tmp_path / "set", "--notes", "C4") == 1
    assert _error(capsys) == "clariolin: unexpected RuntimeError: two lines (--debug shows where)"
    assert _render(model, tmp_path / "set", "--notes", "C4", "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        ([], 0, "Commands:"),
        (["--help"], 0, "render"),
        (["--version"], 0, "clariolin 0."),
        (["render", "--help"], 0, "Every attribute of the model is an option"),
        (["dataset", "--help"], 0, "build"),
    ],
)
def test_help(arguments: list[str], status: int, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == status
    assert word in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["frobnicate"], ["dataset"], ["--nonsense"]])
def test_unknown_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    _error(capsys)


def test_info_of_the_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert facts["python"].split(".")[0] == str(sys.version_info.major)
    assert "cpu" in facts["devices"]
    assert main(["info"]) == 0
    assert f"Clariolin {facts['version']}" in capsys.readouterr().out


def test_another_datasets_package_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name == "datasets" or name.startswith("datasets.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["dataset", "info", "notes.h5"]) == 2
    assert "another package named 'datasets'" in _error(capsys)
    assert main(["info"]) == 0
    assert "warning: another package named 'datasets'" in capsys.readouterr().err
    with pytest.raises(InputError, match="environment of its own"):
        aae.cli.console.require_own_datasets()


def test_readme_names_commands_and_options_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    attributes = {"--instrument", "--technique", "--dynamics", "--duration"}
    readme = (aae.cli.console.CHECKOUT / "README.md").read_text("utf-8")
    typed = re.findall(
        r"clariolin ((?:render|train|evaluate|info|bench|dataset (?:build|info|merge|split))\b[^`\n]*)",
        readme,
    )
    assert len(typed) > 6
    for line in typed:
        words = line.split()
        command = words[:2] if words[0] == "dataset" else words[:1]
        assert main([*command, "--help"]) == 0
        options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) | attributes
        assert {word for word in words if word.startswith("--")} <= options, line
