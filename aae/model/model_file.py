"""The model file: one safetensors file with weights, configs, vocabularies, coverage, latents and provenance.

Nothing in it is executable, and what a loader reads is bounded: a file that is truncated, foreign or from a
newer version is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aae.model.autoencoder import AutoEncoder, build_model
from aae.model.model_info import ModelInfo
from aae.notes.labels import require_vocabulary
from mcnn.inversion.inverter import Inverter
from mcnn.network.inverter_file import build_inverter
from mcnn.weights_file import WeightsFormat

MODEL_FILE = WeightsFormat("clariolin-model", 1, "model file", "clariolin train")


@dataclass(frozen=True)
class LoadedModel:
    """A model file in memory."""

    info: ModelInfo
    model: AutoEncoder
    """In evaluation mode, on the CPU."""
    latents: dict[str, npt.NDArray[np.generic]]
    """See `aae.training.validation.training_latents`."""
    inverter: Inverter | None = None
    """The trained way from its log-mels to waveforms, if the file has one."""


def save_model(
    path: Path,
    info: ModelInfo,
    model: AutoEncoder,
    latents: Mapping[str, npt.NDArray[np.generic]],
    inverter: Inverter | None = None,
) -> None:
    """Writes a model file in one step.

    Args:
        path: Where to.
        info: Configs, vocabularies, coverage, provenance.
        model: Its weights are stored as they are.
        latents: The training notes' points and their labels.
        inverter: The one that `info` describes.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for name, column in latents.items():
        tensors[f"latents.{name}"] = torch.from_numpy(np.ascontiguousarray(column))
    if inverter is not None:
        tensors |= {f"inverter.{name}": tensor for name, tensor in inverter.state_dict().items()}
    MODEL_FILE.save(path, info, tensors)


def read_info(path: Path) -> ModelInfo:
    """Reads what a model file says of itself, without its weights.

    Raises:
        InputError: If it is missing, foreign, damaged, from a newer version, or has labels that are no names.
    """
    info = MODEL_FILE.read_info(path, ModelInfo)
    require_vocabulary(path, info.vocabularies, _terms(info))
    return info


def load_model(path: Path) -> LoadedModel:
    """Opens a model file.

    Raises:
        InputError: If it is missing, foreign, damaged, or from a newer version.
    """
    info = read_info(path)
    tensors = MODEL_FILE.read_tensors(path)
    sizes = {name: len(labels) for name, labels in info.vocabularies.items()}
    model = build_model(info.model, info.spectrogram, sizes)
    MODEL_FILE.load_weights(path, model, tensors, "model.")
    inverter = None
    if info.inverter is not None:
        inverter = build_inverter(info.inverter.shape, info.spectrogram)
        MODEL_FILE.load_weights(path, inverter, tensors, "inverter.")
        inverter.eval().requires_grad_(False)
    latents = {
        name.removeprefix("latents."): t.numpy() for name, t in tensors.items() if name.startswith("latents.")
    }
    return LoadedModel(info, model.eval().requires_grad_(False), latents, inverter)


def _terms(info: ModelInfo) -> Mapping[str, Any]:
    """What the model says of the notes it was trained on."""
    notes = info.provenance.get("notes")
    return notes if isinstance(notes, Mapping) else {}
