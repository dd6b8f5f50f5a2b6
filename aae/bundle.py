"""The model file: one safetensors file with weights, configs, vocabularies, coverage, latents and provenance.

Nothing in it is executable, and what a loader reads is bounded: a file that is truncated, foreign or from a
newer version is refused by name.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from aae.conditioning import Mix
from aae.config import ModelConfig
from aae.model import AutoEncoder, build_model
from aae.notes import NoteBank, Split
from mcnn.atomic import atomic_path
from mcnn.config import SpectrogramConfig
from mcnn.errors import InputError

FORMAT_NAME = "clariolin-model"
FORMAT_VERSION = 1
MOST_BYTES = 512 * 1024 * 1024


class Combination(BaseModel):
    """One combination of labels that was trained, and the notes it was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str | None, ...]
    """One an attribute, in the coverage's order; None where it was not given."""
    low: int
    """Lowest MIDI pitch; -1 for unpitched sounds."""
    high: int
    count: int


class Coverage(BaseModel):
    """Which combinations of labels, and which notes of each, were in the training data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: tuple[str, ...]
    combinations: tuple[Combination, ...]

    @classmethod
    def of_bank(cls, bank: NoteBank) -> "Coverage":
        """Reads the coverage off a bank's training split."""
        names = tuple(bank.attributes)
        pitches: dict[tuple[str | None, ...], list[int]] = {}
        for i in np.flatnonzero(bank.split == Split.TRAIN):
            indices = (int(bank.labels[name][i]) for name in names)
            labels = tuple(
                bank.attributes[name][k] if k >= 0 else None for name, k in zip(names, indices, strict=True)
            )
            pitches.setdefault(labels, []).append(int(bank.midi_pitch[i]))
        rows = [
            Combination(labels=labels, low=min(notes), high=max(notes), count=len(notes))
            for labels, notes in sorted(pitches.items(), key=lambda item: str(item[0]))
        ]
        return cls(attributes=names, combinations=tuple(rows))

    def matching(self, mix: Mix) -> list[Combination]:
        """Combinations that hold the strongest label of every attribute of a mix."""
        wanted = {
            self.attributes.index(name): strongest(weights)
            for name, weights in mix.items()
            if any(weights.values())
        }
        return [
            row for row in self.combinations if all(row.labels[i] == label for i, label in wanted.items())
        ]

    def most_frequent(self, attribute: str, mix: Mix) -> str | None:
        """The label of an attribute that occurs most often together with a mix, if any does."""
        column = self.attributes.index(attribute)
        counts: Counter[str] = Counter()
        for row in self.matching(mix):
            label = row.labels[column]
            if label is not None:
                counts[label] += row.count
        return counts.most_common(1)[0][0] if counts else None


def strongest(weights: Mapping[str, float]) -> str:
    """The label with the largest weight; the first of equals."""
    return max(weights, key=lambda label: weights[label])


class ModelInfo(BaseModel):
    """Everything about a model but its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelConfig
    spectrogram: SpectrogramConfig
    vocabularies: dict[str, tuple[str, ...]]
    coverage: Coverage
    provenance: dict[str, Any]

    @property
    def latent_size(self) -> int:
        """Dimensions of z."""
        return self.model.latent_size


@dataclass(frozen=True)
class Bundle:
    """A model file in memory."""

    info: ModelInfo
    model: AutoEncoder
    """In evaluation mode, on the CPU."""
    latents: dict[str, npt.NDArray[np.generic]]
    """See `aae.latents.training_latents`."""


def save_bundle(
    path: Path, info: ModelInfo, model: AutoEncoder, latents: Mapping[str, npt.NDArray[np.generic]]
) -> None:
    """Writes a model file in one step.

    Args:
        path: Where to.
        info: Configs, vocabularies, coverage, provenance.
        model: Its weights are stored as they are.
        latents: The training notes' points and their labels.
    """
    tensors = {f"model.{name}": tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    for name, column in latents.items():
        tensors[f"latents.{name}"] = torch.from_numpy(np.ascontiguousarray(column))
    metadata = {"format": FORMAT_NAME, "format_version": str(FORMAT_VERSION), "info": info.model_dump_json()}
    with atomic_path(path) as partial:
        save_file(tensors, partial, metadata)


def read_info(path: Path) -> ModelInfo:
    """Reads what a model file says of itself, without its weights.

    Raises:
        InputError: If it is missing, foreign, damaged, or from a newer version.
    """
    if not path.is_file():
        raise InputError(
            f"there is no model file at {path}; a model is a .safetensors file made by clariolin train"
        )
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path} is larger than any clariolin model ({MOST_BYTES // 2**20} MiB at most)")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is truncated or is not a model file (.safetensors): {error}") from None
    if metadata.get("format") != FORMAT_NAME:
        raise InputError(f"{path} is a safetensors file, but not one of clariolin's")
    if metadata.get("format_version") != str(FORMAT_VERSION):
        version = metadata.get("format_version")
        raise InputError(f"{path} has model format version {version}; this program reads {FORMAT_VERSION}")
    try:
        return ModelInfo.model_validate(json.loads(metadata.get("info", "")))
    except (ValidationError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is a damaged model file: {str(error).splitlines()[0]}") from None


def load_bundle(path: Path) -> Bundle:
    """Opens a model file.

    Raises:
        InputError: If it is missing, foreign, damaged, or from a newer version.
    """
    info = read_info(path)
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is truncated or damaged: {error}") from None
    sizes = {name: len(labels) for name, labels in info.vocabularies.items()}
    model = build_model(info.model, info.spectrogram, sizes)
    weights = {name.removeprefix("model."): t for name, t in tensors.items() if name.startswith("model.")}
    try:
        model.load_state_dict(weights)
    except RuntimeError:
        raise InputError(f"{path} is a damaged model file: its weights do not fit its settings") from None
    latents = {
        name.removeprefix("latents."): t.numpy() for name, t in tensors.items() if name.startswith("latents.")
    }
    return Bundle(info, model.eval().requires_grad_(False), latents)
