"""The adversary in an inverter's training: discriminators of waveforms, and their weight in its gradient."""

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
    """Discriminators that learn to tell recordings from an inverter's output, with their optimizer.

    Args:
        learning_rate: Of the optimizer.
        feature_matching: Weight of the distance of the discriminators' features.
    """

    def __init__(self, learning_rate: float, feature_matching: float) -> None:
        super().__init__()
        self.discriminator = WaveformDiscriminator()
        self.feature_matching = feature_matching
        self.optimizer = torch.optim.AdamW(self.discriminator.parameters(), learning_rate, betas=(0.8, 0.99))

    def judge(self, fake: Tensor, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Updates the discriminators once, and takes the gradient of the generator's loss on the way.

        Both use the same pass: the gradient is that of the discriminators before their update.

        Args:
            fake: `(batch, samples)`; no gradient flows through it here.
            real: `(batch, samples)`.

        Returns:
            The gradient of the generator's loss with respect to `fake`, and the losses by name.
        """
        leaf = fake.detach().requires_grad_()
        with torch.autocast(fake.device.type, torch.bfloat16, enabled=computes_bf16(fake.device.type)):
            of_real, of_fake = self.discriminator(real), self.discriminator(leaf)
        generator = generator_loss(of_fake)
        features = feature_matching_loss(of_fake, of_real)
        total = generator + self.feature_matching * features
        (gradient,) = torch.autograd.grad(total, leaf, retain_graph=True)
        discriminator = discriminator_loss(of_real, of_fake)
        self.optimizer.zero_grad()
        discriminator.backward(inputs=list(self.discriminator.parameters()))  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.discriminator.parameters(), 1.0)
        self.optimizer.step()
        return gradient, {"generator": generator, "features": features, "discriminator": discriminator}


def balanced(reconstruction: Tensor, adversarial: Tensor, share: float) -> Tensor:
    """The sum of two gradients, the second scaled to a share of the first's norm.

    So the weight of the discriminators means the same at every stage of the training.

    Args:
        reconstruction: Gradient of the distance.
        adversarial: Gradient of the generator's loss.
        share: Norm of the scaled second relative to the first's.

    Source:
        The balancer of A. Défossez, J. Copet, G. Synnaeve, Y. Adi, "High fidelity neural audio compression",
        TMLR 2023 (arXiv 2210.13438), section 3.4.
    """
    norm, adversarial_norm = torch.linalg.vector_norm(reconstruction), torch.linalg.vector_norm(adversarial)
    scale = share * norm / adversarial_norm.clamp_min(1e-12)
    total: Tensor = reconstruction + scale * adversarial
    return total
