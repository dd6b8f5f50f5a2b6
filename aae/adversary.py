"""The adversary in an inverter's training: discriminators of waveforms, and how much they have to say."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from aae.precision import computes_bf16
from mcnn.discriminators import Judgement, discriminator_loss, feature_matching_loss, generator_loss


class Adversary(nn.Module):
    """Learns to tell recordings from what a generator makes, and says how to deceive it.

    Args:
        discriminator: Waveforms to a list of judgements.
        learning_rate: Of its optimizer.
        feature_matching: Weight of the distance of the discriminators' features.
    """

    def __init__(self, discriminator: nn.Module, learning_rate: float, feature_matching: float) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.feature_matching = feature_matching
        self.optimizer = torch.optim.AdamW(discriminator.parameters(), learning_rate, betas=(0.8, 0.99))

    def judge(self, fake: Tensor, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """One update of the discriminators, which also tells where to move what they judged.

        Both sides use the same pass: the direction is that of the discriminators before their update.

        Args:
            fake: `(batch, samples)`; no gradient flows through it here.
            real: `(batch, samples)`.

        Returns:
            The gradient of the generator's loss with respect to `fake`, and the losses by name.
        """
        leaf = fake.detach().requires_grad_()
        with torch.autocast(fake.device.type, torch.bfloat16, enabled=computes_bf16(fake.device.type)):
            of_real: Sequence[Judgement] = self.discriminator(real)
            of_fake: Sequence[Judgement] = self.discriminator(leaf)
        deceive = generator_loss(of_fake)
        match = feature_matching_loss(of_fake, of_real)
        (direction,) = torch.autograd.grad(deceive + self.feature_matching * match, leaf, retain_graph=True)
        tell = discriminator_loss(of_real, of_fake)
        self.optimizer.zero_grad()
        tell.backward(inputs=list(self.discriminator.parameters()))  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.discriminator.parameters(), 1.0)
        self.optimizer.step()
        return direction, {"generator": deceive, "features": match, "discriminator": tell}


def in_proportion(theirs: Tensor, ours: Tensor, share: float) -> Tensor:
    """A gradient scaled to a share of another's size.

    So the weight of the discriminators means the same at every stage of a training.

    Args:
        theirs: Gradient of the discriminators' judgement.
        ours: Gradient of the distance.
        share: Size of the result relative to `ours`.

    Source:
        The balancer of A. Défossez, J. Copet, G. Synnaeve, Y. Adi, "High fidelity neural audio compression",
        TMLR 2023 (arXiv 2210.13438), section 3.4.
    """
    scale = share * torch.linalg.vector_norm(ours) / torch.linalg.vector_norm(theirs).clamp_min(1e-12)
    scaled: Tensor = scale * theirs
    return scaled
