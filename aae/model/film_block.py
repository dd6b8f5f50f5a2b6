"""The harmonic decoder's building block: convolution over time, style, and a channel mixer.

On the CPU and without gradients, all that lies between two matrix products is one compiled loop; else it is
the same in torch operations.
"""

import numpy as np
import torch
from torch import Tensor, nn

from mcnn.compiled import Floats, compiled


class FilmBlock(nn.Module):
    """A ConvNeXt block over time whose normalised activations are scaled and shifted by the style (FiLM).

    Args:
        width: Channels.
        style_width: Size of the style vector.
        kernel_size: Frames that the depthwise convolution sees, an odd number.
        expansion: Width of the hidden layer, in multiples of `width`.
    """

    def __init__(self, width: int, style_width: int, kernel_size: int, expansion: int = 3) -> None:
        super().__init__()
        self.across_time = nn.Conv1d(width, width, kernel_size, padding=kernel_size // 2, groups=width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.film = nn.Linear(style_width, 2 * width)
        self.expand = nn.Linear(width, expansion * width)
        self.contract = nn.Linear(expansion * width, width)
        nn.init.zeros_(self.contract.weight)

    def forward(self, h: Tensor, style: Tensor) -> Tensor:
        """`(batch, frames, width)` and `(batch, style)` to `(batch, frames, width)`."""
        scale, shift = self.film(style).chunk(2, -1)
        if runs_compiled(h):
            x = self._modulate_compiled(h, scale, shift)
        else:
            x = self.across_time(h.transpose(1, 2)).transpose(1, 2)
            x = self.norm(x) * (1 + scale[:, None]) + shift[:, None]
        return h + apply_linear(self.contract, nn.functional.gelu(apply_linear(self.expand, x)))

    def _modulate_compiled(self, h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        kernel = self.across_time.weight.detach()[:, 0].t().contiguous().numpy()
        bias = self.across_time.bias
        assert bias is not None
        out = torch.empty(h.shape)
        for i, one in enumerate(h.contiguous()):
            _convolve_and_modulate(
                one.numpy(),
                kernel,
                bias.detach().numpy(),
                (1 + scale[i]).numpy(),
                shift[i].contiguous().numpy(),
                np.float32(self.norm.eps),
                out[i].numpy(),
            )
        return out


def apply_linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """A layer's output for an input, whatever the precision its weights are kept in."""
    y: Tensor = layer(x.to(layer.weight.dtype)).to(x.dtype)
    return y


def runs_compiled(h: Tensor) -> bool:
    """Whether compiled loops, which know no gradients, may stand in for torch operations."""
    return (
        h.device.type == "cpu"
        and h.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
    )


@compiled
def _convolve_and_modulate(
    h: Floats, kernel: Floats, bias: Floats, scale: Floats, shift: Floats, epsilon: np.float32, out: Floats
) -> None:
    """Depthwise convolution over time with `kernel` `(taps, width)`, layer norm, scale and shift."""
    n_frames, width = h.shape
    reach = len(kernel) // 2
    share = np.float32(1 / width)
    total = np.empty(width, np.float32)
    for t in range(n_frames):
        total[:] = bias
        for u in range(max(0, t - reach), min(n_frames, t + reach + 1)):
            tap = u - t + reach
            for c in range(width):
                total[c] += kernel[tap, c] * h[u, c]
        mean = np.float32(0)
        for c in range(width):
            mean += total[c]
        mean *= share
        variance = np.float32(0)
        for c in range(width):
            total[c] -= mean
            variance += total[c] * total[c]
        factor = np.float32(1) / np.sqrt(variance * share + epsilon)
        for c in range(width):
            out[t, c] = total[c] * factor * scale[c] + shift[c]
