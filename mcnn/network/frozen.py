"""The source-filter MCNN with trunk and heads as TorchScript, which shows that they can be exported."""

import copy
import warnings

import torch
from torch import Tensor, nn

from mcnn.inversion.inverter import NO_CONDITIONING
from mcnn.network.source_filter import SourceFilterMcnn

EXAMPLE_FRAMES = 32
"""Of the example that is traced; what is traced then takes any number."""


def frozen_copy(network: SourceFilterMcnn) -> SourceFilterMcnn:
    """A copy for inference whose trunk and heads are traced and frozen; the network stays as it is."""
    frozen = copy.deepcopy(network)
    with torch.no_grad():
        silence = torch.zeros(1, network.config.n_mels, EXAMPLE_FRAMES)
        features = network.features(silence, NO_CONDITIONING)
        seen = network.trunk(silence, NO_CONDITIONING)
    layers = {
        "entry": _freeze(_Trunk(frozen), features),
        "blocks": nn.ModuleList(),
        "norm": nn.Identity(),
        **{name: _freeze(getattr(frozen, name), seen) for name in ("integrated", "partials", "noise")},
    }
    for name, layer in layers.items():
        setattr(frozen, name, layer)
    return frozen


class _Trunk(nn.Module):
    """A trunk as one layer: `(batch, features, frames)` to `(batch, width, frames)`."""

    def __init__(self, network: SourceFilterMcnn) -> None:
        super().__init__()
        self.entry, self.blocks, self.norm = network.entry, network.blocks, network.norm

    def forward(self, features: Tensor) -> Tensor:
        h = self.entry(features).transpose(1, 2)
        for block in self.blocks:
            h = block(h)
        seen: Tensor = self.norm(h).transpose(1, 2)
        return seen


def _freeze(layer: nn.Module, example: Tensor) -> nn.Module:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of its age: TorchScript is still what runs without a compiler
        frozen: nn.Module = torch.jit.freeze(torch.jit.trace(layer.eval(), example))  # type: ignore[no-untyped-call]
    return frozen
