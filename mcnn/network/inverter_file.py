"""Trained inverters as files, and as parts of model files."""

from pathlib import Path
from typing import Any

from mcnn.inversion.inverter import Inverter
from mcnn.network.config import McnnConfig, SourceFilterConfig
from mcnn.network.published import PublishedMcnn
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.plain import Settings
from mcnn.spectral.config import SpectrogramConfig
from mcnn.weights_file import WeightsFormat

INVERTER_FILE = WeightsFormat("clariolin-inverter", 1, "inverter file", "clariolin mcnn train")


class InverterInfo(Settings):
    """Everything about a trained inverter but its weights and its front end."""

    shape: SourceFilterConfig | McnnConfig
    """The kind of network, and its size."""
    provenance: dict[str, Any]
    """Recipe, steps and data of its training."""


class InverterFileInfo(InverterInfo):
    """Everything that an inverter's own file says of it."""

    spectrogram: SpectrogramConfig
    """The front end of its log-mels."""


def build_inverter(shape: SourceFilterConfig | McnnConfig, spectrogram: SpectrogramConfig) -> Inverter:
    """An untrained inverter of a shape."""
    if isinstance(shape, SourceFilterConfig):
        return SourceFilterMcnn(spectrogram, shape)
    return PublishedMcnn(spectrogram, shape)


def save_inverter(path: Path, info: InverterFileInfo, inverter: Inverter) -> None:
    """Writes an inverter file in one step."""
    INVERTER_FILE.save(path, info, inverter.state_dict())


def load_inverter(path: Path) -> tuple[InverterFileInfo, Inverter]:
    """Opens an inverter file.

    Raises:
        InputError: If it is missing, foreign, damaged, or from a newer version.
    """
    info = INVERTER_FILE.read_info(path, InverterFileInfo)
    inverter = build_inverter(info.shape, info.spectrogram)
    INVERTER_FILE.load_weights(path, inverter, INVERTER_FILE.read_tensors(path), "")
    return info, inverter.eval().requires_grad_(False)
