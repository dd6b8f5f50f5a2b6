import pytest
import torch

from aae.training.devices import choose_precision, computes_bf16


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [({"avx2": True, "avx512_bf16": False}, "32-true"), ({"avx512_bf16": True}, "bf16-mixed")],
)
def test_a_processor_gets_bfloat16_only_where_it_has_instructions_for_it(
    capabilities: dict[str, bool], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_precision("auto", "cpu") == precision


def test_what_is_asked_for_is_taken() -> None:
    assert choose_precision("bf16-mixed", "cpu") == "bf16-mixed"
    assert choose_precision("32-true", "cuda") == "32-true"
    assert computes_bf16("cuda")
