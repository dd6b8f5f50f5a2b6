"""What a model file says of itself: enough to plan notes without weights."""

from typing import Any

import numpy as np

from aae.model.conditioning import Mix, Vocabulary
from aae.model.config import ModelConfig
from aae.model.coverage import Coverage
from mcnn.network.inverter_file import InverterInfo
from mcnn.plain import Settings
from mcnn.spectral.config import SpectrogramConfig


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

    def complete(self, mix: Mix) -> dict[str, dict[str, float]]:
        """Fills in what a mix leaves open.

        Args:
            mix: Weights of some attributes.

        Returns:
            The mix with, for every other attribute, the label that was trained most often together with the
            strongest labels of those given.

        Raises:
            InputError: For attributes, labels or weights the model cannot take.
        """
        Vocabulary(self.vocabularies).check(mix)
        full = {name: dict(weights) for name, weights in mix.items() if weights}
        for name in self.vocabularies:
            if name not in full:
                label = self.coverage.usual(name, full)
                full[name] = {label: 1.0} if label is not None else {}
        return {name: full[name] for name in self.vocabularies}

    def random_latent(self, seed: int) -> tuple[float, ...]:
        """A point drawn from the prior N(0, I)."""
        return tuple(float(x) for x in np.random.default_rng(seed).standard_normal(self.latent_size))
