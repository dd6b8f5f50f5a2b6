import math

import pytest
import torch

from aae.training import losses


def test_masked_l1_counts_only_frames_of_the_note() -> None:
    input, target = torch.zeros(2, 4, 3), torch.ones(2, 4, 3)
    target[0, :, 2] = 100.0
    mask = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert losses.masked_l1(input, target, mask) == pytest.approx(1.0)


def test_attack_loss_ignores_a_constant_offset_and_sees_a_late_onset() -> None:
    onset = torch.zeros(1, 2, 5)
    onset[..., 2:] = 1.0
    mask = torch.ones(1, 5)
    assert losses.delta_l1(onset + 3.0, onset, mask) == pytest.approx(0.0)
    late = torch.zeros(1, 2, 5)
    late[..., 3:] = 1.0
    assert losses.delta_l1(late, onset, mask) == pytest.approx(2 / 4)


def test_mmd_is_near_zero_for_the_prior_and_large_for_a_shifted_sample() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(800, 3, generator=generator) for _ in range(2))
    assert abs(float(losses.maximum_mean_discrepancy(a, b))) < 0.01
    assert losses.maximum_mean_discrepancy(a + 2.0, b) > 0.3


def test_joint_mmd_sees_what_the_plain_one_cannot() -> None:
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(800, 3, generator=generator)
    prior = torch.randn(800, 3, generator=generator)
    independent = torch.randint(0, 2, (800,), generator=generator)
    readable = (latent[:, 0] > 0).long()
    kernels = [losses.shared_labels([labels]) for labels in (independent, readable)]
    unseen, seen = (losses.maximum_mean_discrepancy(latent, prior, kernel) for kernel in kernels)
    assert seen > 10 * abs(float(unseen))


def test_missing_labels_share_nothing() -> None:
    kernel = losses.shared_labels([torch.tensor([0, 0, -1, -1]), torch.tensor([1, 2, 1, 1])])
    assert kernel.tolist()[0] == [2, 1, 1, 1]
    assert kernel[2, 3] == 1


def test_confusion_is_zero_when_the_discriminator_knows_only_the_frequencies() -> None:
    share = torch.tensor([0.7, 0.2, 0.1])
    logits = {"instrument": share.log().expand(5, 3)}
    assert losses.confusion(logits, {"instrument": share}) == pytest.approx(0.0, abs=1e-6)
    sure = {"instrument": torch.tensor([[10.0, 0.0, 0.0]])}
    assert losses.confusion(sure, {"instrument": share}) > 2.0


def test_cross_entropy_skips_labels_that_are_not_given() -> None:
    logits = {"a": torch.zeros(3, 4), "b": torch.zeros(3, 2)}
    labels = {"a": torch.tensor([0, 1, -1]), "b": torch.tensor([-1, -1, -1])}
    assert losses.label_cross_entropy(logits, labels) == pytest.approx(math.log(4))


def test_hiding_weight_is_zero_first_then_ramps_until_half_of_the_training() -> None:
    weights = [losses.fader_weight(progress, 4.0) for progress in (0.0, 0.05, 0.275, 0.5, 1.0)]
    assert weights == pytest.approx([0.0, 0.0, 2.0, 4.0, 4.0])


def test_deviation_is_in_semitones_on_voiced_frames() -> None:
    target = torch.tensor([[100.0, 50.0, 9999.0]])
    voiced = torch.tensor([[1.0, 1.0, 0.0]])
    assert losses.f0_l1(torch.zeros(1, 3), target, voiced) == pytest.approx(0.75)
