"""`clariolin render` as typed: formats, depths, levels, scores, JSON; contradictions; failing disks."""

import json
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from aae.cli.app import main
from aae.cli.console import CHECKOUT
from aae.rendering.manifest import MANIFEST, read_manifest
from aae.rendering.note_renderers import ProcessPoolRenderer, choose_renderer
from aae.rendering.note_task import SerialRenderer, is_sustained
from aae.rendering.plan import NEARBY
from aae.rendering.score import read_score
from aae.synthesis.synthesizer import Synthesizer
from tests.support.fake_synthesizer import INFO, FakeSynthesizer, fake_synthesizer


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


@pytest.mark.parametrize(
    ("format", "file"),
    [("sfz", "violin.sfz"), ("decent-sampler", "violin.dspreset"), ("dslibrary", "violin.dslibrary")],
)
def test_every_format_has_its_file_and_is_continued(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str, file: str
) -> None:
    out = tmp_path / "set"
    for _ in range(2):
        assert _render(model, out, "--notes", "C4,E4", "--format", format) == 0
        assert f"{out}/{file}, {out}/{MANIFEST}" in capsys.readouterr().out
        (out / file).unlink()
    assert _render(model, out, "--notes", "C4,E4", "--format", format) == 0
    assert (out / file).stat().st_size > 100


def test_a_set_that_is_whole_needs_no_weights(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, inverter: str) -> Synthesizer:
        raise AssertionError(f"{path} was opened")

    assert _render(model, tmp_path / "set", "--notes", "C4,E4") == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    monkeypatch.setattr(Synthesizer, "open", refuse)
    assert _render(model, tmp_path / "set", "--notes", "C4,E4") == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()} == before


def test_instruments_are_matched_and_looped_and_plain_files_are_as_they_came(
    model: Path, tmp_path: Path
) -> None:
    assert _render(model, tmp_path / "wav", "--notes", "C4") == 0
    assert _render(model, tmp_path / "sfz", "--notes", "C4", "--format", "sfz") == 0
    (plain,), (mapped,) = read_manifest(tmp_path / "wav"), read_manifest(tmp_path / "sfz")
    assert (plain["level"], plain["looped"], plain["gain_db"]) == ("natural", False, 0.0)
    assert (mapped["level"], mapped["looped"]) == ("lufs:-23", True)
    assert mapped["loudness_lufs"] == pytest.approx(-23, abs=0.05)
    assert mapped["loop"] is None, "the stand-in's notes ring out"


def test_round_robins_lie_near_each_other(model: Path, tmp_path: Path) -> None:
    for format in ("wav", "sfz"):
        options = ["--notes", "C4", "--variations", "3", "--format", format]
        assert _render(model, tmp_path / format, *options) == 0
    far, near = ([row["latent"] for row in read_manifest(tmp_path / format)] for format in ("wav", "sfz"))
    assert near[0] == far[0] == list(fake_synthesizer().info.random_latent(0))
    for index in (1, 2):
        offsets = [b - a for a, b in zip(near[0], near[index], strict=True)]
        assert offsets == pytest.approx([NEARBY * drawn for drawn in far[index]])


def test_depth_and_rate(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--notes", "C4", "--bits", "32", "--sample-rate", "48000", "--contact-sheet"]
    assert _render(model, tmp_path / "set", *options) == 0
    assert "(32 bit float, 48 kHz)" in capsys.readouterr().out
    (path,) = (tmp_path / "set").glob("*.wav")
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate) == ("FLOAT", 48_000)
    assert (tmp_path / "set" / "contact-sheet.png").exists()


def test_json_is_one_object(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _render(model, tmp_path / "set", "--notes", "C4,E4", "--format", "sf2", "--json") == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (said["notes"], said["made_before"], said["presets"]) == (2, 0, ["violin"])
    assert said["looped_notes"] == 0
    assert said["loop_seam_worst_db"] is None
    assert f"{tmp_path / 'set'}/violin.sf2" in said["also"]


def test_peaks_that_hold_notes_back_are_said(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _render(model, tmp_path / "set", "--notes", "C4", "--level", "rms:-1") == 0
    said = capsys.readouterr().out
    assert re.search(r"Level: rms:-1, but for 1 note whose peaks allow less, by up to \d", said)


TWO_LAYERS = ["--dynamics", "forte", "--dynamics", "piano"]
SCORE = """
format = "sfz"
[[job]]
name = "both"
instrument = ["violin", "cello"]
notes = "C4"
[[job]]
name = "low"
instrument = "cello"
technique = "pizz-normal"
notes = "C3"
[[job]]
name = "low"
instrument = "cello"
notes = "E3"
"""


def test_a_score_makes_its_instruments(model: Path, tmp_path: Path) -> None:
    score = tmp_path / "orchestra.toml"
    score.write_text(SCORE)
    out = tmp_path / "set"
    assert _render(model, out, "--score", str(score)) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "both_cello.sfz", "both_cello_C4_v1.wav", "both_violin.sfz", "both_violin_C4_v1.wav", "low.sfz",
        "low_C3_pizz-normal_v1.wav", "low_E3_v1.wav", MANIFEST,
    ]  # fmt: skip
    assert (out / "low.sfz").read_text().count("sw_label=") == 2, "jobs of one name are one instrument"


def test_the_readme_s_score_can_be_read(tmp_path: Path) -> None:
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?\[\[job\]\].*?)```", readme, re.DOTALL)
    path = tmp_path / "orchestra.toml"
    path.write_text(example)
    score = read_score(path)
    assert (score.format, len(score.job)) == ("sf2", 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Missing option '--notes'"),
        (["--notes", "C4", "--score", "x.toml"], "--notes and --score exclude each other"),
        (["--score", "x.toml", "--seed", "3"], "beside --score: the file says what to render"),
        (["--score", "none.toml"], "none.toml cannot be read as a score: No such file"),
        (["--from", "none.jsonl"], "none.jsonl cannot be read as a manifest"),
        (["--notes", "C4", "--bits", "12"], "'12' is not one of '16', '24', '32'"),
        (["--notes", "C4", "--level", "loud"], "level 'loud' is not natural, lufs:-23 or rms:-20"),
        (["--notes", "C4", "--sample-rate", "10"], "give one from 8000 to 192000 Hz"),
        (
            ["--notes", "C0-B8", "--variations", "1000", *["--dynamics", "forte"] * 2],
            "216000 notes are too many",
        ),
        (["--notes", "C4", "--workers", "0"], "'--workers'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert _render(model, tmp_path / "set", *options) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert message in line
    assert not (tmp_path / "set").exists()


def test_a_foreign_instrument_is_never_replaced(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    out.mkdir()
    (out / "violin.sfz").write_text("mine")
    assert _render(model, out, "--notes", "C4", "--format", "sfz") == 2
    assert f"holds a violin.sfz but no {MANIFEST}" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["violin.sfz"]
    assert (out / "violin.sfz").read_text() == "mine"


def test_another_format_is_another_set(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _render(model, tmp_path / "set", "--notes", "C4", "--format", "sfz") == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    assert _render(model, tmp_path / "set", "--notes", "C4", "--format", "sf2") == 2
    assert "there has format sfz, here sf2): give another folder" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()} == before


@contextmanager
def _files_of_at_most(n_bytes: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_disk_that_fills_up_under_the_instrument(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--notes", "C4-F4", "--format", "sf2"]
    with _files_of_at_most(100_000):
        assert _render(model, tmp_path / "set", *options) == 1
    assert "violin.sf2: File too large; all notes are whole" in capsys.readouterr().err
    assert len(list((tmp_path / "set").iterdir())) == 6 + 1
    assert _render(model, tmp_path / "set", *options) == 0
    assert "6 of them made before" in capsys.readouterr().out
    assert (tmp_path / "set" / "violin.sf2").exists()


def test_who_makes_a_set(model: Path) -> None:
    synthesizer = fake_synthesizer()
    assert isinstance(choose_renderer(synthesizer, model, "pghi", 5, None), SerialRenderer)
    assert isinstance(choose_renderer(synthesizer, model, "pghi", 5, 2), ProcessPoolRenderer)
    assert isinstance(choose_renderer(synthesizer, model, "pghi", 1, 8), SerialRenderer)
    assert isinstance(choose_renderer(synthesizer, model, "pghi", 500, 1), SerialRenderer)


@pytest.mark.parametrize(
    ("technique", "held"),
    [
        ("arco-normal", True),
        ("tremolo", True),
        ("pizz-normal", False),
        ("Staccato", False),
        ("glissando", False),
    ],
)
def test_which_techniques_can_be_held(technique: str, held: bool) -> None:
    assert is_sustained({technique: 1.0, "normal": 0.4}) is held
    assert is_sustained({})
