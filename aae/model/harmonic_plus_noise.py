"""The last step of the harmonic decoder: partials, noise and residual to the log-mel, as one compiled loop.

It is what `compose` does in torch operations, which keep gradients. Exponentials and logarithms are
polynomials on whole rows, so that the compiler turns them into vector instructions; `np.divide` lets it, `/`
would look for zeros first.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mcnn.compiled import Floats, compiled
from mcnn.fast_math import exp_near_0

LOG_10 = math.log(10.0)
RESIDUAL_LIMIT = 0.5
"""Largest correction of the residual, in log10 units (10 dB)."""
NOISE_RANGE = (-7.0, 1.0)
"""Of the noise's log10 magnitude."""
TINY = 1e-9


def compose(harmonic: Tensor, noise: Tensor, residual: Tensor, log_floor: float) -> tuple[Tensor, ...]:
    """Log-mels of partials, noise and residual.

    Args:
        harmonic: `(batch, frames, mels)`, magnitudes.
        noise: `(batch, frames, mels)`, log10 magnitudes.
        residual: `(batch, frames, mels)`, before it is limited.
        log_floor: The front end's.

    Returns:
        The log-mel, the share of the magnitude that is noise, and the limited residual, shapes as given.
    """
    noise = torch.exp(LOG_10 * noise.clamp(*NOISE_RANGE))
    residual = RESIDUAL_LIMIT * torch.tanh(residual)
    log_mel = torch.log10(harmonic + noise + log_floor) + residual
    log_mel = log_mel.clamp_min(math.log10(log_floor))
    return log_mel, noise / (harmonic + noise + TINY), residual


def compose_compiled(
    harmonic: Tensor, noise: Tensor, residual: Tensor, log_floor: float
) -> tuple[Tensor, ...]:
    """The same without gradients, on the CPU."""
    given = [x.contiguous().flatten(0, 1).numpy() for x in (harmonic, noise, residual)]
    outputs = [np.empty_like(given[0]) for _ in range(3)]
    _compose(given[0], given[1], given[2], np.float32(log_floor), outputs[0], outputs[1], outputs[2])
    return tuple(torch.from_numpy(x).view(harmonic.shape) for x in outputs)


@compiled
def _exp2(x: Floats, bits: NDArray[np.int32], scale: Floats) -> None:
    """2 to the power of numbers within ±120, in place; `bits` and `scale` are the same memory."""
    for i in range(len(x)):
        whole = np.floor(x[i] + np.float32(0.5))
        bits[i] = (np.int32(whole) + np.int32(127)) << np.int32(23)
        x[i] = exp_near_0((x[i] - whole) * np.float32(0.6931471805599453))
    for i in range(len(x)):
        x[i] *= scale[i]


@compiled
def _log10(x: Floats, bits: NDArray[np.int32], mantissa: Floats, mantissa_bits: NDArray[np.int32]) -> None:
    """Decimal logarithm of positive numbers, in place; each `bits` is the memory of the array before it."""
    for i in range(len(bits)):
        exponent = (bits[i] - np.int32(0x3F3504F3)) >> np.int32(23)  # leaves a mantissa around 1
        mantissa_bits[i] = bits[i] - (exponent << np.int32(23))
        bits[i] = exponent
    for i in range(len(mantissa)):
        s = np.divide(mantissa[i] - np.float32(1), mantissa[i] + np.float32(1))
        z = s * s
        p = np.float32(1 / 7) + z * np.float32(1 / 9)
        p = np.float32(1 / 5) + z * p
        p = np.float32(1 / 3) + z * p
        mantissa[i] = np.float32(2 / LOG_10) * s * (np.float32(1) + z * p)
    for i in range(len(mantissa)):
        x[i] = mantissa[i] + np.float32(bits[i]) * np.float32(math.log10(2))


@compiled
def _compose(
    harmonic: Floats,
    noise: Floats,
    residual: Floats,
    floor: np.float32,
    log_mel: Floats,
    share: Floats,
    limited: Floats,
) -> None:
    n_mels = harmonic.shape[1]
    low, high = np.float32(NOISE_RANGE[0]), np.float32(NOISE_RANGE[1])
    lowest = np.float32(np.log10(floor))
    scale = np.empty(n_mels, np.float32)
    bits = scale.view(np.int32)
    n, e = np.empty(n_mels, np.float32), np.empty(n_mels, np.float32)
    n_bits = n.view(np.int32)
    for t in range(len(harmonic)):
        for m in range(n_mels):
            n[m] = min(max(noise[t, m], low), high) * np.float32(LOG_10 / math.log(2))
            e[m] = min(max(residual[t, m], np.float32(-9)), np.float32(9)) * np.float32(2 / math.log(2))
        _exp2(n, bits, scale)
        _exp2(e, bits, scale)
        for m in range(n_mels):
            magnitude = harmonic[t, m] + n[m]
            share[t, m] = np.divide(n[m], magnitude + np.float32(TINY))
            scale[m] = magnitude + floor
            limited[t, m] = np.float32(RESIDUAL_LIMIT) * (
                np.float32(1) - np.divide(np.float32(2), e[m] + np.float32(1))
            )
        _log10(scale, bits, n, n_bits)
        for m in range(n_mels):
            log_mel[t, m] = max(scale[m] + limited[t, m], lowest)
