"""Trunk and heads of the source-filter MCNN for playing: notes advance together, each by its own frames.

Every convolution keeps the last frames it has seen of each note, so that no frame is computed twice; matrix
products run over the new frames of all notes at once. The numbers are those of `SourceFilterMcnn.trunk` and
its heads over whole notes, zeros beyond a note's ends included.
"""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mcnn.compiled import Floats, compiled
from mcnn.network.config import Precision
from mcnn.network.source_filter import SourceFilterMcnn, TrunkBlock

Counts: TypeAlias = NDArray[np.int64]
NO_END = -1
VOICE, ROW, START, STOP, END = range(5)
"""Columns of a table of spans: a note, its first row, its new frames, and its length or `NO_END`."""


class Product:
    """A linear layer whose weights and memory are ready.

    Args:
        weight: `(outputs, inputs)`.
        bias: `(outputs,)`.
        max_rows: Most rows of an input.
        precision: What it is computed in.
    """

    def __init__(self, weight: Tensor, bias: Tensor, max_rows: int, precision: Precision) -> None:
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._weight, self._bias = weight.detach().to(dtype).t(), bias.detach().to(dtype)
        n_outputs, n_inputs = weight.shape
        self._result = torch.zeros(max_rows, n_outputs)
        self._narrow: tuple[Tensor, Tensor] | None = None
        if precision == "bf16":
            self._narrow = (
                torch.zeros(max_rows, n_inputs, dtype=dtype),
                torch.zeros(max_rows, n_outputs, dtype=dtype),
            )

    def __call__(self, rows: Tensor) -> Tensor:
        """`(rows, inputs)` to `(rows, outputs)`; the next call overwrites it."""
        n_rows = len(rows)
        result = self._result[:n_rows]
        if self._narrow is None:
            return torch.addmm(self._bias, rows, self._weight, out=result)
        narrow_in, narrow_out = self._narrow[0][:n_rows], self._narrow[1][:n_rows]
        narrow_in.copy_(rows)
        return result.copy_(torch.addmm(self._bias, narrow_in, self._weight, out=narrow_out))


class Mixer:
    """A block's channel mixer, whose weights and memory are ready: all between two layers in their precision.

    Args:
        expand: Its first layer.
        contract: Its second; the bias is left to the caller.
        max_rows: Most rows of an input.
        precision: What it is computed in.
    """

    def __init__(self, expand: nn.Linear, contract: nn.Linear, max_rows: int, precision: Precision) -> None:
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        weights = expand.weight, expand.bias, contract.weight
        first, self._bias, second = (weight.detach().to(dtype) for weight in weights)
        self._first, self._second = first.t(), second.t()
        self._hidden = torch.zeros(max_rows, len(first), dtype=dtype)
        self._rows = torch.zeros(max_rows, len(second), dtype=dtype)

    def add(self, x: Tensor, y: Tensor) -> None:
        """Adds its output for `x` to `y`, both `(rows, width)`."""
        hidden, rows = self._hidden[: len(x)], self._rows[: len(x)]
        narrow = hidden.dtype != x.dtype
        torch.addmm(self._bias, rows.copy_(x) if narrow else x, self._first, out=hidden)
        torch.ops.aten.gelu_(hidden)
        if narrow:
            y += torch.mm(hidden, self._second, out=rows)
        else:
            y.addmm_(hidden, self._second)


class CachedBlock:
    """A trunk block and what it remembers of every note.

    Args:
        block: Its weights.
        n_voices: Notes that advance together.
        max_rows: Most rows of an input.
        precision: What the matrix products are computed in.
    """

    def __init__(self, block: TrunkBlock, n_voices: int, max_rows: int, precision: Precision) -> None:
        kernel = block.across_time.weight.detach()[:, 0].t().contiguous()
        self.reach = len(kernel) // 2
        assert block.across_time.bias is not None
        self.kernel: Floats = kernel.numpy()
        self.bias: Floats = block.across_time.bias.detach().numpy()
        self.norm = norm_arrays(block.norm)
        self.mixer = Mixer(block.expand, block.contract, max_rows, precision)
        self.mixer_bias: Floats = block.contract.bias.detach().numpy()
        self.memory = np.zeros((n_voices, max(2 * self.reach, 1), kernel.shape[1]), np.float32)
        self.x = torch.zeros(max_rows, kernel.shape[1])
        self.y = torch.zeros(max_rows, kernel.shape[1])

    def advance(self, h: Floats, spans_in: Counts, spans_out: Counts) -> Floats:
        """New frames `(rows, width)` of the block's input to new frames of its output."""
        n_rows = count_rows(spans_out)
        x, y = self.x[:n_rows], self.y[:n_rows]
        arrays = self.kernel, self.bias, self.norm, self.mixer_bias
        _convolve(h, self.memory, spans_in, spans_out, *arrays, x.numpy(), y.numpy())
        if n_rows:
            self.mixer.add(x, y)
        made: Floats = y.numpy()
        return made


class CachedNetwork:
    """Trunk, and heads of notes with a pitch, and what they remember of every note.

    Args:
        network: Its weights, which must not change meanwhile.
        n_voices: Notes that advance together.
        max_frames: Most frames of all notes together that are given at once.
        precision: What the matrix products are computed in.
    """

    def __init__(
        self, network: SourceFilterMcnn, n_voices: int, max_frames: int, precision: Precision = "f32"
    ) -> None:
        entry, heads = network.entry, (network.partials, network.noise)
        blocks = [block for block in network.blocks if isinstance(block, TrunkBlock)]
        self.width, self.n_features, taps = entry.weight.shape
        reaches = [taps // 2, *(block.across_time.weight.shape[2] // 2 for block in blocks)]
        self.lookahead = sum(reaches)
        """Frames that must have arrived after one before its gains are known."""
        self.max_frames = max_frames
        max_rows = max_frames + n_voices * self.lookahead
        self.features = torch.zeros(max_frames, self.n_features)
        """Rows for the caller to write."""
        weight = entry.weight.detach().permute(2, 0, 1).reshape(taps * self.width, -1)
        self._entry = Product(weight, torch.zeros(len(weight)), max_frames, precision)
        assert entry.bias is not None
        self._entry_bias: Floats = entry.bias.detach().numpy()
        self._entry_memory = np.zeros((n_voices, max(2 * (taps // 2), 1), len(weight)), np.float32)
        self._h: Floats = np.zeros((max_rows, self.width), np.float32)
        self._blocks = [CachedBlock(block, n_voices, max_rows, precision) for block in blocks]
        self._norm = norm_arrays(network.norm)
        self._seen = torch.zeros(max_rows, self.width)
        self._own = Product(
            torch.cat([head.own.weight for head in heads]),
            torch.cat([head.own.bias for head in heads]),
            max_rows,
            precision,
        )
        self._outs = [Product(head.out.weight, head.out.bias, max_rows, precision) for head in heads]
        self._reaches = np.array(reaches)
        self.known: Counts = np.zeros((n_voices, len(reaches) + 1), np.int64)
        """Frames given of each note, then those that each layer has put out, gains last."""

    def reset(self, voice: int) -> None:
        """Begins a note."""
        self.known[voice] = 0

    def advance(self, given: list[tuple[int, int, int]]) -> tuple[list[Floats], Counts]:
        """Gains of the frames that are now known far enough.

        Args:
            given: Notes, with how many new frames of each are in `features`, one note after the other, and
                their lengths in frames, or `NO_END` while that is not known.

        Returns:
            For every head `(rows, outputs)`, overwritten by the next call, and which frames they are: spans.
        """
        spans = _plan(np.array(given, np.int64), self._reaches, self.known)
        n_given = count_rows(spans[0])
        entered: Floats = self._entry(self.features[:n_given]).numpy() if n_given else self._h[:0]
        h = self._h[: count_rows(spans[1])]
        _enter(entered, self._entry_memory, spans[0], spans[1], self._entry_bias, h)
        for block, before, after in zip(self._blocks, spans[1:-1], spans[2:], strict=True):
            h = block.advance(h, before, after)
        seen = self._seen[: len(h)]
        _normalise_all(h, *self._norm, seen.numpy())
        if not len(h):
            return [self._h[:0] for _ in self._outs], spans[-1]
        owns = nn.functional.elu_(self._own(seen)).chunk(len(self._outs), 1)
        return [out(own).numpy() for out, own in zip(self._outs, owns, strict=True)], spans[-1]


def norm_arrays(norm: nn.LayerNorm) -> tuple[Floats, Floats, np.float32]:
    """Scale, shift and epsilon of a layer norm."""
    return norm.weight.detach().numpy(), norm.bias.detach().numpy(), np.float32(norm.eps)


def count_rows(spans: Counts) -> int:
    """Rows of all spans together."""
    return int((spans[:, STOP] - spans[:, START]).sum())


@compiled
def _plan(given: Counts, reaches: Counts, known: Counts) -> Counts:
    """Plans the frames that every layer puts out: spans `(1 + layers, notes, 5)`; updates `known`."""
    spans = np.zeros((len(reaches) + 1, len(given), 5), np.int64)
    for layer in range(len(reaches) + 1):
        row = 0
        for i in range(len(given)):
            voice, count, end = given[i, 0], given[i, 1], given[i, 2]
            start = known[voice, layer]
            stop = start + count
            if layer:
                before = known[voice, layer - 1]
                stop = before if before == end else max(before - reaches[layer - 1], start)
            span = spans[layer, i]
            span[VOICE], span[ROW], span[START], span[STOP], span[END] = voice, row, start, stop, end
            known[voice, layer] = stop
            row += stop - start
    return spans


@compiled
def _remember(rows: Floats, memory: Floats, span: Counts) -> None:
    """Keeps a note's last new frames, each at its number modulo the memory's length."""
    kept = memory[span[VOICE]]
    for t in range(max(span[START], span[STOP] - len(kept)), span[STOP]):
        kept[t % len(kept)] = rows[span[ROW] + t - span[START]]


@compiled
def _enter(
    rows: Floats, memory: Floats, spans_in: Counts, spans_out: Counts, bias: Floats, out: Floats
) -> None:
    """Sums the taps of the entry, which stand side by side in `rows`, over the frames they belong to."""
    width = bias.size
    for i in range(len(spans_out)):
        given, made = spans_in[i], spans_out[i]
        kept = memory[given[VOICE]]
        taps = rows.shape[1] // width
        for t in range(made[START], made[STOP]):
            total = out[made[ROW] + t - made[START]]
            total[:] = bias
            for tap in range(taps):
                u = t + tap - taps // 2
                if u < 0 or u >= given[STOP]:
                    continue
                row = rows[given[ROW] + u - given[START]] if u >= given[START] else kept[u % len(kept)]
                for c in range(width):
                    total[c] += row[tap * width + c]
        _remember(rows, memory, given)


@compiled
def _normalise(row: Floats, scale: Floats, shift: Floats, epsilon: np.float32, out: Floats) -> None:
    share = np.float32(1) / np.float32(row.size)
    mean = np.float32(0)
    for c in range(row.size):
        mean += row[c]
    mean *= share
    variance = np.float32(0)
    for c in range(row.size):
        variance += (row[c] - mean) * (row[c] - mean)
    factor = np.float32(1) / np.sqrt(variance * share + epsilon)
    for c in range(row.size):
        out[c] = (row[c] - mean) * factor * scale[c] + shift[c]


@compiled
def _normalise_all(h: Floats, scale: Floats, shift: Floats, epsilon: np.float32, out: Floats) -> None:
    for t in range(len(h)):
        _normalise(h[t], scale, shift, epsilon, out[t])


@compiled
def _convolve(
    h: Floats,
    memory: Floats,
    spans_in: Counts,
    spans_out: Counts,
    kernel: Floats,
    bias: Floats,
    norm: tuple[Floats, Floats, np.float32],
    bias_after: Floats,
    out: Floats,
    past: Floats,
) -> None:
    """Depthwise convolution over time with `kernel` `(taps, width)`, and layer norm.

    `past` is what goes past the mixer: each frame as it was, and the mixer's bias.
    """
    width = bias.size
    total = np.empty(width, np.float32)
    for i in range(len(spans_out)):
        given, made = spans_in[i], spans_out[i]
        kept = memory[given[VOICE]]
        for t in range(made[START], made[STOP]):
            total[:] = bias
            to = made[ROW] + t - made[START]
            for tap in range(len(kernel)):
                u = t + tap - len(kernel) // 2
                if u < 0 or u >= given[STOP]:
                    continue
                row = h[given[ROW] + u - given[START]] if u >= given[START] else kept[u % len(kept)]
                weight = kernel[tap]
                for c in range(width):
                    total[c] += weight[c] * row[c]
                if u == t:
                    for c in range(width):
                        past[to, c] = row[c] + bias_after[c]
            _normalise(total, norm[0], norm[1], norm[2], out[to])
        _remember(h, memory, given)
