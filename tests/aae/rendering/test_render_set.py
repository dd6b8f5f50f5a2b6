"""Batch rendering: plans, names, manifests, interruption, continuation, full disks."""

import json
import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aae.cli.console import SHIPPED_MODEL
from aae.model.model_file import load_model, read_info
from aae.rendering.manifest import MANIFEST, read_manifest
from aae.rendering.plan import NEARBY, RenderPlan
from aae.rendering.render_set import render_notes
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from mcnn.weights_file import WeightsFormat
from tests.support.fake_synthesizer import fake_synthesizer, serially
from tests.support.rendered_sets import plan_notes

HYBRID = {"instrument": {"violin": 0.5, "clarinet": 0.5}}
CELLO = {"instrument": {"cello": 1.0}, "dynamics": {"forte": 1.0}, "technique": {"arco-normal": 1.0}}


@pytest.fixture
def synthesizer() -> Synthesizer:
    return fake_synthesizer()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "orchestra.safetensors"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def plan(synthesizer: Synthesizer, model: Path) -> RenderPlan:
    return plan_notes(synthesizer.info, model, [HYBRID], [60, 61], n_variations=2, seed=7)


def _bytes(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def _render(synthesizer: Synthesizer, plan: RenderPlan, directory: Path) -> None:
    assert [note.done for note in render_notes(plan, directory, serially(synthesizer))] == list(
        range(1, len(plan.notes) + 1)
    )


def test_names_say_sound_note_and_variation(synthesizer: Synthesizer, model: Path, plan: RenderPlan) -> None:
    assert [note.file for note in plan.notes] == [
        "violin0.5-clarinet0.5_C4_v1.wav",
        "violin0.5-clarinet0.5_C4_v2.wav",
        "violin0.5-clarinet0.5_Cs4_v1.wav",
        "violin0.5-clarinet0.5_Cs4_v2.wav",
    ]
    asked = plan_notes(synthesizer.info, model, [CELLO], [48, None])
    assert [note.file for note in asked.notes] == [
        "cello_C3_forte_arco-normal_v1.wav",
        "cello_unpitched_forte_arco-normal_v1.wav",
    ]


def test_files_and_manifest_tell_the_same(synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path) -> None:
    _render(synthesizer, plan, tmp_path / "set")
    rows = read_manifest(tmp_path / "set")
    assert [row["file"] for row in rows] == [note.file for note in plan.notes]
    first = rows[0]
    assert first["midi_pitch"] == 60
    assert (first["instrument"], first["technique"], first["dynamics"]) == ("violin", "normal", "forte")
    assert first["mix"]["instrument"] == {"violin": 0.5, "clarinet": 0.5}
    assert first["inverter"] == "griffin-lim"
    assert first["trained"] is True
    assert [row["seed"] for row in rows] == [7, 8, 7, 8]
    for row in rows:
        assert tuple(row["latent"]) == synthesizer.info.random_latent(row["seed"])
        info = soundfile.info(tmp_path / "set" / row["file"])
        assert (info.subtype, info.channels, info.samplerate) == ("PCM_24", 1, row["sample_rate"])
        assert info.frames / info.samplerate == pytest.approx(row["duration_s"], abs=1e-6)


def test_sound_is_what_the_synthesizer_made(
    synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path
) -> None:
    _render(synthesizer, plan, tmp_path)
    (expected,) = synthesizer.render([plan.notes[2].request])
    written, _ = soundfile.read(tmp_path / plan.notes[2].file, dtype="float32")
    np.testing.assert_allclose(written, expected, atol=2**-22)  # half a step of rounding, one of dither


def test_same_seed_same_bytes(synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path) -> None:
    _render(synthesizer, plan, tmp_path / "one")
    _render(fake_synthesizer(), plan, tmp_path / "two")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")


def test_interrupted_set_is_continued_to_the_same_bytes(
    synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path
) -> None:
    _render(synthesizer, plan, tmp_path / "whole")
    with closing(render_notes(plan, tmp_path / "cut", serially(synthesizer))) as notes:
        for _ in range(2):
            next(notes)
    half = _bytes(tmp_path / "cut")
    assert len(half) == 2 + 1
    with (tmp_path / "cut" / MANIFEST).open("a") as manifest:
        manifest.write('{"file": "viol')
    (tmp_path / "cut" / f".{plan.notes[2].file}.123.partial").write_bytes(b"half a note")
    kept = [note.kept for note in render_notes(plan, tmp_path / "cut", serially(synthesizer))]
    assert kept == [True, True, False, False]
    assert _bytes(tmp_path / "cut") == _bytes(tmp_path / "whole")


def test_lost_file_is_made_again(synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path) -> None:
    _render(synthesizer, plan, tmp_path)
    before = _bytes(tmp_path)
    (tmp_path / plan.notes[1].file).unlink()
    assert [n.kept for n in render_notes(plan, tmp_path, serially(synthesizer))] == [True, False, True, True]
    assert _bytes(tmp_path) == before


def test_set_can_grow(synthesizer: Synthesizer, model: Path, plan: RenderPlan, tmp_path: Path) -> None:
    _render(synthesizer, plan, tmp_path / "grown")
    larger = plan_notes(synthesizer.info, model, [HYBRID], [60, 61, 62], n_variations=2, seed=7)
    assert sum(note.kept for note in render_notes(larger, tmp_path / "grown", serially(synthesizer))) == 4
    _render(synthesizer, larger, tmp_path / "at-once")
    assert _bytes(tmp_path / "grown") == _bytes(tmp_path / "at-once")


def test_folder_with_another_set_is_refused_untouched(
    synthesizer: Synthesizer, model: Path, plan: RenderPlan, tmp_path: Path
) -> None:
    directory = tmp_path / "set"
    _render(synthesizer, plan, directory)
    before = _bytes(directory)
    other_seed = plan_notes(synthesizer.info, model, [HYBRID], [60, 61], n_variations=2, seed=8)
    with pytest.raises(InputError, match=r"has latent .* another folder"):
        list(render_notes(other_seed, directory, serially(synthesizer)))
    fewer = plan_notes(synthesizer.info, model, [HYBRID], [60], n_variations=2, seed=7)
    with pytest.raises(InputError, match=r"Cs4_v1.wav is not part of this one"):
        list(render_notes(fewer, directory, serially(synthesizer)))
    model.write_bytes(b"other weights")
    other_model = plan_notes(synthesizer.info, model, [HYBRID], [60, 61], n_variations=2, seed=7)
    with pytest.raises(InputError, match="was made by another model"):
        list(render_notes(other_model, directory, serially(synthesizer)))
    assert _bytes(directory) == before


def test_foreign_files_are_never_replaced(synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path) -> None:
    (tmp_path / plan.notes[0].file).write_bytes(b"mine")
    with pytest.raises(InputError, match="holds a violin"):
        list(render_notes(plan, tmp_path, serially(synthesizer)))
    (tmp_path / MANIFEST).write_text("not a manifest\n")
    with pytest.raises(InputError, match="cannot be read as a manifest"):
        list(render_notes(plan, tmp_path, serially(synthesizer)))
    assert (tmp_path / plan.notes[0].file).read_bytes() == b"mine"


def test_folder_that_cannot_be_written(synthesizer: Synthesizer, plan: RenderPlan, model: Path) -> None:
    with pytest.raises(InputError, match="it is a file"):
        list(render_notes(plan, model, serially(synthesizer)))
    with pytest.raises(InputError, match="cannot write to"):
        list(render_notes(plan, model / "below", serially(synthesizer)))


@contextmanager
def _files_of_at_most(n_bytes: int) -> Iterator[None]:
    """The system refuses to let any file grow beyond a size, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_failing_disk_leaves_no_half_file(synthesizer: Synthesizer, plan: RenderPlan, tmp_path: Path) -> None:
    directory = tmp_path / "set"
    with closing(render_notes(plan, directory, serially(synthesizer))) as notes:
        next(notes)
        with _files_of_at_most(50_000), pytest.raises(OSError, match="the notes before it are whole"):
            next(notes)
    assert sorted(path.name for path in directory.iterdir()) == [MANIFEST, plan.notes[0].file]
    assert [note.kept for note in render_notes(plan, directory, serially(synthesizer))] == [
        True,
        False,
        False,
        False,
    ]


def test_given_latent_is_the_first_variation_and_others_lie_near(
    synthesizer: Synthesizer, model: Path
) -> None:
    plan = plan_notes(synthesizer.info, model, [HYBRID], [60], n_variations=3, latent=(1.0, 2.0, -1.0))
    points = np.array([note.request.latent for note in plan.notes])
    np.testing.assert_array_equal(points[0], (1.0, 2.0, -1.0))
    np.testing.assert_allclose(
        points[1] - points[0], NEARBY * np.array(synthesizer.info.random_latent(1)), atol=1e-12
    )


@pytest.mark.parametrize("latent", [(1.0,), (1.0, 2.0, float("nan"))])
def test_latent_of_another_size_is_refused(
    synthesizer: Synthesizer, model: Path, latent: tuple[float, ...]
) -> None:
    with pytest.raises(InputError, match="3 finite numbers"):
        plan_notes(synthesizer.info, model, [HYBRID], [60], latent=latent)


def test_labels_that_file_systems_would_confuse_get_their_own_files(
    synthesizer: Synthesizer, model: Path
) -> None:
    synthesizer.info.vocabularies["instrument"] = ("Oboe d'amore", "oboe-d-amore", "../x", "é")
    mixes = [{"instrument": {label: 1.0}} for label in synthesizer.info.vocabularies["instrument"]]
    names = [note.file for note in plan_notes(synthesizer.info, model, mixes, [60]).notes]
    assert names == ["Oboe-d-amore_C4_v1.wav", "oboe-d-amore_C4_v1-2.wav", "x_C4_v1.wav", "é_C4_v1.wav"]


def test_names_stay_short_for_large_mixes(synthesizer: Synthesizer, model: Path) -> None:
    labels = tuple(f"instrument-number-{index}" for index in range(30))
    synthesizer.info.vocabularies["instrument"] = labels
    mixes = [{"instrument": dict.fromkeys(labels, weight)} for weight in (0.5, 0.25)]
    names = [note.file for note in plan_notes(synthesizer.info, model, mixes, [60]).notes]
    assert len(set(names)) == 2
    assert all(len(name) < 100 for name in names)


def test_notes_outside_what_was_trained_are_marked(
    synthesizer: Synthesizer, model: Path, tmp_path: Path
) -> None:
    plan = plan_notes(synthesizer.info, model, [HYBRID], [30, 60])
    _render(synthesizer, plan, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / MANIFEST).read_text().splitlines()]
    assert [row["trained"] for row in rows] == [False, True]


def test_a_plan_needs_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr(WeightsFormat, "read_tensors", refuse)
    plan = plan_notes(read_info(SHIPPED_MODEL), SHIPPED_MODEL, [HYBRID], [60], seed=1)
    assert plan.rows.keys() == {"violin0.5-clarinet0.5_C4_v1.wav"}
    with pytest.raises(AssertionError, match="weights were read"):
        load_model(SHIPPED_MODEL)
