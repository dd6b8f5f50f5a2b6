"""The whole objective of one training step: which terms apply to a batch, and how they add up."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aae.model.autoencoder import AutoEncoder
from aae.model.decoder import Decoded
from aae.model.encoder import Encoding
from aae.model.noise_fluctuation import n_starts
from aae.training import losses
from aae.training.data import Batch
from aae.training.latent_discriminator import LatentDiscriminator
from aae.training.recipe import LossConfig
from aae.training.texture import TextureLoss


@dataclass(frozen=True)
class Terms:
    """The terms of one step; `total` is what the auto-encoder minimises."""

    total: Tensor
    values: dict[str, Tensor]
    """Metric name to unweighted value."""


def compute_terms(
    batch: Batch,
    found: Encoding,
    decoded: Decoded,
    traits: Tensor,
    prior: Tensor,
    config: LossConfig,
    progress: float,
    texture: TextureLoss | None = None,
) -> Terms:
    """Every term but the adversarial one.

    Args:
        batch: The notes.
        found: What the encoder found in them.
        decoded: What the decoder made of them.
        traits: `(batch, traits)`, predicted.
        prior: `(batch, latent)`, draws from N(0, I).
        config: Weights.
        progress: Share of the training done, 0 to 1.
        texture: Compares textures; needed where they have a weight.
    """
    frames, latent = batch.log_mel.shape[2], found.latent
    mask = batch.performance.mask(frames)
    heard = torch.ones_like(mask) if decoded.deviation_cents is None else mask
    values = {
        "reconstruction": losses.masked_l1(decoded.log_mel, batch.log_mel, heard),
        "attack": losses.delta_l1(decoded.log_mel, batch.log_mel, heard),
        "traits": losses.trait_distance(
            traits, *batch.known_traits(traits.shape[1], decoded.deviation_cents)
        ),
        "mmd": losses.maximum_mean_discrepancy(latent, prior),
    }
    if config.joint_mmd:
        octave = torch.div(batch.condition.midi_pitch, 12, rounding_mode="floor")
        shared = losses.shared_labels([*batch.labels.values(), octave])
        values["joint_mmd"] = losses.maximum_mean_discrepancy(latent, prior, shared)
    if texture is not None and config.texture:
        onset = batch.performance.onset_frames
        onset = torch.zeros(len(batch), device=mask.device) if onset is None else onset
        start = int(1e6 * progress) % n_starts(frames)
        values["texture"] = texture(decoded, batch.log_mel, mask, onset, start)
    if found.take is not None and found.take_log_variance is not None:
        values["take"] = losses.kl_divergence(found.take, found.take_log_variance)
    if decoded.deviation_cents is not None and decoded.residual is not None:
        values["deviation"] = losses.f0_l1(decoded.deviation_cents, batch.deviation_cents, batch.voiced)
        values["residual"] = losses.masked_l1(decoded.residual, torch.zeros_like(decoded.residual), mask)
    weights = config.model_dump()
    for name in ("joint_mmd", "take"):
        weights[name] = losses.fader_weight(progress, weights[name])
    total = torch.stack([weights[name] * value for name, value in values.items()]).sum()
    return Terms(total, values)


def run_model(
    model: AutoEncoder, batch: Batch, latent_noise: Tensor | float = 0.0, take_noise: Tensor | float = 0.0
) -> tuple[Encoding, Decoded, Tensor]:
    """Encodes and decodes a batch: what was encoded, decoded notes, predicted traits."""
    found, decoded, traits = model(
        batch.log_mel, batch.condition, batch.performance, latent_noise, take_noise
    )
    return found, decoded, traits


def hide_attributes(discriminator: LatentDiscriminator, latent: Tensor, shares: dict[str, Tensor]) -> Tensor:
    """The adversarial term for the encoder."""
    return losses.confusion(discriminator(latent), shares)
