"""The terms of the training objective, `(input, target)` throughout."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

RBF_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Kernel widths relative to `2 * latent`, the expected squared distance of two draws from the prior."""


def masked_l1(input: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference over the frames of the notes.

    Args:
        input: `(batch, bands, frames)`.
        target: As `input`.
        mask: `(batch, frames)`.
    """
    return ((input - target).abs().mean(1) * mask).sum() / mask.sum().clamp_min(1)


def delta_l1(input: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of the changes from frame to frame: sharp attacks stay sharp.

    Args:
        input: `(batch, bands, frames)`.
        target: As `input`.
        mask: `(batch, frames)`.
    """
    return masked_l1(input.diff(dim=2), target.diff(dim=2), mask[:, 1:])


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    squared = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
    base = 2.0 * a.shape[1]
    return torch.stack([torch.exp(-squared / (base * scale)) for scale in RBF_SCALES]).mean(0)


def maximum_mean_discrepancy(input: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared MMD between two samples under a mixture of RBF kernels; 0 for equal distributions.

    Args:
        input: `(batch, latent)`.
        target: `(batch, latent)`.
        weight: `(batch, batch)`, an optional second kernel on labels that both samples share; with it this
            is the discrepancy of the joint distributions of latent and label.

    Source: Gretton et al., JMLR 2012; as the regulariser of a Wasserstein auto-encoder, Tolstikhin et al.,
    ICLR 2018 (arXiv 1711.01558). The unbiased estimate: a note is not compared with itself.
    """
    n = input.shape[0]
    apart = 1.0 - torch.eye(n, device=input.device)
    if weight is not None:
        apart = apart * weight
    total = apart.sum().clamp_min(1.0)
    within = _kernel(input, input) + _kernel(target, target)
    across = _kernel(input, target)
    return (apart * (within - 2.0 * across)).sum() / total


def shared_labels(labels: Sequence[Tensor]) -> Tensor:
    """Label kernel for `maximum_mean_discrepancy`: how many labels two notes share.

    Args:
        labels: One `(batch,)` tensor of label indices an attribute; −1 shares nothing.

    Returns:
        `(batch, batch)`.
    """
    return torch.stack([((x[:, None] == x[None]) & (x[:, None] >= 0)).float() for x in labels]).sum(0)


def label_cross_entropy(logits: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Tensor:
    """Mean cross-entropy over the attributes, which the latent discriminator minimises.

    Args:
        logits: Attribute name to `(batch, labels)`.
        labels: Attribute name to `(batch,)`, −1 where not given.
    """
    terms = [
        nn.functional.cross_entropy(logits[name], labels[name].clamp_min(0), reduction="none")[
            labels[name] >= 0
        ]
        for name in logits
    ]
    present = [term.mean() for term in terms if term.numel()]
    return torch.stack(present).mean() if present else next(iter(logits.values())).sum() * 0


def confusion(logits: Mapping[str, Tensor], shares: Mapping[str, Tensor]) -> Tensor:
    """Divergence of the discriminator's prediction from the labels' frequencies, which the encoder minimises.

    It is 0 when z tells nothing of the labels. It is bounded below, unlike the negative cross-entropy of the
    Fader paper, and has the same optimum.

    Args:
        logits: Attribute name to `(batch, labels)`.
        shares: Attribute name to `(labels,)`, frequencies in the training split.

    Source: after Lample et al., "Fader Networks", NeurIPS 2017 (arXiv 1706.00409), equation 3.
    """
    terms = []
    for name, logit in logits.items():
        share = shares[name].clamp_min(1e-6)
        terms.append((share * (share.log() - logit.log_softmax(1))).sum(1).mean())
    return torch.stack(terms).mean()


def fader_weight(progress: float, target: float) -> float:
    """Weight of a term that keeps attributes out of z: 0, a ramp, and constant from half of training.

    Weighted from the start, the encoder would put nothing into z, and the decoder would do without it.

    Args:
        progress: Share of the training done, 0 to 1.
        target: Final weight, 4 in the paper.

    Source: arXiv 1904.06215, section 3.3.
    """
    return target * min(max((progress - 0.05) / 0.45, 0.0), 1.0)


def f0_l1(input: Tensor, target: Tensor, voiced: Tensor) -> Tensor:
    """Mean absolute difference of two f0 curves in semitones, on voiced frames.

    Args:
        input: `(batch, frames)`, cents.
        target: As `input`.
        voiced: `(batch, frames)`, 1 where the target is known.
    """
    return ((input - target).abs() * voiced).sum() / voiced.sum().clamp_min(1) / 100.0


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Divergence of the encoder's normal distributions of takes from N(0, I).

    Args:
        mean: `(batch, take)`.
        log_variance: As `mean`.

    Returns:
        Nats a note, mean over the batch.

    Source: D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014 (arXiv 1312.6114).
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(1).mean()


def trait_distance(input: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean smooth L1 distance of note traits, each where it was measurable.

    Args:
        input: `(batch, traits)`.
        target: As `input`.
        weight: As `input`; 0 where the target means nothing.
    """
    distance = nn.functional.smooth_l1_loss(input, target, reduction="none", beta=0.1)
    return (distance * weight).sum() / weight.sum().clamp_min(1)
