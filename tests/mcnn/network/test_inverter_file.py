from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from mcnn.errors import InputError
from mcnn.inversion.inverter import Inverter, InverterConditioning
from mcnn.network.config import McnnConfig, SourceFilterConfig
from mcnn.network.inverter_file import InverterFileInfo, build_inverter, load_inverter, save_inverter
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.toy_bank import CONFIG

SHAPES: dict[str, SourceFilterConfig | McnnConfig] = {
    "source-filter": SourceFilterConfig(width=16, blocks=1, head_width=8),
    "published": McnnConfig(heads=2, layers=4),
}


def _trained(shape: SourceFilterConfig | McnnConfig) -> Inverter:
    """An inverter with weights that no other one has."""
    generator = torch.Generator().manual_seed(1)
    inverter = build_inverter(shape, CONFIG).eval().requires_grad_(False)
    for parameter in inverter.parameters():
        parameter.add_(0.01 * torch.randn(parameter.shape, generator=generator))
    return inverter


def _write(path: Path, shape: SourceFilterConfig | McnnConfig = SHAPES["source-filter"]) -> Inverter:
    inverter = _trained(shape)
    save_inverter(path, InverterFileInfo(shape=shape, provenance={"steps": 7}, spectrogram=CONFIG), inverter)
    return inverter


@pytest.mark.parametrize("network", SHAPES)
def test_an_opened_inverter_makes_the_same_sound(network: str, tmp_path: Path) -> None:
    path = tmp_path / "inverter.safetensors"
    inverter = _write(path, SHAPES[network])
    info, opened = load_inverter(path)
    assert (info.shape, info.spectrogram, info.provenance) == (SHAPES[network], CONFIG, {"steps": 7})
    assert not opened.training
    assert not any(parameter.requires_grad for parameter in opened.parameters())
    t = torch.arange(20 * CONFIG.hop_length) / CONFIG.sample_rate
    log_mel = Spectrogram(CONFIG)(0.3 * torch.sin(2 * torch.pi * 440 * t)[None])
    conditioning = InverterConditioning(f0_hz=torch.full((1, log_mel.shape[2]), 440.0))
    made = opened(log_mel, conditioning)
    assert made.abs().max() > 1e-3
    assert torch.equal(made, inverter(log_mel, conditioning))


@pytest.mark.parametrize("kept", [100, -50])
def test_a_truncated_file_is_refused(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "inverter.safetensors"
    _write(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"inverter\.safetensors is truncated"):
        load_inverter(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", "clariolin-model", "not one of clariolin's inverter files"),
        ("format_version", "2", "inverter file format version 2; this program reads 1"),
        ("info", '{"shape": {"width": 16}}', "damaged inverter file"),
    ],
)
def test_foreign_newer_and_damaged_files_are_refused(
    key: str, value: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "inverter.safetensors"
    _write(path)
    with safe_open(path, "pt") as file:
        metadata = dict(file.metadata())
    save_file(load_file(path), path, metadata | {key: value})
    with pytest.raises(InputError, match=message):
        load_inverter(path)


def test_weights_that_do_not_fit_the_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "inverter.safetensors"
    info = InverterFileInfo(shape=SourceFilterConfig(width=24, blocks=1), provenance={}, spectrogram=CONFIG)
    save_inverter(path, info, _trained(SHAPES["source-filter"]))
    with pytest.raises(InputError, match="its weights do not fit its settings"):
        load_inverter(path)
