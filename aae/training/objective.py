"""The training objective of the auto-encoder: which terms apply to a batch, and how they add up."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aae.model.autoencoder import AutoEncoder
from aae.model.decoder import Decoded
from aae.model.encoder import Encoding
from aae.model.noise_fluctuation import n_starts
from aae.training import losses
from aae.training.data import Batch
from aae.training.recipe import LossConfig
from aae.training.texture import TextureLoss


@dataclass(frozen=True)
class Terms:
    """The terms of one step; `total` is what the auto-encoder minimises."""

    total: Tensor
    values: dict[str, Tensor]
    """Metric name to unweighted value."""


class Objective:
    """Every term of the objective but the adversarial one.

    Args:
        weights: Of the terms.
        texture: Compares textures; needed where they have a weight.
    """

    def __init__(self, weights: LossConfig, texture: TextureLoss) -> None:
        self.weights, self.texture = weights, texture

    def __call__(
        self,
        batch: Batch,
        encoding: Encoding,
        decoded: Decoded,
        traits: Tensor,
        prior: Tensor,
        progress: float,
    ) -> Terms:
        """The terms of one batch.

        Args:
            batch: The notes.
            encoding: Of the notes.
            decoded: The notes as decoded from it.
            traits: `(batch, traits)`, predicted.
            prior: `(batch, latent)`, draws from N(0, I).
            progress: Share of the training done, 0 to 1.
        """
        known = batch.known_traits(traits.shape[1], decoded.deviation_cents)
        values = log_mel_terms(decoded, batch)
        values["traits"] = losses.trait_distance(traits, *known)
        values["mmd"] = losses.maximum_mean_discrepancy(encoding.latent, prior)
        if self.weights.joint_mmd:
            octave = torch.div(batch.condition.midi_pitch, 12, rounding_mode="floor")
            shared = losses.shared_labels([*batch.labels.values(), octave])
            values["joint_mmd"] = losses.maximum_mean_discrepancy(encoding.latent, prior, shared)
        if self.weights.texture:
            place = int(1e6 * progress) % n_starts(batch.log_mel.shape[2])
            values["texture"] = texture_distance(self.texture, decoded, batch, place)
        if encoding.take is not None and encoding.take_log_variance is not None:
            values["take"] = losses.kl_divergence(encoding.take, encoding.take_log_variance)
        values |= pitch_terms(decoded, batch)
        if decoded.residual is not None:
            mask = batch.performance.mask(batch.log_mel.shape[2])
            values["residual"] = losses.masked_l1(decoded.residual, torch.zeros_like(decoded.residual), mask)
        return Terms(self._total(values, progress), values)

    def _total(self, values: dict[str, Tensor], progress: float) -> Tensor:
        weights = self.weights.model_dump()
        for name in ("joint_mmd", "take"):
            weights[name] = losses.fader_weight(progress, weights[name])
        return torch.stack([weights[name] * value for name, value in values.items()]).sum()


def log_mel_terms(decoded: Decoded, batch: Batch) -> dict[str, Tensor]:
    """Distances of log-mels and of their changes from the recordings', by the names of their weights."""
    mask = batch.performance.mask(batch.log_mel.shape[2])
    if decoded.deviation_cents is None:  # it decodes the silence after a note, too
        mask = torch.ones_like(mask)
    log_mel = decoded.log_mel.float()
    return {
        "reconstruction": losses.masked_l1(log_mel, batch.log_mel, mask),
        "attack": losses.delta_l1(log_mel, batch.log_mel, mask),
    }


def pitch_terms(decoded: Decoded, batch: Batch) -> dict[str, Tensor]:
    """Distance of the f0 curves, by the name of its weight; empty where the decoder predicts none."""
    if decoded.deviation_cents is None:
        return {}
    cents = decoded.deviation_cents.float()
    return {"deviation": losses.f0_l1(cents, batch.deviation_cents, batch.voiced)}


def reconstruction_error(decoded: Decoded, batch: Batch, weights: LossConfig) -> Tensor:
    """The part of the objective that compares decoded notes with their recordings, a scalar.

    Args:
        decoded: The notes as decoded from their own latents.
        batch: The notes.
        weights: Those that the model was trained with.
    """
    weight_of = weights.model_dump()
    terms = log_mel_terms(decoded, batch) | pitch_terms(decoded, batch)
    return torch.stack([weight_of[name] * value for name, value in terms.items()]).sum()


def texture_distance(texture: TextureLoss, decoded: Decoded, batch: Batch, start: int) -> Tensor:
    """Distance of the decoded notes' textures from the recordings', a scalar.

    Args:
        texture: Compares them.
        decoded: The notes as decoded from their own latents.
        batch: The notes.
        start: First frame of the recorded noise that is taken; see `TextureLoss`.
    """
    onset = batch.performance.onset_frames
    assert onset is not None, "batches of training notes have measured onsets"
    mask = batch.performance.mask(batch.log_mel.shape[2])
    distance: Tensor = texture(decoded, batch.log_mel, mask, onset, start)
    return distance


def decode_notes(model: AutoEncoder, batch: Batch) -> Decoded:
    """Decodes notes from their own latents; no gradient reaches the encoder."""
    with torch.no_grad():
        encoding = model.encoder.encode(batch.log_mel, batch.performance.mask(batch.log_mel.shape[2]))
    decoded: Decoded = model.decoder(encoding.latent, batch.condition, batch.performance, encoding.take)
    return decoded
