"""Devices to train on: whether they are there, and the arithmetic that they are fastest in."""

import importlib.util
from typing import Literal, TypeAlias

import torch

from mcnn.errors import InputError

TrainingPrecision: TypeAlias = Literal["32-true", "bf16-mixed"]
Asked: TypeAlias = Literal["auto", "32-true", "bf16-mixed"]


def require_parts(device: str) -> None:
    """Refuses to start without the training extra or the device asked for.

    Args:
        device: `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        InputError: Naming what is missing.
    """
    if importlib.util.find_spec("lightning_fabric") is None:
        raise InputError("training needs the 'train' extra: pip install 'clariolin[train]'")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, True):
        raise InputError(f"there is no {device} device here for PyTorch; --device auto takes what there is")


def computes_bf16(device_type: str) -> bool:
    """Whether a kind of device has instructions for bfloat16.

    A processor without them takes eight times as long with it as with float32.

    Args:
        device_type: `cpu`, `cuda` or `mps`.
    """
    if device_type != "cpu":
        return device_type == "cuda"
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def choose_precision(asked: Asked, device_type: str) -> TrainingPrecision:
    """The arithmetic asked for, or the faster of the two.

    Args:
        asked: As in `aae.training.recipe.TrainingConfig`.
        device_type: `cpu`, `cuda` or `mps`; `auto` for what there is.
    """
    if asked != "auto":
        return asked
    there = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return "bf16-mixed" if computes_bf16(there if device_type == "auto" else device_type) else "32-true"
