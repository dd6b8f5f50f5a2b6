"""The adversary in an inverter's training: discriminators of waveforms, and how much they have to say."""

import torch
from torch import Tensor, nn

from aae.training.devices import computes_bf16
from mcnn.losses.discriminators import (
    WaveformDiscriminator,
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)


class Adversary(nn.Module):
    """Learns to tell recordings from what an inverter makes, and says how to deceive it.

    Args:
        learning_rate: Of its optimizer.
        feature_matching: Weight of the distance of the discriminators' features.
    """

    def __init__(self, learning_rate: float, feature_matching: float) -> None:
        super().__init__()
        self.discriminator = WaveformDiscriminator()
        self.feature_matching = feature_matching
        self.optimizer = torch.optim.AdamW(self.discriminator.parameters(), learning_rate, betas=(0.8, 0.99))

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
            of_real, of_fake = self.discriminator(real), self.discriminator(leaf)
        deceive = generator_loss(of_fake)
        match = feature_matching_loss(of_fake, of_real)
        (direction,) = torch.autograd.grad(deceive + self.feature_matching * match, leaf, retain_graph=True)
        tell = discriminator_loss(of_real, of_fake)
        self.optimizer.zero_grad()
        tell.backward(inputs=list(self.discriminator.parameters()))  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.discriminator.parameters(), 1.0)
        self.optimizer.step()
        return direction, {"generator": deceive, "features": match, "discriminator": tell}


def balanced(ours: Tensor, theirs: Tensor, share: float) -> Tensor:
    """The sum of two gradients, the second scaled to a share of the first's size.

    So the weight of the discriminators means the same at every stage of the training.

    Args:
        ours: Gradient of the distance.
        theirs: Gradient of the discriminators' judgement.
        share: Its size relative to `ours`.

    Source:
        The balancer of A. Défossez, J. Copet, G. Synnaeve, Y. Adi, "High fidelity neural audio compression",
        TMLR 2023 (arXiv 2210.13438), section 3.4.
    """
    scale = share * torch.linalg.vector_norm(ours) / torch.linalg.vector_norm(theirs).clamp_min(1e-12)
    both: Tensor = ours + scale * theirs
    return both
