"""The model file: one safetensors file with weights, configs, vocabularies, coverage, latents and provenance.

Nothing in it is executable, and what a loader reads is bounded: a file that is truncated, foreign or from a
newer version is refused by name.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aae.model.autoencoder import AutoEncoder, build_model
from aae.model.conditioning import Mix
from aae.model.config import ModelConfig
from aae.notes.bank import NoteBank, Split
from mcnn.inversion.inverter import Inverter
from mcnn.network.inverter_file import InverterInfo, build_inverter
from mcnn.plain import Settings
from mcnn.spectral.config import SpectrogramConfig
from mcnn.weights_file import WeightsFormat

MODEL_FILE = WeightsFormat("clariolin-model", 1, "model file", "clariolin train")


class Combination(Settings):
    """One combination of labels that was trained, and the notes it was trained on."""

    labels: tuple[str | None, ...]
    """One an attribute, in the coverage's order; None where it was not given."""
    low: int
    """Lowest MIDI pitch; -1 for unpitched sounds."""
    high: int
    count: int


class Coverage(Settings):
    """Which combinations of labels, and which notes of each, were in the training data."""

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


class ModelInfo(Settings):
    """Everything about a model but its weights."""

    model: ModelConfig
    spectrogram: SpectrogramConfig
    vocabularies: dict[str, tuple[str, ...]]
    coverage: Coverage
    provenance: dict[str, Any]
    inverter: InverterInfo | None = None
    """The inverter that was trained with the model, if any."""

    @property
    def latent_size(self) -> int:
        """Dimensions of z."""
        return self.model.latent_size


@dataclass(frozen=True)
class LoadedModel:
    """A model file in memory."""

    info: ModelInfo
    model: AutoEncoder
    """In evaluation mode, on the CPU."""
    latents: dict[str, npt.NDArray[np.generic]]
    """See `aae.training.latents.training_latents`."""
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
        InputError: If it is missing, foreign, damaged, or from a newer version.
    """
    return MODEL_FILE.read_info(path, ModelInfo)


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
