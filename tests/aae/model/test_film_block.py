import pytest
import torch

from aae.model.film_block import FilmBlock


@pytest.mark.parametrize("frames", [1, 2, 31])
@pytest.mark.parametrize("kernel_size", [5, 7])
def test_compiled_loop_and_torch_operations_agree(kernel_size: int, frames: int) -> None:
    torch.manual_seed(0)
    block = FilmBlock(24, 8, kernel_size)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    h, style = torch.randn(2, frames, 24), torch.randn(2, 8)
    expected = block(h, style)
    assert expected.requires_grad
    with torch.no_grad():
        compiled = block(h, style)
        torch.testing.assert_close(compiled, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(block(h.transpose(0, 1).contiguous().transpose(0, 1), style), compiled)


def test_an_untrained_block_changes_nothing() -> None:
    block = FilmBlock(16, 8, 7)
    torch.nn.init.zeros_(block.contract.bias)
    h = torch.randn(1, 9, 16)
    with torch.inference_mode():
        torch.testing.assert_close(block(h, torch.randn(1, 8)), h)
