import math

import torch

from aae.model.harmonic_plus_noise import compose, compose_compiled

FLOOR = 1e-4


def _column(*values: float) -> torch.Tensor:
    return torch.tensor(values)[None, None]


def test_known_sums() -> None:
    harmonic, noise = _column(0.0, 0.9999 - 0.1, 0.0), _column(-2.0, -1.0, -7.0)
    residual = _column(0.0, 100.0, -100.0)
    log_mel, share, limited = compose(harmonic, noise, residual, FLOOR)
    torch.testing.assert_close(log_mel, _column(math.log10(0.0101), 0.5, -4.0))
    torch.testing.assert_close(share, _column(1.0, 0.1 / 0.9999, 1e-7 / (1e-7 + 1e-9)), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(limited, _column(0.0, 0.5, -0.5))


def test_compiled_loop_and_torch_operations_agree() -> None:
    torch.manual_seed(0)
    harmonic = torch.exp(4 * torch.randn(2, 9, 37)) * (torch.rand(2, 9, 37) > 0.2)
    noise, residual = torch.randn(2, 9, 37) * 4 - 3, torch.randn(2, 9, 37) * 5
    given = harmonic, noise.transpose(1, 2).contiguous().transpose(1, 2), residual
    for made, expected in zip(compose_compiled(*given, FLOOR), compose(*given, FLOOR), strict=True):
        torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)
