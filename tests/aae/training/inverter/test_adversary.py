import pytest
import torch

from aae.training.inverter.adversary import Adversary, balanced


def test_the_second_gradient_has_the_asked_share_of_the_firsts_size() -> None:
    ours, theirs = torch.tensor([3.0, 4.0]), torch.tensor([0.0, 1000.0])
    assert balanced(ours, theirs, 0.5).tolist() == pytest.approx([3.0, 6.5])
    assert balanced(ours, torch.zeros(2), 0.5).tolist() == [3.0, 4.0]


def test_judging_teaches_the_discriminators_and_points_somewhere() -> None:
    torch.manual_seed(0)
    adversary = Adversary(1e-3, feature_matching=1.0)
    before = [parameter.clone() for parameter in adversary.discriminator.parameters()]
    real, fake = 0.1 * torch.randn(2, 4096), torch.zeros(2, 4096).requires_grad_()
    direction, values = adversary.judge(fake, real)
    assert direction.shape == fake.shape
    assert direction.isfinite().all()
    assert direction.abs().sum() > 0
    assert fake.grad is None
    assert set(values) == {"generator", "features", "discriminator"}
    moved = [not torch.equal(a, b) for a, b in zip(before, adversary.discriminator.parameters(), strict=True)]
    assert any(moved)
