"""Making a set again from its manifest: what is read, what is refused, fuzzed rows."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aae.cli.app import main
from aae.rendering.manifest import MANIFEST, read_manifest
from aae.rendering.replay import read_recorded_set
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


@pytest.fixture
def rendered(model: Path, tmp_path: Path) -> Path:
    out = tmp_path / "set"
    options = "--notes C4,E4 --instrument violin:0.5,cello:0.7 --variations 2 --seed 3 --bits 16 --format sfz"
    assert main(["render", "--model", str(model), "--out", str(out), *options.split()]) == 0
    return out


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _again(model: Path, manifest: Path, out: Path, *others: str) -> int:
    return main(["render", "--model", str(model), "--from", str(manifest), "--out", str(out), *others])


def test_the_same_bytes_again(model: Path, rendered: Path, tmp_path: Path) -> None:
    assert _again(model, rendered / MANIFEST, tmp_path / "again") == 0
    assert _bytes(tmp_path / "again") == _bytes(rendered)


def test_a_part_of_a_set_and_a_last_line_without_end(model: Path, rendered: Path, tmp_path: Path) -> None:
    lines = (rendered / MANIFEST).read_text().splitlines()
    part = tmp_path / "part.jsonl"
    part.write_text("\n".join(lines[1:3]))
    assert _again(model, part, tmp_path / "again") == 0
    made = _bytes(tmp_path / "again")
    wavs = [name for name in made if name.endswith(".wav")]
    assert sorted(wavs) == sorted(json.loads(line)["file"] for line in lines[1:3])
    assert all(made[name] == _bytes(rendered)[name] for name in wavs)


def test_the_same_notes_written_otherwise(model: Path, rendered: Path, tmp_path: Path) -> None:
    others = ["--format", "sf2", "--bits", "24", "--sample-rate", "48000", "--level", "natural", "--no-loop"]
    assert _again(model, rendered / MANIFEST, tmp_path / "other", *others) == 0
    (before, after) = (read_manifest(folder)[0] for folder in (rendered, tmp_path / "other"))
    assert [after[key] for key in ("format", "bits", "sample_rate", "level", "looped")] == [
        "sf2", 24, 48_000, "natural", False,
    ]  # fmt: skip
    assert all(before[key] == after[key] for key in ("file", "mix", "latent", "seed", "preset"))


def test_another_model_is_refused(
    model: Path, rendered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.write_bytes(b"other weights")
    assert _again(model, rendered / MANIFEST, tmp_path / "again") == 2
    assert "was made by another model than" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--notes", "C4"], "--notes and --from exclude each other"),
        (["--instrument", "cello"], "--instrument beside --from: the file says what to render"),
        (["--variations", "2"], "beside --from"),
        (["--inverter", "pghi"], "--inverter beside --from: the manifest says which"),
    ],
)
def test_options_that_contradict_a_manifest(
    model: Path,
    rendered: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert _again(model, rendered / MANIFEST, tmp_path / "again", *options) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "../escape.wav"}, "row 2, file: .* cannot be the name of a file"),
        ({"file": "sub/folder.wav"}, "row 2, file"),
        ({"file": ".hidden.wav"}, "row 2, file"),
        ({"preset": "../up"}, "row 2, preset"),
        ({"seed": -1}, "row 2, seed"),
        ({"latent": ["x"]}, "row 2, latent.0"),
        ({"latent": [float("inf"), 0, 0]}, "row 2, latent.0"),
        ({"mix": {"instrument": "violin"}}, "row 2, mix.instrument"),
        ({"inverter": "magic"}, "row 2, inverter"),
        ({"bits": 24}, "are not of one set"),
        ({"source": "voice.wav"}, "row 2 was made from a recording"),
        ({"file": "violin0.5-cello0.7_C4_v1.wav"}, "names a file twice"),
        ({"model_sha256": None}, "row 2, model_sha256"),
    ],
)
def test_rows_that_cannot_be_made_again(rendered: Path, change: dict[str, Any], message: str) -> None:
    rows = read_manifest(rendered)
    rows[1] |= change
    path = rendered / "changed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=message):
        read_recorded_set(path)


@pytest.mark.parametrize(
    ("latent", "pitch", "message"), [([0.0], 60, "of 1 numbers"), ([0.0] * 3, 3, "outside")]
)
def test_rows_that_the_model_cannot_take(
    model: Path,
    rendered: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    latent: list[float],
    pitch: int,
    message: str,
) -> None:
    row = read_manifest(rendered)[0] | {"latent": latent, "midi_pitch": pitch}
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(row))
    assert _again(model, path, tmp_path / "again") == 2
    assert message in capsys.readouterr().err


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_row_is_read_or_refused(rendered: Path, data: st.DataObject) -> None:
    row = read_manifest(rendered)[0]
    changed = data.draw(st.lists(st.sampled_from(sorted(row)), max_size=3, unique=True))
    row |= {name: data.draw(VALUES) for name in changed}
    path = rendered / "fuzzed.jsonl"
    path.write_text(json.dumps(row) + "\n")
    refusal = ""
    try:
        recorded = read_recorded_set(path)
    except InputError as error:
        refusal = str(error)
    assert str(path) in refusal if refusal else recorded.rows[0].file == row["file"]


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    for content, message in [
        (None, "cannot be read as a manifest"),
        (b"\xff\n", "cannot be read"),
        (b"", "no rows"),
    ]:
        path = tmp_path / "manifest.jsonl"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_recorded_set(path)
