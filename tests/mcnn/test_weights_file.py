import json
from pathlib import Path

import pytest
import torch
from pydantic import BaseModel
from safetensors.torch import load_file, save_file
from torch import nn

import mcnn.weights_file
from mcnn.errors import InputError
from mcnn.weights_file import WeightsFormat

FORMAT = WeightsFormat("clariolin-toy", 3, "toy file", "clariolin toy")


class Info(BaseModel):
    size: int


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A toy file of one linear layer."""
    torch.manual_seed(0)
    path = tmp_path / "toy.safetensors"
    FORMAT.save(path, Info(size=4), {f"net.{k}": v for k, v in nn.Linear(4, 4).state_dict().items()})
    return path


def _rewrite(path: Path, **metadata: str) -> None:
    whole = {"format": "clariolin-toy", "format_version": "3", "info": '{"size": 4}'} | metadata
    save_file(load_file(path), path, whole)


def test_what_was_saved_comes_back(path: Path) -> None:
    torch.manual_seed(0)
    original, opened = nn.Linear(4, 4), nn.Linear(4, 4)
    assert FORMAT.read_info(path, Info) == Info(size=4)
    FORMAT.load_weights(path, opened, FORMAT.read_tensors(path), "net.")
    assert torch.equal(opened.weight, original.weight)
    assert torch.equal(opened.bias, original.bias)
    assert [file.name for file in path.parent.iterdir()] == ["toy.safetensors"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(path: Path) -> None:
    before = path.read_bytes()
    shared = torch.zeros(4)
    with pytest.raises(RuntimeError, match="share memory"):
        FORMAT.save(path, Info(size=1), {"a": shared, "b": shared})
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["toy.safetensors"]


def test_a_missing_file_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no toy file at .*none\.safetensors.*made by clariolin toy"):
        FORMAT.read_info(tmp_path / "none.safetensors", Info)


@pytest.mark.parametrize("kept", [0, 4, 60, -1])
def test_a_truncated_file_is_refused(kept: int, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"truncated or is no toy file"):
        FORMAT.read_info(path, Info)


def test_a_file_of_another_kind_is_refused(path: Path) -> None:
    _rewrite(path, format="somebody-else")
    with pytest.raises(InputError, match="not one of clariolin's toy files"):
        FORMAT.read_info(path, Info)
    path.write_text("not safetensors at all")
    with pytest.raises(InputError, match="is no toy file"):
        FORMAT.read_info(path, Info)


def test_another_version_is_refused_by_number(path: Path) -> None:
    _rewrite(path, format_version="4")
    with pytest.raises(InputError, match="toy file format version 4; this program reads 3"):
        FORMAT.read_info(path, Info)


@pytest.mark.parametrize("info", ["", "{", json.dumps({"size": "large"}), json.dumps({})])
def test_damaged_words_about_it_are_refused(info: str, path: Path) -> None:
    _rewrite(path, info=info)
    with pytest.raises(InputError, match="damaged toy file"):
        FORMAT.read_info(path, Info)


def test_weights_of_another_shape_are_refused(path: Path) -> None:
    with pytest.raises(InputError, match="its weights do not fit its settings"):
        FORMAT.load_weights(path, nn.Linear(4, 5), FORMAT.read_tensors(path), "net.")


def test_more_than_any_such_file_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcnn.weights_file, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(InputError, match="larger than any toy file"):
        FORMAT.read_info(path, Info)
