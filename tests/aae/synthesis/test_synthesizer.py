from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from aae.model.coverage import Coverage
from aae.model.model_file import load_model, read_info
from aae.notes.bank import NoteBank
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from aae.training.recipe import load_config
from aae.training.trainer import Trainer
from mcnn.errors import InputError
from mcnn.spectral.level import loudest_rms_db
from tests.support.toy_bank import CONFIG, write_toy_bank

SETTINGS = [
    "model.encoder_width=16",
    "model.decoder_width=32",
    "training.batch_size=8",
    "training.fewest_steps=1",
    "training.epochs=1",
]
MIX = {"instrument": {"bright": 1.0}, "dynamics": {"forte": 1.0}}


@pytest.fixture(scope="module")
def bank_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_bank(tmp_path_factory.mktemp("bank") / "toy.h5")


@pytest.fixture(scope="module", params=["orchestra", "wae-fader"])
def model_path(
    request: pytest.FixtureRequest, bank_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    run = tmp_path_factory.mktemp("run") / "run"
    list(Trainer(load_config(request.param, SETTINGS), bank_path, run, "cpu").fit())
    return run / "model.safetensors"


@pytest.fixture(scope="module")
def synthesizer(model_path: Path) -> Synthesizer:
    return Synthesizer.open(model_path)


def test_notes_are_finite_within_full_scale_and_end_in_silence(synthesizer: Synthesizer) -> None:
    requests = [NoteRequest(60 + i, MIX, (0.1 * i, -1.0, 2.0), seed=i) for i in range(3)]
    for waveform in synthesizer.render(requests):
        assert waveform.dtype == np.float32
        assert 0 < len(waveform) <= CONFIG.max_samples
        assert np.isfinite(waveform).all()
        assert np.abs(waveform).max() < 1.0
        assert abs(waveform[-1]) < 1e-4
        assert -51 < loudest_rms_db(waveform, CONFIG.sample_rate) < -5


def test_the_same_request_makes_the_same_bytes_alone_or_among_others(synthesizer: Synthesizer) -> None:
    request = NoteRequest(64, MIX, synthesizer.info.random_latent(3), seed=3)
    alone, again = (synthesizer.render([request])[0] for _ in range(2))
    assert alone.tobytes() == again.tobytes()
    assert synthesizer.info.random_latent(3) == request.latent
    assert synthesizer.render([]) == []


def test_a_mix_is_completed_with_what_was_trained_most(synthesizer: Synthesizer) -> None:
    full = synthesizer.info.complete({"instrument": {"dark": 0.7, "bright": 0.2}})
    assert full["instrument"] == {"dark": 0.7, "bright": 0.2}
    assert list(full["dynamics"].values()) == [1.0]
    with pytest.raises(InputError, match="did you mean bright"):
        synthesizer.info.complete({"instrument": {"brigt": 1.0}})


def test_what_was_trained_is_known(synthesizer: Synthesizer, bank_path: Path) -> None:
    with NoteBank.open(bank_path) as bank:
        assert synthesizer.info.coverage == Coverage.of_bank(bank)
    low, high = synthesizer.info.coverage.pitch_range(MIX) or (0, 0)
    assert 57 <= low < high <= 76
    assert synthesizer.info.coverage.is_trained(low, MIX)
    assert not synthesizer.info.coverage.is_trained(high + 1, MIX)
    assert not synthesizer.info.coverage.is_trained(None, MIX)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (NoteRequest(60, MIX, (0.0,)), "is not 3 finite numbers"),
        (NoteRequest(60, MIX, (0.0, 0.0, float("nan"))), "is not 3 finite numbers"),
        (NoteRequest(200, MIX, (0.0, 0.0, 0.0)), "MIDI note 200 is outside"),
    ],
)
def test_impossible_requests_are_refused(synthesizer: Synthesizer, request_: NoteRequest, words: str) -> None:
    with pytest.raises(InputError, match=words):
        synthesizer.render([request_])


def test_unknown_inverters_are_refused(model_path: Path) -> None:
    with pytest.raises(InputError, match="no inverter 'magic'; there are griffin-lim, mcnn"):
        Synthesizer.open(model_path, "magic")


def test_missing_foreign_truncated_and_newer_files_are_named(model_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(InputError, match="there is no model file"):
        load_model(path)
    whole = model_path.read_bytes()
    for size in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"truncated|not a model"):
            load_model(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not one of clariolin's"):
        load_model(path)
    save_file({"a": torch.zeros(1)}, path, {"format": "clariolin-model", "format_version": "99"})
    with pytest.raises(InputError, match="version 99"):
        read_info(path)
    save_file({"a": torch.zeros(1)}, path, {"format": "clariolin-model", "format_version": "1", "info": "{}"})
    with pytest.raises(InputError, match="damaged"):
        read_info(path)


def test_weights_that_do_not_fit_are_refused(model_path: Path, tmp_path: Path) -> None:
    tensors = load_file(model_path)
    name = next(name for name in tensors if name.startswith("model.decoder") and "weight" in name)
    del tensors[name]
    metadata = {"format": "clariolin-model", "format_version": "1"}
    save_file(
        tensors, tmp_path / "m.safetensors", {**metadata, "info": read_info(model_path).model_dump_json()}
    )
    with pytest.raises(InputError, match="weights do not fit"):
        load_model(tmp_path / "m.safetensors")
